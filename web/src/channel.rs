//! One question, one answer: a message that carries a port of its own for the reply.

use crate::set_timeout;
use js_sys::{Array, Function, Promise};
use virtual_files_core::error::{Error, ErrorCode, Result};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

/// Calls `post` with the port that the other side shall answer on, and waits for that answer's data.
///
/// Each of `patience` is one posting, with a port of its own, and how many milliseconds to wait until the next: browsers
/// lose messages to what is just being ended. The first answer to any of them is taken, so what is asked this way must
/// do no harm when it is heard twice.
///
/// Fails with `TIMEOUT` where no answer comes, or a message could not be posted again, and with `INTERNAL` where the first
/// could not be posted.
pub async fn ask(patience: &[i32], post: impl Fn(&MessagePort) -> std::result::Result<(), JsValue>) -> Result<JsValue> {
    let not_posted = |_| Error::new(ErrorCode::Internal, "A message could not be posted.");
    let mut first = None;
    let answer = Promise::new(&mut |resolve: Function, _| first = Some(resolve));
    let mut ports: Vec<MessagePort> = Vec::with_capacity(patience.len());
    let mut result = Err(Error::new(ErrorCode::Timeout, "No answer came in time."));
    for milliseconds in patience {
        let channel = MessageChannel::new().map_err(not_posted)?;
        let resolve = first.clone();
        let on_message = Closure::once_into_js(move |event: MessageEvent| {
            // Calling a promise's own resolver cannot throw.
            drop(resolve.map(|resolve| resolve.call1(&JsValue::UNDEFINED, &event.data())));
        });
        let port = channel.port1();
        port.set_onmessage(Some(on_message.unchecked_ref()));
        ports.push(port);
        match post(&channel.port2()) {
            Ok(()) => {}
            Err(error) => {
                if ports.len() == 1 {
                    result = Err(not_posted(error));
                }
                break;
            }
        }
        if let Some(data) = within(*milliseconds, answer.clone()).await {
            result = Ok(data);
            break;
        }
    }
    for port in ports {
        port.close();
    }
    result
}

/// What a promise gives within `milliseconds`; nothing where it rejects or takes longer.
pub async fn within(milliseconds: i32, promise: Promise) -> Option<JsValue> {
    let late = Promise::new(&mut |_, reject| drop(set_timeout(&reject, milliseconds)));
    let first = Promise::race(&Array::of2(&promise, &late));
    JsFuture::from(first).await.ok()
}

/// Waits; 0 milliseconds let the browser do what it has begun.
pub async fn pause(milliseconds: i32) {
    let soon = Promise::new(&mut |resolve, _| drop(set_timeout(&resolve, milliseconds)));
    // It never rejects, and has nothing to say.
    drop(JsFuture::from(soon).await);
}
