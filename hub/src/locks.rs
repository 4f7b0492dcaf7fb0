//! The Web Locks API, over all tabs of the origin: one writer of a session at a time, first come first served; which hubs
//! have a session in their memory, and which have it open.
//!
//! The browser frees the locks of a page that goes away, so neither can outlive what it stands for.

use js_sys::{Function, Promise, Reflect};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::protocol::writer_lock;
use virtual_files_core::session::SessionId;
use virtual_files_web::envelope;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        callback: &Function,
    ) -> std::result::Result<Promise, JsValue>;
}

/// Only browsers older than those that this code is for have none: there, a store's changes are atomic all the same.
fn manager() -> Option<LockManager> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    (!locks.is_undefined()).then(|| locks.unchecked_into())
}

/// Runs `work` while holding the session's lock. Where the browser gives no locks (it blocks this frame's storage, and so
/// every way to another page of the origin), there is nobody else who could write.
///
/// Who waits for the lock gives up by `signal`, with `ABORTED`. Work that has begun comes to its end, also where another page
/// steals the lock.
pub(crate) async fn exclusive<T: 'static>(
    session: &SessionId,
    signal: Option<&AbortSignal>,
    work: impl Future<Output = Result<T>> + 'static,
) -> Result<T> {
    let Some(locks) = manager() else { return work.await };
    let outcome = Rc::new(RefCell::new(None));
    let running = Rc::new(RefCell::new(None));
    let work = Rc::new(RefCell::new(Some(work)));
    let (slot, begun, started) = (outcome.clone(), work.clone(), running.clone());
    let callback = Closure::once_into_js(move || {
        let promise = future_to_promise(async move {
            let work = begun.take();
            if let Some(work) = work {
                let result = work.await;
                slot.replace(Some(result));
            }
            Ok(JsValue::UNDEFINED)
        });
        started.replace(Some(promise.clone()));
        promise
    });
    let name = writer_lock(session);
    let options = js_sys::Object::new();
    if let Some(signal) = signal {
        envelope::set(&options, "signal", signal);
    }
    let asked = locks.request(&name, &options, callback.unchecked_ref());
    if let Ok(done) = asked {
        drop(JsFuture::from(done).await);
    }
    let running = running.take();
    if let Some(running) = running {
        // It never rejects.
        drop(JsFuture::from(running).await);
    }
    let refused = work.take();
    match (refused, outcome.take()) {
        (Some(_), _) if signal.is_some_and(AbortSignal::aborted) => {
            Err(Error::new(ErrorCode::Aborted, "The request was given up."))
        }
        (Some(work), _) => work.await,
        (None, Some(result)) => result,
        (None, None) => Err(Error::new(
            ErrorCode::Internal,
            "The browser took the session's lock away.",
        )),
    }
}

/// A lock that is held together with others, until it is dropped: it says something to all.
#[derive(Debug)]
pub(crate) struct Holding(Function);

impl Holding {
    /// Asks for the lock. The promise settles when it is held. `None` where the browser has no locks.
    pub(crate) fn new(name: &str) -> Option<(Self, Promise)> {
        let locks = manager()?;
        let ((granted, grant), (released, release)) = (deferred(), deferred());
        let callback = Closure::once_into_js(move || {
            // Calling a promise's own resolver cannot throw.
            drop(grant.call0(&JsValue::UNDEFINED));
            released
        });
        let options = js_sys::Object::new();
        envelope::set(&options, "mode", &"shared".into());
        let asked = locks.request(name, &options, callback.unchecked_ref()).ok()?;
        // Refused, it rejects at once; granted, it is there until it is released.
        Some((Self(release), Promise::race(&js_sys::Array::of2(&granted, &asked))))
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        drop(self.0.call0(&JsValue::UNDEFINED));
    }
}

/// A promise and what resolves it.
fn deferred() -> (Promise, Function) {
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (promise, resolver.unwrap_or_default())
}
