//! Between JavaScript's values and the types of the core and of this crate; no other file looks inside a message, an
//! option or an answer.

use crate::error::{Error, Result};
use crate::hello;
use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use virtual_files_core::change::Mode;
use virtual_files_core::error::{Error as CoreError, ErrorCode};
use virtual_files_core::options::{Network, SessionOptions};
use virtual_files_core::path::FilePath;
use virtual_files_core::protocol::{self, FileInfo, PROTOCOL_VERSION, Storage};
use virtual_files_core::session::SessionId;
use virtual_files_web::bundle::Packed;
use virtual_files_web::envelope::{get, set};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, CustomEvent, CustomEventInit, Document, EventTarget, MessageEvent, Url};

// What the page is.

/// The page's document.
pub(crate) fn document() -> Result<Document> {
    let document = web_sys::window().and_then(|window| window.document());
    document.ok_or_else(|| {
        Error::new(
            ErrorCode::ServiceWorkerUnavailable,
            "There is no page here, and so no service worker: open sessions in a browser's window.",
        )
    })
}

/// The page's own origin.
pub(crate) fn own_origin() -> String {
    web_sys::window()
        .and_then(|window| window.location().origin().ok())
        .unwrap_or_default()
}

/// A URL, if it is one.
pub(crate) fn url(text: &str, base: Option<&str>) -> Option<Url> {
    match base {
        Some(base) => Url::new_with_base(text, base).ok(),
        None => Url::new(text).ok(),
    }
}

// Requests.

/// The handshake's question.
pub(crate) fn connect() -> Object {
    let message = Object::new();
    set(&message, "type", &"CONNECT".into());
    set(&message, "version", &PROTOCOL_VERSION.into());
    message
}

/// A request about a session, without its id.
pub(crate) fn request(kind: &str, session: &SessionId) -> Object {
    let request = Object::new();
    set(&request, "type", &kind.into());
    set(&request, "sessionId", &session.as_str().into());
    request
}

/// The message that gives up request `id`.
pub(crate) fn abort(id: u32) -> Object {
    let message = Object::new();
    set(&message, "type", &"ABORT".into());
    set(&message, "id", &id.into());
    message
}

/// Adds what a put needs to its request; answers what the request takes along instead of copying it.
pub(crate) fn put(
    request: &Object,
    packed: &Packed,
    mode: Mode,
    storage: Storage,
    options: Option<&SessionOptions>,
    deletes: &[FilePath],
) -> Array {
    let mode = match mode {
        Mode::Merge => "merge",
        Mode::Replace => "replace",
    };
    let index = Uint8Array::from(protocol::encode(&packed.files).as_slice());
    set(request, "mode", &mode.into());
    set(request, "storage", &storage.as_str().into());
    set(request, "packs", &packed.packs.iter().collect::<Array>());
    set(request, "index", &index);
    if let Some(options) = options {
        set(request, "options", &options_to_js(options));
    }
    set(request, "paths", &paths(deletes));
    Array::of1(&index.buffer())
}

/// Has a change be refused where the session is not at a version.
pub(crate) fn only_at(request: &Object, version: u64) {
    set(request, "ifVersion", &JsValue::from_f64(version as f64));
}

/// Adds to a put what the answer to an export holds, so that the session becomes the exported one; answers what the
/// request takes along.
pub(crate) fn copy(request: &Object, exported: &JsValue, storage: Storage) -> Array {
    set(request, "mode", &"replace".into());
    set(request, "storage", &storage.as_str().into());
    for name in ["packs", "index", "options"] {
        set(request, name, &get(exported, name));
    }
    Array::of1(&get(&get(exported, "index"), "buffer"))
}

/// Paths as an array of strings.
pub(crate) fn paths(paths: &[FilePath]) -> JsValue {
    paths
        .iter()
        .map(|path| JsValue::from_str(path.as_str()))
        .collect::<Array>()
        .into()
}

