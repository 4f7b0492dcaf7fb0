//! What IndexedDB's failures mean in the core's stable codes.

use js_sys::Reflect;
use virtual_files_core::error::{Error, ErrorCode};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DomException;

/// The `name` of the `DOMException` behind an error, where there is one.
pub(crate) fn exception_name(error: &idb::Error) -> Option<String> {
    use idb::Error as E;
    let value: &JsValue = match error {
        E::DomException(exception) => return Some(exception.name()),
        // A failed request's event, which reaches its transaction first: the request has the error.
        E::UnexpectedJsType(_, request) => &Reflect::get(request, &JsValue::from_str("error")).unwrap_or_default(),
        E::AddFailed(value)
        | E::DeleteFailed(value)
        | E::GetFailed(value)
        | E::GetAllFailed(value)
        | E::GetAllKeysFailed(value)
        | E::IndexedDbNotFound(value)
        | E::IndexedDbOpenFailed(value)
        | E::ObjectStoreNotFound(value)
        | E::TransactionOpenFailed(value)
        | E::TransactionCommitError(value)
        | E::UpdateFailed(value) => value,
        _ => return None,
    };
    value.dyn_ref::<DomException>().map(DomException::name)
}

/// Whether the engine may have refused a Blob: it says so when the Blob is put or when the request runs, in words of
/// its own (WebKit in private windows: UnknownError).
pub(crate) fn may_refuse_blobs(name: Option<&str>) -> bool {
    matches!(
        name,
        None | Some("DataCloneError" | "UnknownError" | "NotSupportedError")
    )
}

/// An IndexedDB failure as an error with its code: quota failures keep theirs, all else means that this storage is
/// not to be had now.
pub(crate) fn from_idb(error: idb::Error) -> Error {
    from_name(exception_name(&error).as_deref())
}

/// The same from an exception's name.
pub(crate) fn from_name(name: Option<&str>) -> Error {
    match name {
        Some("QuotaExceededError") => Error::new(
            ErrorCode::QuotaExceeded,
            "The browser's storage quota for this origin is used up. Delete sessions, or put fewer bytes.",
        ),
        Some("VersionError") => Error::new(
            ErrorCode::StorageUnavailable,
            "The stored database is of a newer version than this code. Reload the page to get the newer code.",
        ),
        Some(name) => Error::new(
            ErrorCode::StorageUnavailable,
            ["IndexedDB failed with ", name, "."].concat(),
        ),
        None => Error::new(ErrorCode::StorageUnavailable, "IndexedDB failed, and gave no reason."),
    }
}
