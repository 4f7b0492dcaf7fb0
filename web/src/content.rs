//! A file's content, as JavaScript may hand it over.

use js_sys::{ArrayBuffer, JsString, Uint8Array};
use virtual_files_core::error::{Error, ErrorCode, Result};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

#[wasm_bindgen]
extern "C" {
    /// The browser's own, which takes JavaScript's strings without a detour through wasm's memory.
    #[wasm_bindgen(js_name = TextEncoder)]
    type Encoder;

    #[wasm_bindgen(constructor, js_class = "TextEncoder")]
    fn new() -> Encoder;

    #[wasm_bindgen(method)]
    fn encode(this: &Encoder, text: &JsString) -> Uint8Array;

    /// The browser's own, which throws where the buffer is detached.
    #[wasm_bindgen(extends = Uint8Array, js_name = Uint8Array)]
    type View;

    #[wasm_bindgen(catch, constructor, js_class = "Uint8Array")]
    fn new(buffer: &JsValue, offset: u32, length: u32) -> std::result::Result<View, JsValue>;

    #[wasm_bindgen(method, getter, js_name = buffer)]
    fn memory(this: &View) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = byteOffset)]
    fn offset(this: &View) -> f64;

    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn size(this: &View) -> f64;
}

/// Bytes in memory, or a handle to bytes that the browser holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// In JavaScript's memory.
    Bytes(Uint8Array),
    /// Held by the browser.
    Blob(Blob),
}

impl Content {
    /// From a string, an `ArrayBuffer`, any view of one, a `Blob` or a `File`; none where it is something else. Nothing
    /// of it is copied, but a string is encoded to UTF-8, and shared memory, of which no Blob is made, gets a copy that
    /// is not shared. Fails with `TOO_LARGE` where bytes in memory lie beyond what wasm can count, and with
    /// `INVALID_MESSAGE` where they were transferred elsewhere.
    pub fn from_js(value: &JsValue) -> Result<Option<Self>> {
        // Most are these, and there may be many: nothing of them is asked for by its name, which would be decoded each time.
        if let Some(bytes) = value.dyn_ref::<View>()
            && bytes.size() > 0.0
            && bytes.memory().has_type::<ArrayBuffer>()
        {
            countable(bytes.offset() + bytes.size())?;
            return Ok(Some(Self::Bytes(bytes.unchecked_ref::<Uint8Array>().clone())));
        }
        if let Some(text) = value.dyn_ref::<JsString>() {
            return Ok(Some(Self::Bytes(Encoder::new().encode(text))));
        }
        if let Some(blob) = value.dyn_ref::<Blob>() {
            return Ok(Some(Self::Blob(blob.clone())));
        }
        let part = |name| crate::envelope::get(value, name);
        let size = |name| part(name).as_f64().unwrap_or_default();
        let is_view = ArrayBuffer::is_view(value);
        if is_view || value.has_type::<ArrayBuffer>() {
            let (offset, length) = (size("byteOffset"), size("byteLength"));
            countable(offset + length)?;
            let buffer = if is_view { part("buffer") } else { value.clone() };
            let bytes = View::new(&buffer, offset as u32, length as u32).map_err(|_| detached())?;
            let shared = !buffer.has_type::<ArrayBuffer>();
            let bytes = if shared {
                bytes.slice(0, bytes.length())
            } else {
                bytes.into()
            };
            return Ok(Some(Self::Bytes(bytes)));
        }
        Ok(None)
    }

    /// In bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => u64::from(bytes.length()),
            Self::Blob(blob) => blob.size() as u64,
        }
    }

    /// Whether there is not a byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A `File`'s own time, in milliseconds since 1970-01-01T00:00Z.
    pub fn modified(&self) -> Option<u64> {
        match self {
            Self::Bytes(_) => None,
            Self::Blob(blob) => blob.dyn_ref::<File>().map(|file| file.last_modified() as u64),
        }
    }

    /// A Blob's own media type, or `""`.
    pub fn media_type(&self) -> String {
        match self {
            Self::Bytes(_) => String::new(),
            Self::Blob(blob) => blob.type_(),
        }
    }

    /// As a part for the `Blob` constructor.
    pub(crate) fn part(&self) -> &JsValue {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Blob(blob) => blob,
        }
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(Uint8Array::from(bytes))
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

/// Refuses what has bytes at places that 32 bits cannot name; a cast would pack other bytes in their place.
fn countable(end: f64) -> Result<()> {
    if end <= f64::from(u32::MAX) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::TooLarge,
        "A content reaches beyond 4 GiB of memory. Hand it over as a Blob.",
    ))
}

fn detached() -> Error {
    Error::new(
        ErrorCode::InvalidMessage,
        "A content's buffer is detached: its bytes were transferred elsewhere.",
    )
}

/// The bytes of a Blob, in JavaScript's memory.
pub(crate) async fn read(blob: &Blob) -> Result<Uint8Array> {
    match JsFuture::from(blob.array_buffer()).await {
        Ok(buffer) => Ok(Uint8Array::new(&buffer)),
        Err(_) => Err(Error::new(
            ErrorCode::InvalidMessage,
            "A file could not be read. It may have changed or gone since it was chosen.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_beyond_four_gibibytes_are_refused() {
        for fine in [0.0, 1.0, 4_294_967_295.0] {
            assert!(countable(fine).is_ok(), "{fine}");
        }
        for beyond in [4_294_967_296.0, 4_294_967_297.0, f64::INFINITY, f64::NAN] {
            assert_eq!(countable(beyond).unwrap_err().code(), ErrorCode::TooLarge, "{beyond}");
        }
    }
}