fn options_to_js(options: &SessionOptions) -> Object {
    let object = Object::new();
    let network = match &options.network {
        Network::None => "none".into(),
        Network::Open => "open".into(),
        Network::Origins(origins) => origins
            .iter()
            .map(|origin| JsValue::from_str(origin.as_str()))
            .collect::<Array>()
            .into(),
    };
    set(
        &object,
        "spa",
        &options.spa.as_ref().map_or(JsValue::NULL, |path| path.as_str().into()),
    );
    set(&object, "network", &network);
    set(&object, "crossOriginIsolated", &options.cross_origin_isolated.into());
    set(&object, "topLevel", &options.top_level.into());
    set(&object, "listing", &options.listing.into());
    object
}

// What the hub says.

/// A message from a hub.
pub(crate) enum Heard {
    /// The handshake's answer; none where the hub speaks another version.
    Connected(Option<Capabilities>),
    /// The handshake is refused.
    Refused(Error),
    /// The answer to a request.
    Answer { id: u32, answer: Result<JsValue> },
    /// A request is on its way.
    Progress { id: u32, done: f64, total: f64 },
    /// A session has changed.
    Change { session: String, version: f64 },
    /// Nothing that is known of.
    Noise,
}

/// What a hub can do where it runs.
#[derive(Clone, Debug)]
pub(crate) struct Capabilities {
    service_worker: bool,
    indexed_db: bool,
    reason: Option<String>,
}

impl Capabilities {
    /// Why files cannot be stored, where they cannot.
    pub(crate) fn degraded(self) -> Option<String> {
        (!self.indexed_db).then(|| self.reason.unwrap_or_default())
    }

    /// Whether previews can be served; and if so, why files cannot be stored, where they cannot.
    pub(crate) fn usable(self, origin: &str) -> Result<Option<String>> {
        let reason = self.reason.unwrap_or_default();
        if self.service_worker {
            return Ok((!self.indexed_db).then_some(reason));
        }
        Err(hello::no_worker(origin, &reason))
    }
}

/// Why the boot page can do no more, where a message is its word of that.
pub(crate) fn boot_failure(event: &MessageEvent) -> Option<String> {
    let data = event.data();
    let is_boot = get(&data, "type").as_string().as_deref() == Some("virtual-files:boot");
    is_boot.then(|| get(&data, "failed").as_string()).flatten()
}

/// Understands a message from a hub.
pub(crate) fn heard(data: &JsValue) -> Heard {
    if get(data, "event").as_string().as_deref() == Some("change") {
        let session = get(data, "sessionId").as_string().unwrap_or_default();
        return Heard::Change {
            session,
            version: number(data, "version"),
        };
    }
    let Some(id) = get(data, "id").as_f64().map(|id| id as u32) else {
        return Heard::Noise;
    };
    let progress = get(data, "progress");
    if progress.is_object() {
        return Heard::Progress {
            id,
            done: number(&progress, "done"),
            total: number(&progress, "total"),
        };
    }
    let answer = match get(data, "ok").is_truthy() {
        true => Ok(get(data, "value")),
        false => Err(error_from_js(&get(data, "error"))),
    };
    match (id, answer) {
        (0, Ok(value)) if number(&value, "version") == f64::from(PROTOCOL_VERSION) => {
            let capabilities = get(&value, "capabilities");
            Heard::Connected(Some(Capabilities {
                service_worker: get(&capabilities, "serviceWorker").is_truthy(),
                indexed_db: get(&capabilities, "indexedDB").is_truthy(),
                reason: get(&capabilities, "reason").as_string(),
            }))
        }
        (0, Ok(_)) => Heard::Connected(None),
        (0, Err(error)) => Heard::Refused(error),
        (id, answer) => Heard::Answer { id, answer },
    }
}

/// A number of an answer; 0 where there is none.
fn number(value: &JsValue, name: &str) -> f64 {
    get(value, name).as_f64().unwrap_or_default()
}

fn text(value: &JsValue, name: &str) -> String {
    get(value, name).as_string().unwrap_or_default()
}

