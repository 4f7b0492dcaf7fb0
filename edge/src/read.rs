//! Reading edge sessions: the index and small files in this Worker's memory, everything else from the session's object.
//!
//! Every read asks the object whether the index that is here is still right, so that it sees what was committed before.
//! What it keeps true: an answer is of one version; a file is never read as a whole where a part of it was asked for,
//! unless it is small enough to keep.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use virtual_files_core::cache::{Cache, Origin};
use virtual_files_core::config::Config;
use virtual_files_core::edge::EdgeRequest;
use virtual_files_core::edge::access::Read;
use virtual_files_core::index::{FileEntry, Index, PackId};
use virtual_files_core::path::FilePath;
use virtual_files_core::plan::Plan;
use virtual_files_core::session::SessionId;
use virtual_files_core::store::{Body, BytesBody};
use worker::{Date, Method, Request, RequestInit, Response, Stub, console_error};

use crate::internal::SESSION;
use crate::send::{Content, send};
use crate::settings::Settings;

/// What the memory holds, of the 128 MB that a Worker has with all that it does.
const L1_BYTES: u64 = 24 << 20;

/// Files up to this length are kept.
const SMALL_FILE_BYTES: u64 = 1 << 20;

/// A pack up to this length is fetched as a whole for one of its files: its neighbours are asked for next.
const SMALL_PACK_BYTES: u64 = 4 << 20;

/// For so long, others who want a file of a pack that is being fetched fetch that file alone. Requests do not wait for
/// each other: the runtime does not let one's answer come to another.
const FETCHING_MS: u64 = 5000;

/// The session changes between its index and its pack at most so often, or something is lost.
const TRIES: usize = 4;

thread_local! {
    static L1: RefCell<Cache<BytesBody>> = RefCell::new(Cache::new(L1_BYTES));
    static FETCHING: RefCell<BTreeMap<(SessionId, PackId), u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Answers a request that may be answered.
pub(crate) async fn answer(settings: &Settings, asked: &EdgeRequest<'_>, read: &Read<'_>) -> worker::Result<Response> {
    match find(settings, asked, read).await {
        Ok(response) => Ok(response),
        Err(error) => {
            console_error!("{error}");
            perform(read.internal_error(&settings.config, asked))
        }
    }
}

async fn find(settings: &Settings, asked: &EdgeRequest<'_>, read: &Read<'_>) -> worker::Result<Response> {
    let config: &Config = &settings.config;
    let session = Session {
        id: &read.id,
        stub: settings.sessions.get_by_name(read.id.as_str())?,
    };
    for _ in 0..TRIES {
        let index = session.index().await?;
        match read.answer(config, asked, index.as_deref()) {
            Plan::Serve {
                path,
                entry,
                status,
                range,
                with_body,
                headers,
            } => {
                if !with_body {
                    return send(status, &headers, Content::Head);
                }
                let Some(index) = &index else { break };
                if let Some(content) = session.content(index, path, entry, range).await? {
                    return send(status, &headers, content);
                }
            }
            plan => return perform(plan),
        }
    }
    Err("a session kept changing, or a part of it is lost".into())
}

/// A plan that needs no file's bytes.
fn perform(plan: Plan<'_>) -> worker::Result<Response> {
    match plan {
        Plan::Page { status, headers, body } => send(status, &headers, Content::page(status, body)),
        plan => send(plan.status(), plan.headers(), Content::None),
    }
}

/// A session, and the way to its object.
struct Session<'a> {
    id: &'a SessionId,
    stub: Stub,
}

