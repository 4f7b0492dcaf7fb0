//! The service worker: a fetch event's request goes in, a response comes out; no request of a session ever reaches
//! the network.
//!
//! The shell in `js/worker.js` owns the events and the life of this wasm instance; here is what it calls. The rules
//! are the core's: `route` and `plan` decide, this crate performs. It keeps true that nothing lives only here: the
//! cache may vanish at any time and comes back from IndexedDB or from the hub.

mod convert;
mod held;
mod hubs;
mod worker;

use std::cell::OnceCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::Request;

thread_local! {
    /// One worker to an instance; set by `start`.
    static WORKER: OnceCell<Rc<worker::Worker>> = const { OnceCell::new() };
}

#[wasm_bindgen]
extern "C" {
    /// The shell's word for "this instance is lost": rejects what still waits for it.
    fn trapped(reason: &str);
}

/// Takes the origin's configuration, `{ host, allowedHosts }`. Called once, before anything else.
#[wasm_bindgen]
pub fn start(config: &JsValue) -> Result<(), JsValue> {
    std::panic::set_hook(Box::new(|panic| trapped(&panic.to_string())));
    let config = convert::config(config).map_err(|error| JsError::new(error.message()))?;
    let worker = Rc::new(worker::Worker::new(config));
    // A second start of one instance changes nothing.
    WORKER.with(|slot| drop(slot.set(worker)));
    Ok(())
}

/// Answers a request of this origin: a `Response`, a promise of one, or `undefined` for the VFS origin's own assets.
/// `client` is the id of the client that asks, `resulting` of the one that the answer will make; either may be empty.
#[wasm_bindgen]
pub fn respond(request: Request, client: String, resulting: String) -> Result<JsValue, JsValue> {
    worker().map(|worker| worker.respond(request, client, resulting))
}

/// Learns of the client that a hub's answer to a navigation to this URL makes.
#[wasm_bindgen]
pub fn made(client: String, url: &str) -> Result<(), JsValue> {
    worker().map(|worker| worker.made(client, url))
}

/// Takes a message of a hub. The promise gives the answer.
#[wasm_bindgen]
pub fn message(envelope: JsValue) -> Result<js_sys::Promise, JsValue> {
    worker().map(|worker| worker.message(envelope))
}

/// Panics. A test's way to see that a trapped instance is replaced; nothing that a page can reach calls it.
#[wasm_bindgen]
#[expect(clippy::panic, reason = "this is what it is for")]
pub fn trap() {
    panic!("trapped on request");
}

fn worker() -> Result<Rc<worker::Worker>, JsValue> {
    let worker = WORKER.with(|slot| slot.get().cloned());
    worker.ok_or_else(|| JsError::new("The worker was called before it was started.").into())
}
