//! The hub's line to the service worker: registers it, tells it of changes, asks it what it knows.

use js_sys::{Array, Object, Promise, Reflect};
use std::cell::RefCell;
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::protocol::{self, ToWorker};
use virtual_files_store::BlobBody;
use virtual_files_web::{channel, envelope};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{
    DomException, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState, Window,
};

/// When a message is sent again, and how long a worker may take in all: it may have to start, and to compile itself. But
/// a message to a worker that is just being ended may never be answered, and an end may take its time.
const PATIENCE: &[i32] = &[1_000, 2_000, 3_000, 4_000, 10_000];
/// How long a newer worker is waited for.
const RENEWING: i32 = 10_000;
/// When a newer worker that waits is asked to take over: Chromium leaves it waiting for minutes, where a request comes in
/// the very moment in which it would take over.
const WAITING: &[i32] = &[1_000, 2_000, 3_000, 4_000, 10_000, 20_000, 40_000, 80_000, 160_000];
/// How many workers are asked, where each is replaced meanwhile.
const TRIES: u32 = 3;
/// How long a registration is waited for where there is an active worker.
const REGISTERING: i32 = 2_000;

/// The workers of this origin, in this partition.
///
/// There may be more than one: after `unregister()`, which any page of the origin may call, the old worker goes on
/// serving the pages that it controls, and a new registration has another.
#[derive(Debug)]
pub(crate) struct Worker {
    container: Option<ServiceWorkerContainer>,
    /// Every worker that was active when it was looked for, the newest first.
    known: RefCell<Vec<ServiceWorker>>,
    /// The last worker that was of another release, and the look for a newer one.
    renewal: RefCell<Option<(ServiceWorker, Promise)>>,
}