impl Session<'_> {
    async fn ask(&self, path: &str) -> worker::Result<Response> {
        let headers = worker::Headers::new();
        headers.set(SESSION, self.id.as_str())?;
        let mut init = RequestInit::new();
        init.with_method(Method::Get).with_headers(headers);
        let request = Request::new_with_init(&format!("https://session.invalid/{path}"), &init)?;
        self.stub.fetch_with_request(request).await
    }

    /// The session's index as it is now.
    async fn index(&self) -> worker::Result<Option<Rc<Index>>> {
        let (ticket, known) = L1.with_borrow(|cache| {
            let known = cache.session(self.id.as_str()).map(|(index, _)| index.clone());
            (cache.ticket(), known)
        });
        let version = known.as_ref().map_or(0, |index| index.version());
        let mut answer = self.ask(&format!("index/{version}")).await?;
        match (answer.status_code(), known) {
            (204, Some(index)) => Ok(Some(index)),
            (200, _) => {
                let index = Index::decode(&answer.bytes().await?).map_err(|error| error.to_string())?;
                let index = Rc::new(index);
                L1.with_borrow_mut(|cache| cache.insert(self.id, ticket, index.clone(), Origin::Persisted));
                Ok(Some(index))
            }
            (404, known) => {
                if known.is_some() {
                    L1.with_borrow_mut(|cache| cache.remove(self.id));
                }
                Ok(None)
            }
            (status, _) => Err(format!("the session's object answered {status}").into()),
        }
    }

    /// The bytes of a file or of a part; nothing where its pack is gone.
    async fn content(
        &self,
        index: &Index,
        path: &str,
        entry: &FileEntry,
        range: Option<(u64, u64)>,
    ) -> worker::Result<Option<Content>> {
        let (start, end) = range.unwrap_or((0, entry.length));
        let part = |file: &BytesBody| Content::Bytes(file.slice(start, end).as_bytes().to_vec());
        if entry.length == 0 {
            return Ok(Some(Content::Bytes(Vec::new())));
        }
        if entry.length > SMALL_FILE_BYTES {
            let answer = self.bytes(entry.pack, entry.offset + start, entry.offset + end).await?;
            return Ok(answer.map(|answer| Content::Passed(answer.into_parts().1)));
        }
        if let Some(file) = L1.with_borrow(|cache| cache.slice(self.id.as_str(), path, entry)) {
            return Ok(Some(part(&file)));
        }
        let pack = index.pack(entry.pack).map_or(u64::MAX, |pack| pack.length);
        if pack <= SMALL_PACK_BYTES && self.takes_pack(entry.pack) {
            let answer = self.bytes(entry.pack, 0, pack).await;
            self.lets_go(entry.pack);
            let Some(mut answer) = answer? else {
                return Ok(None);
            };
            let bytes = answer.bytes().await?;
            self.keep_all(index, entry.pack, &bytes);
            return Ok(slice(&bytes, entry.offset, entry.length).map(|file| part(&file)));
        }
        let Some(mut answer) = self
            .bytes(entry.pack, entry.offset, entry.offset + entry.length)
            .await?
        else {
            return Ok(None);
        };
        let file = BytesBody::from(answer.bytes().await?);
        if file.len() != entry.length {
            return Ok(None);
        }
        if let Ok(path) = FilePath::parse(path) {
            L1.with_borrow_mut(|cache| cache.insert_slice(self.id, &path, entry, file.clone()));
        }
        Ok(Some(part(&file)))
    }

    async fn bytes(&self, pack: PackId, start: u64, end: u64) -> worker::Result<Option<Response>> {
        let answer = self.ask(&format!("pack/{}/{start}/{end}", pack.0)).await?;
        match answer.status_code() {
            200 => Ok(Some(answer)),
            404 => Ok(None),
            status => Err(format!("the session's object answered {status}").into()),
        }
    }

    /// Keeps every small file of a pack. Each has its own copy: a slice would hold on to the whole pack.
    fn keep_all(&self, index: &Index, pack: PackId, bytes: &[u8]) {
        L1.with_borrow_mut(|cache| {
            for (path, entry) in index.iter().filter(|(_, entry)| entry.pack == pack) {
                if let Some(file) = slice(bytes, entry.offset, entry.length)
                    && entry.length <= SMALL_FILE_BYTES
                {
                    cache.insert_slice(self.id, path, entry, file);
                }
            }
        });
    }

    /// Whether nobody else is fetching the pack; from now on, the caller is.
    fn takes_pack(&self, pack: PackId) -> bool {
        let now = Date::now().as_millis();
        FETCHING.with_borrow_mut(|fetching| {
            // A request that the client gave up never lets go.
            fetching.retain(|_, since| now.saturating_sub(*since) < FETCHING_MS);
            let key = (self.id.clone(), pack);
            let free = !fetching.contains_key(&key);
            if free {
                fetching.insert(key, now);
            }
            free
        })
    }

    fn lets_go(&self, pack: PackId) {
        FETCHING.with_borrow_mut(|fetching| fetching.remove(&(self.id.clone(), pack)));
    }
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> Option<BytesBody> {
    let (start, end) = (offset as usize, offset.checked_add(length)? as usize);
    bytes.get(start..end).map(BytesBody::from)
}
