//! The hub page: takes a host's messages, writes the store, and tells the service worker.
//!
//! A hidden frame on the VFS origin. It listens to pages of the allowed origins only, gives every request exactly one
//! answer, and answers a put only when the next fetch through the worker sees it. It serves nothing itself, and what a
//! change does to a session is the core's to decide.

mod abort;
mod answer;
mod convert;
mod edge;
mod export;
mod host;
mod locks;
mod mirror;
mod modules;
mod recent;
mod request;
mod sessions;
mod worker;

use std::rc::Rc;
use virtual_files_core::config::Config;
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

/// Starts the hub: registers the worker, opens the store, and listens to hosts from now on. `early` are the messages that
/// came before; `release` names what a worker must have in common with this hub to be answered for.
#[wasm_bindgen]
pub fn start(config: JsValue, release: String, early: Vec<MessageEvent>) -> Result<(), JsValue> {
    let config: Config = serde_wasm_bindgen::from_value(config)?;
    let window = web_sys::window().ok_or("The hub runs in a page.")?;
    let hub = Rc::new(host::Hub::new(config, release, &window)?);
    host::listen(&hub, &window, &early);
    Ok(())
}