impl Worker {
    pub(crate) fn new(window: &Window) -> Self {
        let navigator = window.navigator();
        let there = Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false);
        Self {
            container: there.then(|| navigator.service_worker()),
            known: RefCell::default(),
            renewal: RefCell::default(),
        }
    }

    /// Where the worker's own questions arrive.
    pub(crate) fn container(&self) -> Option<&ServiceWorkerContainer> {
        self.container.as_ref()
    }

    /// Waits until the worker that the page registers is active. The error says why there is none.
    pub(crate) async fn register(&self) -> Result<()> {
        let Some(container) = &self.container else {
            return Err(unavailable(
                "this is not a secure context, or the browser has no service workers",
            ));
        };
        // The page has begun with that before there was any wasm.
        let page = envelope::get(&js_sys::global(), "virtualFiles");
        let registered = Promise::resolve(&envelope::get(&page, "registered"));
        let ready = match container.ready() {
            Ok(ready) => active(&registered, &ready, container.controller().is_some()).await,
            Err(error) => Err(error),
        };
        match ready {
            Ok(registration) => {
                if let Some(registration) = registration.dyn_ref() {
                    attend(registration);
                }
                self.look().await;
                Ok(())
            }
            Err(error) => Err(unavailable(&reason(&error))),
        }
    }

    /// Finds the active worker anew, and forgets those that are gone.
    async fn look(&self) {
        let Some(container) = &self.container else { return };
        let registration = JsFuture::from(container.get_registration_with_document_url("/")).await;
        let registration = registration
            .ok()
            .and_then(|found| found.dyn_into::<ServiceWorkerRegistration>().ok());
        let mut known = self.known.borrow_mut();
        known.retain(|worker| worker.state() != ServiceWorkerState::Redundant);
        for worker in [registration.and_then(|found| found.active()), container.controller()] {
            if let Some(worker) = worker
                && !known.iter().any(|known| Object::is(known, &worker))
            {
                known.insert(0, worker);
            }
        }
    }

    /// Asks the active worker. `None` where there is none, and so none that could hold stale state.
    pub(crate) async fn ask(&self, message: &ToWorker, packs: &[BlobBody]) -> Result<Option<JsValue>> {
        let mut tries = 0;
        loop {
            self.look().await;
            let Some(worker) = self.known.borrow().first().cloned() else {
                return Ok(None);
            };
            tries += 1;
            match post(&worker, message, packs).await {
                // Another has taken its place meanwhile.
                Err(error) if tries < TRIES && self.replaced(&worker, &error).await => {}
                answer => return answer.map(Some),
            }
        }
    }

    /// Tells every worker, and waits until each has heard; what takes the place of one meanwhile, too.
    pub(crate) async fn tell(&self, message: &ToWorker, packs: &[BlobBody]) -> Result<()> {
        let mut told: Vec<ServiceWorker> = Vec::new();
        let is_new =
            |told: &[ServiceWorker], worker: &ServiceWorker| !told.iter().any(|known| Object::is(known, worker));
        loop {
            self.look().await;
            let mut untold = self.known.borrow().clone();
            untold.retain(|worker| is_new(&told, worker));
            let mut again = false;
            for worker in untold {
                match post(&worker, message, packs).await {
                    // It has gone while it was spoken to, and what it knew with it.
                    Err(error) if self.replaced(&worker, &error).await => again = true,
                    Err(error) => return Err(error),
                    Ok(_) => again |= worker.state() == ServiceWorkerState::Redundant,
                }
                told.push(worker);
            }
            if !again {
                return Ok(());
            }
        }
    }

    /// Whether a worker that gave an error is not the one to ask any more. One of another release is given the time to be
    /// replaced: once, as the next message would find nothing newer either.
    async fn replaced(&self, worker: &ServiceWorker, error: &Error) -> bool {
        let is_gone = || worker.state() == ServiceWorkerState::Redundant;
        if is_gone() || error.code() != ErrorCode::VersionMismatch {
            return is_gone();
        }
        let asked_before = |asked: &(ServiceWorker, Promise)| Object::is(&asked.0, worker).then(|| asked.1.clone());
        let renewal = self.renewal.borrow().as_ref().and_then(asked_before);
        let renewal = renewal.unwrap_or_else(|| {
            let renewal = future_to_promise(renew(self.container.clone()));
            self.renewal.replace(Some((worker.clone(), renewal.clone())));
            renewal
        });
        // It never rejects.
        drop(JsFuture::from(renewal).await);
        is_gone()
    }

    /// The state of the newest worker in the words of the Service Worker specification.
    pub(crate) fn state(&self) -> &'static str {
        use web_sys::ServiceWorkerState as S;
        match self.known.borrow().first().map(|worker| worker.state()) {
            Some(S::Installing) => "installing",
            Some(S::Installed) => "installed",
            Some(S::Activating) => "activating",
            Some(S::Activated) => "activated",
            _ => "redundant",
        }
    }
}

/// Sends a message and waits for the answer; a second time, where the first was an error: the worker has another
/// instance of itself by then.
async fn post(worker: &ServiceWorker, message: &ToWorker, packs: &[BlobBody]) -> Result<JsValue> {
    let bytes = protocol::encode(message);
    let mut last = ErrorCode::Internal;
    for _ in 0..2 {
        let answer = channel::ask(PATIENCE, |port| {
            if worker.state() == ServiceWorkerState::Redundant {
                // Nothing that is posted to it arrives any more.
                return Err(JsValue::UNDEFINED);
            }
            let message = envelope::seal(&bytes, packs.iter().map(BlobBody::blob));
            worker.post_message_with_transferable(&message, &Array::of1(port))
        })
        .await
        .map_err(|error| Error::new(error.code(), "The service worker does not answer."))?;
        let Some(code) = envelope::get(&answer, "error").as_string() else {
            return Ok(answer);
        };
        last = code.parse().unwrap_or(ErrorCode::Internal);
        if last == ErrorCode::VersionMismatch {
            break;
        }
    }
    Err(match last {
        ErrorCode::VersionMismatch => Error::new(
            last,
            "The service worker is of another release than this page's hub. Reload the page.",
        ),
        _ => Error::new(last, "The service worker could not do its part."),
    })
}

