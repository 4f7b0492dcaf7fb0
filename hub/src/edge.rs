//! The edge's write API, as the hub calls it: one upload is a manifest, the bytes that the edge lacks, and a commit.
//!
//! Nothing here knows sessions of this page; `mirror.rs` does.

use crate::convert;
use js_sys::{Array, JSON, Promise, Reflect, Uint8Array};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use virtual_files_core::change::{Change, Mode};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::map::Map;
use virtual_files_core::options::SessionOptions;
use virtual_files_core::pack::{self, PACK_BYTES};
use virtual_files_core::protocol::FileInfo;
use virtual_files_core::session::SessionId;
use virtual_files_core::store::Body;
use virtual_files_store::BlobBody;
use virtual_files_web::envelope::get;
use virtual_files_web::{channel, random_bytes};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{AbortController, Blob, Headers, RequestInit, Response};

/// The version of the API.
const API_VERSION: u32 = 1;

/// About how many bytes go in one request.
const PART_BYTES: u64 = 4 << 20;

/// How long the edge may take for an answer, in milliseconds, beside what the bytes take that are sent on a slow line.
const PATIENCE: u64 = 30_000;

/// The slowest line, in bytes per millisecond.
const SLOWEST: u64 = 16;

/// How often is looked whether an answer is still wanted, in milliseconds.
const LOOK: i32 = 250;

/// A session at the edge, and the right to write it.
#[derive(Debug)]
pub(crate) struct EdgeSession {
    id: SessionId,
    key: String,
    /// The hashes of large files' bytes, by the tags that the files have here.
    hashes: RefCell<Map<[u8; 16], [u8; 16]>>,
    /// Settles when the edge has heard of the upload that was given up last: until then it counts against the quota.
    abandoned: RefCell<Option<Promise>>,
}

/// An upload that lacks its commit.
#[derive(Debug)]
pub(crate) struct Upload {
    id: String,
}

#[derive(Serialize)]
struct Manifest<'a> {
    version: u32,
    mode: &'a str,
    deletes: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<&'a SessionOptions>,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    #[serde(rename = "type")]
    media_type: &'a str,
    length: u64,
    hash: String,
    modified: u64,
}

