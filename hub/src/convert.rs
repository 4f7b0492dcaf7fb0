//! Between JavaScript's values and the core's types; no other file of this crate looks inside a message.

use js_sys::{Array, Object, Promise, Uint8Array};
use serde::Serialize;
use virtual_files_core::change::NewFile;
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::protocol::{self, Message};
use virtual_files_core::{media_type, mime, protocol::Request};
use virtual_files_store::BlobBody;
use virtual_files_web::bundle::{self, Packed};
use virtual_files_web::envelope::{blobs, get, set};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::StorageManager;

/// The name of a message, `""` for anything that is none.
pub(crate) fn kind(data: &JsValue) -> String {
    get(data, "type").as_string().unwrap_or_default()
}

/// The id that the answer shall bear.
pub(crate) fn id(data: &JsValue) -> u32 {
    get(data, "id").as_f64().unwrap_or_default() as u32
}

/// Whether a message is about a session that the edge is to serve: then it matters little if there is no worker.
pub(crate) fn is_for_edge(data: &JsValue) -> bool {
    get(data, "edge").as_bool() == Some(true)
}

#[wasm_bindgen]
extern "C" {
    /// Of the page's script: puts base and policy into a document, by wasm that is loaded for it.
    #[wasm_bindgen(js_namespace = virtualFiles, js_name = document)]
    fn page_document(html: &str, base: &str, policy: Option<&str>) -> Promise;
}

/// A document with a base, and with a policy if there is one.
pub(crate) async fn document(html: &str, base: &str, policy: Option<&str>) -> Result<JsValue> {
    let unloaded = |_| {
        Error::new(
            ErrorCode::Internal,
            "The hub could not load what puts a base into a document.",
        )
    };
    JsFuture::from(page_document(html, base, policy))
        .await
        .map_err(unloaded)
}

/// What a message asks for.
pub(crate) fn request(data: &JsValue) -> Result<Request> {
    if !data.is_object() {
        return Err(invalid("The message is no object."));
    }
    let message: Message = serde_wasm_bindgen::from_value(data.clone()).map_err(|error| {
        Error::new(
            ErrorCode::InvalidMessage,
            ["The message is malformed. ", &error.to_string()].concat(),
        )
    })?;
    Request::try_from(message)
}

/// The answer to request `id`.
pub(crate) fn answer(id: u32, result: &Result<JsValue>) -> Object {
    let answer = Object::new();
    set(&answer, "id", &id.into());
    set(&answer, "ok", &result.is_ok().into());
    match result {
        Ok(value) => set(&answer, "value", value),
        Err(error) => {
            let object = Object::new();
            set(&object, "code", &error.code().as_str().into());
            set(&object, "message", &error.message().into());
            set(&answer, "error", &object);
        }
    }
    answer
}

/// A value of an answer.
pub(crate) fn value(value: &impl Serialize) -> Result<JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|_| Error::new(ErrorCode::Internal, "An answer could not be made."))
}

/// The files of a `PUT_FILES`: packed by the SDK, or as they are, to be packed here.
pub(crate) async fn bundle(
    data: &JsValue,
    mut progress: impl FnMut(u64) -> bool,
) -> Result<(Vec<BlobBody>, Vec<NewFile>)> {
    let packed = match get(data, "packs").dyn_into::<Array>() {
        Ok(packs) => packed(&packs, &get(data, "index"))?,
        Err(_) => {
            let sources = bundle::from_js(&get(data, "files"))?;
            bundle::pack(&sources.iter().collect::<Vec<_>>(), false, &mut progress).await?
        }
    };
    let mut files = packed.files;
    for file in &mut files {
        file.media_type = if file.media_type.is_empty() {
            mime::media_type_for(&file.path)
        } else {
            media_type::normalise(&file.media_type)?
        };
    }
    Ok((packed.packs.into_iter().map(BlobBody::new).collect(), files))
}

fn packed(packs: &Array, index: &JsValue) -> Result<Packed> {
    let blobs = blobs(packs);
    if blobs.len() != packs.length() as usize {
        return Err(invalid("`packs` holds something that is no Blob."));
    }
    let index = index
        .dyn_ref::<Uint8Array>()
        .ok_or_else(|| invalid("`packs` came without an `index`."))?;
    Ok(Packed {
        packs: blobs,
        files: protocol::decode(&index.to_vec())?,
    })
}

/// Storage used and left, as the browser tells it; zeros where it does not.
pub(crate) async fn estimate() -> (f64, f64, bool) {
    let Some(storage) = storage() else {
        return (0.0, 0.0, false);
    };
    let estimate = settled(storage.estimate()).await;
    let persisted = settled(storage.persisted()).await;
    let number = |name| get(&estimate, name).as_f64().unwrap_or_default();
    (number("usage"), number("quota"), persisted.is_truthy())
}

/// Asks the browser to keep what is stored. Whether it will; it may ask the visitor, or say no by itself.
pub(crate) async fn persist() -> bool {
    match storage() {
        Some(storage) => settled(storage.persist()).await.is_truthy(),
        None => false,
    }
}

fn storage() -> Option<StorageManager> {
    let storage = web_sys::window()?.navigator().storage();
    (!storage.is_undefined()).then_some(storage)
}

/// What a promise gives; nothing where it rejects.
async fn settled(promise: std::result::Result<Promise, JsValue>) -> JsValue {
    match promise {
        Ok(promise) => JsFuture::from(promise).await.unwrap_or_default(),
        Err(_) => JsValue::UNDEFINED,
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorCode::InvalidMessage, message)
}

/// Whether two JavaScript objects are one.
pub(crate) fn same(a: &Option<JsValue>, b: &JsValue) -> bool {
    a.as_ref().is_some_and(|a| Object::is(a, b))
}
