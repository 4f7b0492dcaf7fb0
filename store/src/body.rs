//! A pack's bytes as the browser holds them: a `Blob` handle, of which nothing is ever copied into wasm memory.

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::store::Body;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// A `Blob` as the core's `Body`.
#[derive(Clone, Debug)]
pub struct BlobBody(Blob);

impl BlobBody {
    /// Wraps a `Blob`.
    pub fn new(blob: Blob) -> Self {
        Self(blob)
    }

    /// A body of bytes that are already in memory; copies them once, into the browser's own storage.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_buffer(&Uint8Array::from(bytes).buffer())
    }

    /// The handle, for a `Response` or a message.
    pub fn blob(&self) -> &Blob {
        &self.0
    }

    /// All bytes, copied out. For engines that cannot keep a `Blob` in IndexedDB, and for tests.
    pub async fn bytes(&self) -> Result<ArrayBuffer> {
        let buffer = JsFuture::from(self.0.array_buffer()).await;
        buffer
            .ok()
            .and_then(|buffer| buffer.dyn_into().ok())
            .ok_or_else(|| Error::new(ErrorCode::StorageUnavailable, "A pack's bytes could not be read."))
    }

    /// A stored pack: a `Blob`, or an `ArrayBuffer` where the engine refuses to store one.
    pub(crate) fn from_record(record: JsValue) -> Option<Self> {
        match record.dyn_into::<Blob>() {
            Ok(blob) => Some(Self(blob)),
            Err(record) => record.dyn_into().ok().map(|buffer| Self::from_buffer(&buffer)),
        }
    }

    /// The `Blob` to write to a record.
    ///
    /// Firefox takes a slice of a Blob that came from a database, also one that is a Blob's only part, for that whole
    /// Blob: under the slice's size it stores the other's bytes from the first one on. What is made of two parts, it
    /// writes out, however little the second one adds.
    pub(crate) fn to_record(&self) -> JsValue {
        Self::from_parts(&Array::of2(&self.0, &Uint8Array::default())).0.into()
    }

    /// Waits until the browser has put the Blobs together that are to be written to records.
    ///
    /// Chromium 156 ends as a whole where it comes to write a Blob whose parts are other Blobs and are not all found yet: its
    /// size is not known then, and is checked to be. Who has read a byte of it has waited for that. What cannot be read fails
    /// where it is written.
    pub(crate) async fn put_together(records: &[JsValue]) {
        let first = |record: &JsValue| {
            Some(
                record
                    .dyn_ref::<Blob>()?
                    .slice_with_f64_and_f64(0.0, 1.0)
                    .ok()?
                    .array_buffer(),
            )
        };
        let all: Array = records.iter().filter_map(first).collect();
        drop(JsFuture::from(Promise::all_settled(&all)).await);
    }

    fn from_buffer(buffer: &ArrayBuffer) -> Self {
        Self::from_parts(&Array::of1(buffer))
    }

    fn from_parts(parts: &Array) -> Self {
        // The constructor throws only for parts that are no sequence; an empty body then fails the reader's length
        // check, which is an error that is seen, where a panic would take the instance down.
        Self(Blob::new_with_blob_sequence(parts).unwrap_or_else(|error| error.unchecked_into()))
    }
}

impl Body for BlobBody {
    fn len(&self) -> u64 {
        self.0.size() as u64
    }

    fn slice(&self, start: u64, end: u64) -> Self {
        match self.0.slice_with_f64_and_f64(start as f64, end as f64) {
            Ok(blob) => Self(blob),
            Err(_) => Self::from_parts(&Array::new()),
        }
    }

    fn concat(parts: Vec<Self>) -> Self {
        Self::from_parts(&parts.into_iter().map(|part| part.0).collect())
    }

    /// In Firefox, a worker that has been sent a Blob made of slices of another serves the bytes of a file in it, and never its
    /// end.
    async fn detached(self) -> Result<Self> {
        Ok(Self::from_buffer(&self.bytes().await?))
    }
}