impl EdgeSession {
    /// A session that nobody has heard of yet, with a key of its own. Both never leave this page, but for the id in URLs.
    pub(crate) fn new() -> Result<Self> {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bytes = [random_bytes()?, random_bytes()?].concat();
        let key = bytes.chunks(3).flat_map(|chunk| {
            let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
            // As base64url without padding: one digit more than there are bytes.
            (0..=chunk.len()).map(move |at| char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63]))
        });
        Ok(Self {
            id: SessionId::edge_from_random(random_bytes()?),
            key: key.collect(),
            hashes: RefCell::default(),
            abandoned: RefCell::default(),
        })
    }

    pub(crate) fn id(&self) -> &SessionId {
        &self.id
    }

    /// Sends a change, all but its commit; nothing where the edge's version is not the one that the change is of. `going_on`
    /// is told how many bytes have been sent of how many, and says whether to go on.
    pub(crate) async fn upload(
        &self,
        change: &Change<BlobBody>,
        version: Option<u64>,
        going_on: &dyn Fn(u64, u64) -> bool,
    ) -> Result<Option<Upload>> {
        let hashes = self.hashes(change).await?;
        let manifest = convert::value(&manifest(change, &hashes))?;
        let manifest = JSON::stringify(&manifest).map_err(|_| broken())?;
        let manifest: JsValue = manifest.into();
        let wanted = || going_on(0, 0);
        let abandoned = self.abandoned.borrow().clone();
        if let Some(abandoned) = abandoned {
            patient(abandoned, u64::MAX, &wanted).await?;
        }
        let begun = self
            .ask("POST", "/uploads", Some(&manifest), &wanted)
            .await?
            .granted()?;
        let upload = Upload {
            id: get(&begun, "upload").as_string().ok_or_else(broken)?,
        };
        let found = get(&begun, "version").as_f64().unwrap_or_default() as u64;
        if version.is_some_and(|version| version != found) {
            self.abandon(upload);
            return Ok(None);
        }
        let missing: Array = get(&begun, "missing").dyn_into().map_err(|_| broken())?;
        match self.send(&upload, change, &missing, going_on).await {
            Ok(()) => Ok(Some(upload)),
            Err(error) => {
                self.abandon(upload);
                Err(error)
            }
        }
    }

    /// What tells the edge whether it has a file's bytes. A large file's tag tells nothing of them, since it was not read when
    /// it was put; so it is read here, piece by piece.
    async fn hashes(&self, change: &Change<BlobBody>) -> Result<Vec<[u8; 16]>> {
        let mut hashes = Vec::with_capacity(change.files.len());
        for file in &change.files {
            let known = self.hashes.borrow().get(&file.etag).copied();
            let hash = match known {
                _ if file.length <= PACK_BYTES => file.etag,
                Some(hash) => hash,
                None => {
                    let pack = change.packs.get(file.pack as usize).ok_or_else(broken)?;
                    let hash = hash(&pack.slice(file.offset, file.offset + file.length)).await?;
                    self.hashes.borrow_mut().insert(file.etag, hash);
                    hash
                }
            };
            hashes.push(hash);
        }
        Ok(hashes)
    }

    /// The bytes of the files that the edge lacks, one after the other, in parts.
    async fn send(
        &self,
        upload: &Upload,
        change: &Change<BlobBody>,
        missing: &Array,
        going_on: &dyn Fn(u64, u64) -> bool,
    ) -> Result<()> {
        let mut bodies = Vec::with_capacity(missing.length() as usize);
        for at in missing.iter().filter_map(|at| at.as_f64()) {
            let file = change.files.get(at as usize).ok_or_else(broken)?;
            let pack = change.packs.get(file.pack as usize).ok_or_else(broken)?;
            bodies.push(pack.slice(file.offset, file.offset + file.length));
        }
        let all = BlobBody::concat(bodies);
        let mut sent = 0;
        loop {
            if !going_on(sent, all.len()) {
                return Err(Error::new(ErrorCode::Aborted, "The request was given up."));
            }
            if sent == all.len() {
                return Ok(());
            }
            let end = all.len().min(sent + PART_BYTES);
            let path = ["/uploads/", &upload.id, "?offset=", &sent.to_string()].concat();
            let part = all.slice(sent, end);
            // Asked more often than there is progress to tell of.
            let wanted = || going_on(0, 0);
            let put = || self.ask("PUT", &path, Some(part.blob()), &wanted);
            match put().await.and_then(Answer::granted) {
                // Once more, where only the connection broke. Where the part had arrived after all, that is said then.
                Err(error) if error.code() == ErrorCode::EdgeUnavailable => {
                    let again = put().await?;
                    if get(&again.value, "received").as_f64() != Some(end as f64) {
                        again.granted()?;
                    }
                }
                received => drop(received?),
            }
            sent = end;
        }
    }

    /// Makes what was uploaded the session. Gives its version.
    pub(crate) async fn commit(&self, upload: Upload) -> Result<u64> {
        let path = ["/uploads/", &upload.id, "/commit"].concat();
        match self.call("POST", &path, None).await {
            Ok(done) => Ok(get(&done, "version").as_f64().unwrap_or_default() as u64),
            Err(error) => {
                self.abandon(upload);
                Err(error)
            }
        }
    }

    /// Gives an upload up. Nobody waits for it but the next upload: the edge forgets it in time where this does not arrive.
    pub(crate) fn abandon(&self, upload: Upload) {
        let before = self.abandoned.take();
        let given_up = self.ask("DELETE", &["/uploads/", &upload.id].concat(), None, &|| true);
        let both = future_to_promise(async move {
            drop(given_up.await);
            if let Some(before) = before {
                drop(JsFuture::from(before).await);
            }
            Ok(JsValue::UNDEFINED)
        });
        self.abandoned.replace(Some(both));
    }

    /// The version that the edge has; 0 where it has none.
    pub(crate) async fn version(&self) -> Result<u64> {
        match self.call("GET", "", None).await {
            Ok(state) => Ok(get(&state, "version").as_f64().unwrap_or_default() as u64),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Has the edge forget the session, also after this page is gone.
    pub(crate) async fn remove(&self) {
        drop(self.call("DELETE", "", None).await);
    }

    /// A request that is to be granted, and the value that answers it.
    async fn call(&self, method: &str, path: &str, body: Option<&JsValue>) -> Result<JsValue> {
        self.ask(method, path, body, &|| true).await?.granted()
    }

    /// A request, and what the edge says, as long as that is `wanted`.
    fn ask<'a>(
        &self,
        method: &str,
        path: &str,
        body: Option<&JsValue>,
        wanted: &'a dyn Fn() -> bool,
    ) -> impl Future<Output = Result<Answer>> + use<'a> {
        let url = ["/_vf/sessions/", self.id.as_str(), path].concat();
        let init = RequestInit::new();
        init.set_method(method);
        let authorized = Headers::new().and_then(|headers| {
            headers.set("authorization", &["Bearer ", &self.key].concat())?;
            init.set_headers(&headers);
            Ok(())
        });
        let mut limit = PATIENCE;
        if let Some(body) = body {
            let length = body.dyn_ref::<Blob>().map_or(0, |blob| blob.size() as u64);
            limit += length / SLOWEST;
            init.set_body(body);
        }
        let controller = AbortController::new();
        if let Ok(controller) = &controller {
            init.set_signal(Some(&controller.signal()));
        }
        if method == "DELETE" {
            // A property that the bindings do not know.
            drop(Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE));
        }
        async move {
            authorized.map_err(|_| broken())?;
            let window = web_sys::window().ok_or_else(broken)?;
            let answer = async {
                let fetched = patient(window.fetch_with_str_and_init(&url, &init), limit, wanted).await?;
                let response: Response = fetched
                    .and_then(|found| found.dyn_into().ok())
                    .ok_or_else(unreachable)?;
                let value = match response.status() {
                    204 => JsValue::UNDEFINED,
                    _ => patient(response.json().map_err(|_| broken())?, PATIENCE, wanted)
                        .await?
                        .ok_or_else(unserved)?,
                };
                Ok(Answer {
                    ok: response.ok(),
                    value,
                })
            }
            .await;
            if let (Err(_), Ok(controller)) = (&answer, &controller) {
                // Nothing more goes or comes where nobody waits for it.
                controller.abort();
            }
            answer
        }
    }
}

