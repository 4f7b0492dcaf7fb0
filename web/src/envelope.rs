//! What hub and worker send each other: `{ v: number, vf: Uint8Array, packs: Blob[] }`, the format, the core's packed
//! message, and the Blobs that it speaks of.

use js_sys::{Array, Object, Reflect, Uint8Array};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::protocol::WIRE_FORMAT;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

/// Wraps a packed message and its Blobs.
pub fn seal<'a>(message: &[u8], packs: impl Iterator<Item = &'a Blob>) -> JsValue {
    let envelope = Object::new();
    set(&envelope, "v", &WIRE_FORMAT.into());
    set(&envelope, "vf", &Uint8Array::from(message));
    set(&envelope, "packs", &packs.collect::<Array>());
    envelope.into()
}

/// The packed message of an envelope.
pub fn message(envelope: &JsValue) -> Result<Vec<u8>> {
    if get(envelope, "v") != WIRE_FORMAT {
        return Err(Error::new(
            ErrorCode::VersionMismatch,
            "The hub and the service worker are of two releases. Reload the page.",
        ));
    }
    match get(envelope, "vf").dyn_into::<Uint8Array>() {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(_) => Err(Error::new(
            ErrorCode::InvalidMessage,
            "A message between hub and worker has no content.",
        )),
    }
}

/// The Blobs of an envelope, or of anything else that has `packs`.
pub fn packs(envelope: &JsValue) -> Vec<Blob> {
    let packs = get(envelope, "packs");
    packs.dyn_ref::<Array>().map(blobs).unwrap_or_default()
}

/// The Blobs of an array; anything else in it is passed over.
pub fn blobs(packs: &Array) -> Vec<Blob> {
    packs.iter().filter_map(|pack| pack.dyn_into().ok()).collect()
}

/// A property of an object; `undefined` where it has none, and of anything else.
pub fn get(value: &JsValue, name: &str) -> JsValue {
    // Of what is no object, `Reflect.get` throws, and a call that throws leaves a slot of wasm-bindgen's table taken for good.
    match value.is_object() {
        true => Reflect::get(value, &JsValue::from_str(name)).unwrap_or_default(),
        false => JsValue::UNDEFINED,
    }
}

/// Sets a property of an object of our own, which cannot fail.
pub fn set(object: &Object, name: &str, value: &JsValue) {
    drop(Reflect::set(object, &JsValue::from_str(name), value));
}