fn error_from_js(error: &JsValue) -> Error {
    match text(error, "code").parse::<ErrorCode>() {
        Ok(code) => CoreError::new(code, text(error, "message")).into(),
        Err(_) => Error::new(
            ErrorCode::Internal,
            "The hub failed in a way that this SDK does not know.",
        )
        .because(error.clone()),
    }
}

/// What a put has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutResult {
    /// The session's version now; it grows with every change.
    pub version: u64,
    /// How many files the session has.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// Where they are kept.
    pub storage: Storage,
    /// Why they are kept in memory although they were to be stored.
    pub degraded: Option<String>,
}

/// What a delete has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The session's version now.
    pub version: u64,
    /// How many files are gone.
    pub deleted: u64,
}

/// Reads the answer to a put.
pub(crate) fn put_result(answer: &JsValue) -> PutResult {
    PutResult {
        version: number(answer, "version") as u64,
        files: number(answer, "files") as u64,
        bytes: number(answer, "bytes") as u64,
        storage: if text(answer, "storage") == "memory" {
            Storage::Memory
        } else {
            Storage::IndexedDb
        },
        degraded: get(answer, "degraded").as_string(),
    }
}

/// Reads the answer to a delete.
pub(crate) fn deleted(answer: &JsValue) -> Deleted {
    Deleted {
        version: number(answer, "version") as u64,
        deleted: number(answer, "deleted") as u64,
    }
}

/// Reads a file's properties.
pub(crate) fn file_info(info: &JsValue) -> FileInfo {
    FileInfo {
        path: text(info, "path"),
        size: number(info, "size") as u64,
        media_type: text(info, "type"),
        etag: text(info, "etag"),
        modified: number(info, "modified") as u64,
    }
}

/// The Blob of an answer to a read.
pub(crate) fn file(answer: &JsValue) -> Result<Blob> {
    let file = get(answer, "file").dyn_into::<Blob>();
    file.map_err(|other| Error::new(ErrorCode::Internal, "The hub answered without the file.").because(other))
}

// The documents of previews that are mounted with HTML.

const DOCUMENT: (&str, &str) = (".vf-", ".html");

/// The path of a new document.
pub(crate) fn document_path(random: [u8; 16]) -> Result<FilePath> {
    let name = SessionId::from_random(random);
    Ok(FilePath::parse(&[DOCUMENT.0, name.as_str(), DOCUMENT.1].concat())?)
}

/// Whether a path is of such a document.
pub(crate) fn is_document(path: &str) -> bool {
    let name = path
        .strip_prefix(DOCUMENT.0)
        .and_then(|rest| rest.strip_suffix(DOCUMENT.1));
    name.is_some_and(|name| name.len() == 26 && SessionId::parse(name).is_ok())
}

// Events.

/// Dispatches an event with a detail.
pub(crate) fn dispatch(target: &EventTarget, name: &str, detail: &JsValue) {
    let init = CustomEventInit::new();
    init.set_detail(detail);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        // What a listener throws is the page's to report, as with any event.
        drop(target.dispatch_event(&event));
    }
}

/// The detail of a change.
pub(crate) fn changed(version: f64) -> JsValue {
    let detail = Object::new();
    set(&detail, "version", &version.into());
    detail.into()
}

// Errors.

