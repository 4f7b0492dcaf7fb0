//! What the hub, the worker and the SDK share of the browser: one question over a message channel, the envelope of
//! messages between hub and worker, the reading of requests, and (feature `bundle`) the packing of file contents into Blobs.
//!
//! It decides nothing about sessions or files; those rules are the core's.

pub mod asked;
#[cfg(feature = "bundle")]
pub mod bundle;
pub mod channel;
#[cfg(feature = "bundle")]
mod content;
pub mod envelope;
pub mod locks;
#[cfg(feature = "bundle")]
mod sources;

use virtual_files_core::error::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(array: &js_sys::Uint8Array) -> Result<(), JsValue>;
}

/// Sixteen bytes from the browser's cryptographic random number generator.
pub fn random_bytes() -> Result<[u8; 16], Error> {
    let array = js_sys::Uint8Array::new_with_length(16);
    get_random_values(&array).map_err(|_| Error::new(ErrorCode::Internal, "The browser has no random numbers."))?;
    let mut bytes = [0; 16];
    array.copy_to(&mut bytes);
    Ok(bytes)
}

/// Milliseconds since 1970-01-01T00:00Z.
pub fn now() -> u64 {
    js_sys::Date::now() as u64
}

/// Whether the engine is WebKit, as far as a script is told: Chromium names itself beside it.
pub fn is_webkit() -> bool {
    let agent = user_agent();
    names(&agent, "AppleWebKit/") && !names(&agent, "Chrome/")
}

/// Whether the engine is Chromium, as far as a script is told.
pub fn is_chromium() -> bool {
    names(&user_agent(), "Chrome/")
}

/// Whether one text has the other in it. Not `str::contains`, whose search for long texts is more code than there is need for.
fn names(agent: &str, product: &str) -> bool {
    agent
        .as_bytes()
        .windows(product.len())
        .any(|part| part == product.as_bytes())
}

fn user_agent() -> String {
    let navigator = envelope::get(&js_sys::global(), "navigator");
    envelope::get(&navigator, "userAgent").as_string().unwrap_or_default()
}
