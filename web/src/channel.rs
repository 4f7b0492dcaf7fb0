//! One question, one answer: a message that carries a port of its own for the reply.

use crate::{clear_timeout, set_timeout};
use js_sys::{Function, Promise};
use virtual_files_core::error::{Error, ErrorCode, Result};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

/// Calls `post` with the port that the other side shall answer on, and waits for that answer's data.
///
/// Fails with `TIMEOUT` where none comes within `milliseconds`, and with `INTERNAL` where the message could not be
/// posted.
pub async fn ask(
    milliseconds: i32,
    post: impl FnOnce(&MessagePort) -> std::result::Result<(), JsValue>,
) -> Result<JsValue> {
    let not_posted = |_| Error::new(ErrorCode::Internal, "A message could not be posted.");
    let channel = MessageChannel::new().map_err(not_posted)?;
    let port = channel.port1();
    let answer = Promise::new(&mut |resolve: Function, reject: Function| {
        let timer = set_timeout(&reject, milliseconds);
        let on_message = Closure::once_into_js(move |event: MessageEvent| {
            clear_timeout(&timer);
            // Calling a promise's own resolver cannot throw.
            drop(resolve.call1(&JsValue::UNDEFINED, &event.data()));
        });
        port.set_onmessage(Some(on_message.unchecked_ref()));
    });
    post(&channel.port2()).map_err(not_posted)?;
    let answer = JsFuture::from(answer).await;
    port.close();
    answer.map_err(|_| Error::new(ErrorCode::Timeout, "No answer came in time."))
}

/// What a promise gives within `milliseconds`; nothing where it rejects or takes longer.
pub async fn within(milliseconds: i32, promise: Promise) -> Option<JsValue> {
    let late = Promise::new(&mut |_, reject| drop(set_timeout(&reject, milliseconds)));
    let first = Promise::race(&js_sys::Array::of2(&promise, &late));
    JsFuture::from(first).await.ok()
}

/// Lets the browser do what it has begun.
pub async fn pause() {
    let soon = Promise::new(&mut |resolve, _| drop(set_timeout(&resolve, 0)));
    // It never rejects, and has nothing to say.
    drop(JsFuture::from(soon).await);
}