/// Looks for a newer worker, and waits until it is active.
async fn renew(container: Option<ServiceWorkerContainer>) -> std::result::Result<JsValue, JsValue> {
    let Some(container) = container else {
        return Ok(JsValue::UNDEFINED);
    };
    let registration = JsFuture::from(container.get_registration_with_document_url("/")).await;
    if let Some(registration) = registration
        .ok()
        .and_then(|found| found.dyn_into::<ServiceWorkerRegistration>().ok())
    {
        if let Ok(update) = registration.update() {
            drop(channel::within(RENEWING, update).await);
        }
        if let Some(newer) = newer(&registration) {
            drop(channel::within(RENEWING, activated(newer)).await);
        }
    }
    Ok(JsValue::UNDEFINED)
}

fn newer(registration: &ServiceWorkerRegistration) -> Option<ServiceWorker> {
    registration.installing().or(registration.waiting())
}

/// Sees to it that what is newer than the active worker takes its place, now and whenever there is something newer.
fn attend(registration: &ServiceWorkerRegistration) {
    let this = registration.clone();
    let on_update = Closure::<dyn Fn()>::new(move || {
        if let Some(newer) = newer(&this) {
            // Who waits for it calls this, too.
            drop(activated(newer));
        }
    });
    registration.set_onupdatefound(Some(on_update.as_ref().unchecked_ref()));
    on_update.forget();
    if let Some(newer) = newer(registration) {
        drop(activated(newer));
    }
}

/// Resolves when a worker is active, or never will be.
fn activated(worker: ServiceWorker) -> Promise {
    future_to_promise(async move {
        for patience in WAITING {
            while !matches!(
                worker.state(),
                ServiceWorkerState::Activated | ServiceWorkerState::Redundant
            ) {
                let changed = Promise::new(&mut |resolve, _| {
                    // It fails for no event that there is.
                    drop(worker.add_event_listener_with_callback("statechange", &resolve));
                });
                if channel::within(*patience, changed).await.is_none() {
                    // Without a port: it is to take over.
                    drop(worker.post_message(&JsValue::NULL));
                    break;
                }
            }
        }
        Ok(JsValue::UNDEFINED)
    })
}

/// Waits for the registration, and for an active worker. A registration waits for whatever else is being done to it, and
/// Chromium has been seen to leave that undone where workers were ended: after a while an active worker is enough.
///
/// A first worker that cannot be installed makes nothing ready, and nobody says so but its own state.
///
/// Where the page has no `controller`, whatever worker there is may be the first: then nothing newer is waited for.
async fn active(registered: &Promise, ready: &Promise, controlled: bool) -> std::result::Result<JsValue, JsValue> {
    let newest = match controlled {
        true => channel::within(REGISTERING, registered.clone()).await,
        false => None,
    };
    let registration = match newest {
        Some(registration) => registration,
        None => JsFuture::from(Promise::race(&Array::of2(registered, ready))).await?,
    };
    if let Some(registration) = registration.dyn_ref::<ServiceWorkerRegistration>()
        && registration.active().is_none()
    {
        // It may have failed before this was looked at.
        if let Some(first) = newer(registration) {
            drop(JsFuture::from(activated(first)).await);
        }
        if registration.active().is_none() && newer(registration).is_none() {
            return Err("a part of the worker could not be loaded".into());
        }
    }
    JsFuture::from(ready.clone()).await
}

fn unavailable(why: &str) -> Error {
    Error::new(
        ErrorCode::ServiceWorkerUnavailable,
        ["The browser gives this frame no service worker: ", why, "."].concat(),
    )
}

fn reason(error: &JsValue) -> String {
    match error.dyn_ref::<DomException>() {
        Some(exception) => [&exception.name(), " (", exception.message().trim_end_matches('.'), ")"].concat(),
        None => error
            .as_string()
            .unwrap_or_else(|| error.unchecked_ref::<Object>().to_string().into()),
    }
}