thread_local! {
    /// The class that the npm package makes errors of.
    static ERROR_CLASS: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Has errors be of this class: `new (code, message, { cause })`.
#[cfg(feature = "npm")]
pub(crate) fn set_error_class(class: Function) {
    ERROR_CLASS.set(Some(class));
}

/// An error as JavaScript has them: an `Error` with `code`, and `cause` where there is one.
pub(crate) fn error(error: &Error) -> JsValue {
    let code = JsValue::from_str(error.code().as_str());
    let message = JsValue::from_str(error.message());
    let options = Object::new();
    if let Some(cause) = error.cause() {
        set(&options, "cause", cause);
    }
    let class = ERROR_CLASS.with_borrow(Clone::clone);
    let made = class.map(|class| Reflect::construct(&class, &Array::of3(&code, &message, &options)));
    if let Some(Ok(made)) = made {
        return made;
    }
    let plain = js_sys::Error::new_with_options(error.message(), &options);
    plain.set_name("VirtualFilesError");
    set(&plain, "code", &code);
    plain.into()
}

// What the host's options say. An absent option, `undefined` and `null` are the same.

#[cfg(feature = "npm")]
mod options {
    use super::*;
    use crate::abort::{Abort, Control};
    use crate::client::ConnectOptions;
    use crate::isolation::Isolation;
    use crate::mount::MountOptions;
    use crate::session::OpenOptions;
    use std::rc::Rc;
    use virtual_files_core::origin::OriginPattern;
    use wasm_bindgen::prelude::*;
    use web_sys::{AbortSignal, Element};

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = reportError)]
        fn report_error(error: &JsValue);
    }

    fn invalid(name: &str, should: &str) -> Error {
        Error::of(ErrorCode::InvalidMessage, &["`", name, "` is not ", should, "."])
    }

    fn option<T>(
        options: &JsValue,
        name: &str,
        should: &str,
        read: impl Fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>> {
        let value = get(options, name);
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        read(&value).map(Some).ok_or_else(|| invalid(name, should))
    }

    fn text(options: &JsValue, name: &str) -> Result<Option<String>> {
        option(options, name, "a string", JsValue::as_string)
    }

    fn flag(options: &JsValue, name: &str) -> Result<Option<bool>> {
        option(options, name, "true or false", JsValue::as_bool)
    }

    fn isolation(options: &JsValue) -> Result<Option<Isolation>> {
        match text(options, "isolation")?.as_deref() {
            None | Some("auto") => Ok(None),
            Some("origin") => Ok(Some(Isolation::Origin)),
            Some("shared") => Ok(Some(Isolation::Shared)),
            Some("opaque") => Ok(Some(Isolation::Opaque)),
            Some(_) => Err(invalid("isolation", "\"auto\", \"origin\", \"shared\" or \"opaque\"")),
        }
    }

    /// The options of `connect`.
    pub(crate) fn connect_options(options: &JsValue) -> Result<ConnectOptions> {
        let number = |value: &JsValue| value.as_f64().filter(|number| *number > 0.0);
        let timeout = option(options, "timeout", "a number of milliseconds", number)?;
        Ok(ConnectOptions {
            origin: text(options, "origin")?.ok_or_else(|| invalid("origin", "given"))?,
            timeout: timeout.map(|timeout| timeout as u32),
        })
    }

    /// The options of `session`.
    pub(crate) fn open_options(options: &JsValue) -> Result<OpenOptions> {
        let id = text(options, "id")?.map(|id| SessionId::parse(&id)).transpose()?;
        let storage = match text(options, "storage")?.as_deref() {
            None | Some("indexeddb") => Storage::IndexedDb,
            Some("memory") => Storage::Memory,
            Some(_) => return Err(invalid("storage", "\"indexeddb\" or \"memory\"")),
        };
        let names = ["spa", "network", "crossOriginIsolated", "topLevel", "listing"];
        let any = names.into_iter().any(|name| !get(options, name).is_undefined());
        let served = if any { Some(session_options(options)?) } else { None };
        Ok(OpenOptions {
            id,
            isolation: isolation(options)?,
            storage,
            options: served,
        })
    }

    fn session_options(options: &JsValue) -> Result<SessionOptions> {
        Ok(SessionOptions {
            spa: text(options, "spa")?.map(|path| FilePath::parse(&path)).transpose()?,
            network: network(&get(options, "network"))?,
            cross_origin_isolated: flag(options, "crossOriginIsolated")?.unwrap_or_default(),
            top_level: flag(options, "topLevel")?.unwrap_or_default(),
            listing: flag(options, "listing")?.unwrap_or_default(),
        })
    }

    fn network(value: &JsValue) -> Result<Network> {
        let should = || {
            invalid(
                "network",
                "\"none\", \"open\" or a list of up to 64 origins such as \"https://api.example.com\"",
            )
        };
        if let Some(list) = value.dyn_ref::<Array>() {
            let origins = list
                .iter()
                .map(|origin| OriginPattern::parse(&origin.as_string()?).ok());
            return origins
                .collect::<Option<_>>()
                .and_then(Network::from_origins)
                .ok_or_else(should);
        }
        match value.as_string().as_deref() {
            Some("open") => Ok(Network::Open),
            Some("none") => Ok(Network::None),
            None if value.is_undefined() || value.is_null() => Ok(Network::None),
            _ => Err(should()),
        }
    }

    /// The options of `put`.
    pub(crate) fn put_options(options: &JsValue) -> Result<(Mode, Control)> {
        let mode = match text(options, "mode")?.as_deref() {
            None | Some("merge") => Mode::Merge,
            Some("replace") => Mode::Replace,
            Some(_) => return Err(invalid("mode", "\"merge\" or \"replace\"")),
        };
        let function = |value: &JsValue| value.dyn_ref::<Function>().cloned();
        let progress = option(options, "onProgress", "a function", function)?;
        let signal = option(options, "signal", "an AbortSignal", |value| {
            value.dyn_ref::<AbortSignal>().cloned()
        })?;
        let progress = progress.map(|listener| {
            Rc::new(move |done: f64, total: f64| {
                let detail = Object::new();
                set(&detail, "done", &done.into());
                set(&detail, "total", &total.into());
                // A listener that throws does not stop the put.
                if let Err(thrown) = listener.call1(&JsValue::UNDEFINED, &detail) {
                    report_error(&thrown);
                }
            }) as _
        });
        Ok((
            mode,
            Control {
                progress,
                abort: signal.map(Abort::from_signal),
            },
        ))
    }

    /// The options of `mount`.
    pub(crate) fn mount_options(options: &JsValue) -> Result<MountOptions> {
        Ok(MountOptions {
            entry: text(options, "entry")?,
            html: text(options, "html")?,
            isolation: isolation(options)?,
            sandbox: text(options, "sandbox")?,
            allow: text(options, "allow")?,
            title: text(options, "title")?,
        })
    }

    /// An element, of this document or of another window's, whose classes are not ours.
    pub(crate) fn element(value: &JsValue) -> Result<Element> {
        let is_element = get(value, "nodeType").as_f64() == Some(1.0) && get(value, "ownerDocument").is_object();
        if is_element {
            Ok(value.clone().unchecked_into())
        } else {
            Err(invalid("element", "an element"))
        }
    }

    /// One path.
    pub(crate) fn path(value: &JsValue) -> Result<FilePath> {
        let path = value.as_string().ok_or_else(|| invalid("path", "a string"))?;
        FilePath::parse(&path).map_err(|error| Error::of(error.code(), &[error.message(), " Path: \"", &path, "\""]))
    }

    /// One path, or an iterable of them.
    pub(crate) fn path_list(value: &JsValue) -> Result<Vec<FilePath>> {
        if value.is_string() {
            return Ok(vec![path(value)?]);
        }
        let should = || invalid("paths", "a path or a list of paths");
        let paths = js_sys::try_iter(value).ok().flatten().ok_or_else(should)?;
        paths
            .map(|item| path(&item.map_err(|thrown| should().because(thrown))?))
            .collect()
    }
}
#[cfg(feature = "npm")]
pub(crate) use options::{connect_options, element, mount_options, open_options, path, path_list, put_options};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_known_by_their_names() {
        let path = document_path([7; 16]).unwrap();
        assert!(is_document(path.as_str()), "{path}");
        for other in [
            "",
            ".vf-.html",
            ".vf-a.html",
            "index.html",
            ".vf-aaaaaaaaaaaaaaaaaaaaaaaaaa.htm",
            "a/.vf-aaaaaaaaaaaaaaaaaaaaaaaaaa.html",
        ] {
            assert!(!is_document(other), "{other}");
        }
    }
}