/// What a promise gives, or nothing where it rejects. Fails where it takes longer than `limit` milliseconds, or is not wanted
/// any more.
pub(crate) async fn patient(promise: Promise, limit: u64, wanted: &dyn Fn() -> bool) -> Result<Option<JsValue>> {
    let settled = Rc::new(Cell::new(false));
    let seen = settled.clone();
    let promise = future_to_promise(async move {
        let result = JsFuture::from(promise).await;
        seen.set(true);
        result
    });
    let mut waited = 0;
    loop {
        let found = channel::within(LOOK, promise.clone()).await;
        if found.is_some() || settled.get() {
            return Ok(found);
        }
        if !wanted() {
            return Err(Error::new(ErrorCode::Aborted, "The request was given up."));
        }
        waited += LOOK.unsigned_abs();
        if u64::from(waited) >= limit {
            return Err(unreachable());
        }
    }
}

/// What the edge says.
struct Answer {
    ok: bool,
    value: JsValue,
}

impl Answer {
    /// The value, or the error that it is.
    fn granted(self) -> Result<JsValue> {
        if self.ok {
            return Ok(self.value);
        }
        let code = get(&self.value, "code").as_string().and_then(|code| code.parse().ok());
        let message = get(&self.value, "message").as_string();
        Err(Error::new(code.ok_or_else(unserved)?, message.unwrap_or_default()))
    }
}

/// The hash of the hashes of a body's pieces.
async fn hash(body: &BlobBody) -> Result<[u8; 16]> {
    let (mut hashes, mut start) = (Vec::new(), 0);
    while start < body.len() {
        let end = body.len().min(start + PACK_BYTES);
        let piece = Uint8Array::new(&body.slice(start, end).bytes().await?.into()).to_vec();
        hashes.extend(pack::etag_of(&piece));
        start = end;
    }
    Ok(pack::etag_of(&hashes))
}

fn manifest<'a>(change: &'a Change<BlobBody>, hashes: &[[u8; 16]]) -> Manifest<'a> {
    Manifest {
        version: API_VERSION,
        mode: match change.mode {
            Mode::Merge => "merge",
            Mode::Replace => "replace",
        },
        deletes: change.deletes.iter().map(|path| path.as_str()).collect(),
        options: change.options.as_ref(),
        files: change
            .files
            .iter()
            .zip(hashes)
            .map(|(file, hash)| File {
                path: file.path.as_str(),
                media_type: &file.media_type,
                length: file.length,
                hash: FileInfo::hex(hash),
                modified: file.modified,
            })
            .collect(),
    }
}

fn broken() -> Error {
    Error::new(ErrorCode::Internal, "The edge could not be spoken to.")
}

fn unreachable() -> Error {
    Error::new(
        ErrorCode::EdgeUnavailable,
        "The edge that serves opaque previews could not be reached. Try again when the network is back.",
    )
}

fn unserved() -> Error {
    Error::new(
        ErrorCode::EdgeUnavailable,
        "This VFS origin has no edge that serves opaque previews. Deploy its Worker, or use isolation \"origin\".",
    )
}
