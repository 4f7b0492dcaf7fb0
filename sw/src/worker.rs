//! The worker itself: from a request to its answer, at once where the cache has what it takes, else by way of
//! IndexedDB or a hub.

use crate::convert::{self, JsResult, Payload};
use crate::held::Held;
use crate::hubs;
use js_sys::Promise;
use std::cell::RefCell;
use std::rc::Rc;
use virtual_files_core::cache::{Cache, Origin, Ticket};
use virtual_files_core::config::{Config, Layout};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::http::asked::{Asked, client_path};
use virtual_files_core::http::{Headers, Request};
use virtual_files_core::index::{FileEntry, Index, PackId};
use virtual_files_core::map::Map;
use virtual_files_core::path::FilePath;
use virtual_files_core::plan::{self, Plan};
use virtual_files_core::protocol::{self, Snapshot, ToWorker, WorkerStats};
use virtual_files_core::route::{self, Route};
use virtual_files_core::session::SessionId;
use virtual_files_core::store::Store;
use virtual_files_store::{BlobBody, IndexedDbStore};
use virtual_files_web::asked;
use virtual_files_web::{channel, envelope, is_webkit, now};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Client, Response, ServiceWorkerGlobalScope};

/// What the cache may account for, in bytes. Bodies are handles to what the browser holds, mostly on disk.
const CACHE_BYTES: u64 = 256 << 20;

/// How many clients, and how many memory sessions, are remembered before all are forgotten: they can be asked for again.
const MAX_CLIENTS: usize = 1_000;

/// How long the browser may take to tell of a client, in milliseconds.
const PATIENCE: i32 = 250;

type Packs = Vec<(PackId, BlobBody)>;

/// A memory session, whole.
type Replica = (Rc<Index>, Packs);

/// A session as a request finds it. The packs are those that came with the index, for a request that the cache refused
/// to keep them for.
struct Found {
    index: Rc<Index>,
    packs: Packs,
}

impl Found {
    fn cached(index: Rc<Index>) -> Self {
        Self {
            index,
            packs: Vec::new(),
        }
    }
}

/// Versions that this worker was told of. It may have started since others, so they prove nothing by themselves.
#[derive(Clone, Copy, Default)]
struct Heard {
    /// The newest that was put in a hub's memory.
    put: u64,
    /// The last that was deleted: a hub that is behind may still offer it.
    removed: u64,
    /// How often hubs have left the session since it was last known that some hub has it.
    left: u32,
}

impl Heard {
    /// Whether, as far as this worker was told, no hub has a version that counts.
    fn is_gone(self) -> bool {
        self.removed > 0 && self.put <= self.removed
    }
}

/// The state of one wasm instance.
pub(crate) struct Worker {
    config: Config,
    scope: ServiceWorkerGlobalScope,
    /// WebKit's workers lose the body of a Blob behind a redirect of theirs: often where it is answered at once, now and
    /// then where it is not. There, only what needs a redirect gets one, and no answer that may be behind one is hurried. And
    /// a module that is there early does not wait for its document's style sheets.
    is_webkit: bool,
    origin: String,
    hostname: String,
    store: IndexedDbStore,
    cache: RefCell<Cache<Held>>,
    /// Client ids and the paths of their URLs, if those are of this origin and name a path at all.
    clients: RefCell<Map<String, Option<String>>>,
    /// What this worker was told of memory sessions, and of deleted ones of either kind.
    heard: RefCell<Map<SessionId, Heard>>,
    /// When this worker last noted that a session is used.
    touched: RefCell<Map<SessionId, u64>>,
    started: u64,
}

impl Worker {
    pub(crate) fn new(config: Config) -> Self {
        let scope: ServiceWorkerGlobalScope = js_sys::global().unchecked_into();
        let location = scope.location();
        let worker = Self {
            config,
            is_webkit: is_webkit(),
            origin: location.origin(),
            hostname: location.hostname(),
            scope,
            store: IndexedDbStore::default(),
            cache: RefCell::new(Cache::new(CACHE_BYTES)),
            clients: RefCell::default(),
            heard: RefCell::default(),
            touched: RefCell::default(),
            started: now(),
        };
        worker.open_early();
        worker
    }

    /// Opens the database beside whatever comes first, as nearly every answer after a start needs it.
    fn open_early(&self) {
        let store = self.store.clone();
        // A failure shows again, and is answered, where the store is needed.
        wasm_bindgen_futures::spawn_local(async move { drop(store.probe().await) });
    }

    /// A `Response`, a promise of one, or `undefined` for the network.
    pub(crate) fn respond(self: &Rc<Self>, request: web_sys::Request, client: String, resulting: String) -> JsValue {
        let asked = asked::read(&request, &self.origin);
        if !resulting.is_empty() {
            // The document or worker that this request makes will be at this very URL: redirects ask again.
            self.remember(resulting, Some(asked.path.clone()));
        }
        // In the origin layout the host name says it all, but for the paths of the VFS origin's own assets.
        let shared = self.config.layout(&self.hostname) == Layout::Shared;
        let who = if asked.navigate || !(shared || route::is_reserved(&asked.path)) {
            Some(None)
        } else {
            self.clients.borrow().get(&client).cloned()
        };
        if let Some(client) = &who
            && let Some(answer) = self.answer_now(&asked, client.as_deref())
        {
            return answer;
        }
        let this = self.clone();
        future_to_promise(async move {
            let client = match who {
                Some(client) => client,
                None => this.client_path(client).await,
            };
            this.answer(&asked, client.as_deref()).await
        })
        .into()
    }

    /// The path of a client's URL. A client without one of its own (`about:srcdoc`, `blob:`) has none.
    async fn client_path(&self, id: String) -> Option<String> {
        if id.is_empty() {
            return None;
        }
        // Firefox tells of a client only once it has loaded, which may be after the answer that is asked for here.
        let client = channel::within(PATIENCE, self.scope.clients().get(&id)).await?;
        let path = client_path(&client.dyn_into::<Client>().ok()?.url(), &self.origin);
        self.remember(id, path.clone());
        path
    }

    /// Learns of a client that an answer has made which was not given here.
    pub(crate) fn made(&self, client: String, url: &str) {
        self.remember(client, client_path(url, &self.origin));
    }

    fn remember(&self, client: String, path: Option<String>) {
        let mut clients = self.clients.borrow_mut();
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        clients.insert(client, path);
    }

    fn request<'a>(&'a self, asked: &'a Asked, client: Option<&'a str>) -> Request<'a> {
        Request {
            may_redirect: !self.is_webkit || asked.makes_client(),
            preload: !self.is_webkit,
            ..asked.request(&self.hostname, client.or(asked.referrer.as_deref()))
        }
    }

    /// The answer, if the cache has all that it takes.
    fn answer_now(&self, asked: &Asked, client: Option<&str>) -> Option<JsValue> {
        let request = self.request(asked, client);
        let (id, path) = match route::route(&self.config, &request) {
            Route::Session { id, path } => (id, path),
            route => return self.unrouted(&request, route).ok(),
        };
        // A navigation looks at the store first; see `find`.
        let (index, origin) = self.certain(&id)?;
        if asked.navigate && origin == Origin::Persisted {
            return None;
        }
        match plan::plan(&self.config, &request, path, Some(&index)) {
            Plan::Serve {
                path,
                entry,
                status,
                range,
                with_body: true,
                headers,
            } => {
                if self.is_webkit && request.may_redirect {
                    return None;
                }
                let slice = self.cache.borrow().slice(id.as_str(), path, entry)?;
                serve(status, &headers, &slice, entry, range).ok()
            }
            plan => perform(&plan).ok(),
        }
        .map(Into::into)
    }

    /// The answer where no session is asked for.
    fn unrouted(&self, request: &Request<'_>, route: Route<'_>) -> JsResult<JsValue> {
        let plan = match route {
            Route::Network => return Ok(JsValue::UNDEFINED),
            Route::Redirect { status, location } => plan::redirect(&self.config, status, location),
            _ => plan::not_found(&self.config, request),
        };
        perform(&plan).map(Into::into)
    }

    async fn answer(&self, asked: &Asked, client: Option<&str>) -> JsResult<JsValue> {
        let request = self.request(asked, client);
        let (id, path) = match route::route(&self.config, &request) {
            Route::Session { id, path } => (id, path),
            route => return self.unrouted(&request, route),
        };
        let response = match self.session_answer(&request, &id, path).await {
            Ok(response) => response,
            Err(error) if error.code() == ErrorCode::Internal => {
                perform(&plan::internal_error(&self.config, &request))?
            }
            Err(error) => perform(&plan::unavailable(&self.config, &request, error.code()))?,
        };
        Ok(response.into())
    }

    async fn session_answer(&self, request: &Request<'_>, id: &SessionId, path: &str) -> Result<Response> {
        let unmade = |_| Error::new(ErrorCode::Internal, "The browser could not make a response.");
        // The session may change between its index and its pack: then both are read again, and the answer is of one
        // version.
        for _ in 0..4 {
            let found = self.find(id, request.navigate).await?;
            if found.is_none() && !self.heard(id).is_gone() && hubs::all(&self.scope).await.is_empty() {
                // The one that has it in memory may come back.
                return Err(Error::new(ErrorCode::NotFound, ""));
            }
            let index = found.as_ref().map(|found| &*found.index);
            if request.navigate
                && let Some(index) = index
                && self.touch(id, index).await
            {
                // It may just have expired.
                continue;
            }
            match plan::plan(&self.config, request, path, index) {
                Plan::Serve {
                    path,
                    entry,
                    status,
                    range,
                    with_body: true,
                    headers,
                } => {
                    let Some(found) = &found else { break };
                    if let Some(slice) = self.slice(id, found, path, entry).await? {
                        if self.is_webkit && request.may_redirect {
                            channel::pause(0).await;
                        }
                        return serve(status, &headers, &slice, entry, range).map_err(unmade);
                    }
                    let mut cache = self.cache.borrow_mut();
                    let stale = cache
                        .session(id.as_str())
                        .is_some_and(|(index, _)| Rc::ptr_eq(index, &found.index));
                    if stale {
                        cache.remove(id);
                    }
                }
                plan => return perform(&plan).map_err(unmade),
            }
        }
        Err(Error::new(
            ErrorCode::StorageUnavailable,
            "The session kept changing, or a part of it is lost.",
        ))
    }

    /// Notes that a session is used, where that was not noted for long: what nobody uses expires. Tells whether it may have.
    async fn touch(&self, id: &SessionId, index: &Index) -> bool {
        let now = now();
        let before = now.saturating_sub(self.config.use_interval());
        let noted = self.touched.borrow().get(id).copied().unwrap_or_default();
        if noted.max(index.used()) >= before {
            return false;
        }
        self.touched.borrow_mut().insert(id.clone(), now);
        self.store.touch(id, now, before).await.is_ok()
    }

    /// The session's index, where the cache has it, no change of the session is under way, and hubs have it that lives there.
    fn certain(&self, id: &SessionId) -> Option<(Rc<Index>, Origin)> {
        let cache = self.cache.borrow();
        let (index, origin) = cache
            .session(id.as_str())
            .filter(|_| !cache.is_uncertain(id.as_str()))?;
        let held = origin == Origin::Persisted || self.heard(id).left == 0;
        held.then(|| (index.clone(), origin))
    }

    /// After hubs have left a memory session: forgets it where none is left that has it.
    async fn settle(&self, id: &SessionId) {
        let left = self.heard(id).left;
        if left == 0 {
            return;
        }
        let held = hubs::holders(id).await.is_some_and(|holders| holders > 0);
        if !held {
            self.cache.borrow_mut().end(id, 0, None);
        }
        self.hear_of(id.clone(), |heard| heard.left -= left.min(heard.left));
    }

    /// The session: from the cache, from IndexedDB, or from a hub.
    ///
    /// `verify` compares a stored session's version with the store's in any case: a hub may have died in a change that
    /// this worker was never told of, having been stopped in the middle of it.
    async fn find(&self, id: &SessionId, verify: bool) -> Result<Option<Found>> {
        self.settle(id).await;
        if let Some((index, origin)) = self.certain(id)
            && !(verify && origin == Origin::Persisted)
        {
            return Ok(Some(Found::cached(index)));
        }
        let ticket = self.cache.borrow().ticket();
        let cached = self
            .cache
            .borrow()
            .session(id.as_str())
            .map(|(index, origin)| (index.clone(), origin));
        match cached {
            // Announced to change: what is cached holds as long as the store still has that version.
            Some((index, Origin::Persisted)) => {
                if self.store.version(id).await? == Some(index.version()) {
                    return Ok(Some(Found::cached(index)));
                }
                self.cache.borrow_mut().drop_index(id);
            }
            Some((_, Origin::Memory)) => self.cache.borrow_mut().drop_index(id),
            None => {}
        }
        let stored = match self.store.index(id).await {
            Ok(Some(index)) => {
                let index = Rc::new(index);
                self.cache
                    .borrow_mut()
                    .insert(id, ticket, index.clone(), Origin::Persisted);
                return Ok(Some(Found::cached(index)));
            }
            stored => stored.map(drop),
        };
        match self.recall(id).await? {
            Some((index, packs)) => {
                let index = Rc::new(index);
                self.adopt(id, ticket, index.clone(), &packs);
                Ok(Some(Found { index, packs }))
            }
            // Without IndexedDB, sessions live in the hubs: there is no telling that this one is nowhere.
            None => stored.map(|()| None),
        }
    }

    /// A memory session from the hubs, unless it is one that has been deleted.
    async fn recall(&self, id: &SessionId) -> Result<Option<hubs::Replica>> {
        let replica = match hubs::recall(&self.scope, id).await {
            // A hub may be too busy to tell that it has nothing any more.
            Err(_) if self.heard(id).is_gone() => None,
            replica => replica?,
        };
        Ok(replica.filter(|(index, _)| index.version() > self.heard(id).removed))
    }

    fn heard(&self, id: &SessionId) -> Heard {
        self.heard.borrow().get(id).copied().unwrap_or_default()
    }

    /// Whether a memory session's version is older than the one here, or deleted.
    fn is_past(&self, id: &SessionId, version: u64) -> bool {
        let cache = self.cache.borrow();
        let cached = cache.session(id.as_str());
        let newer = cached.is_some_and(|(index, origin)| origin == Origin::Memory && index.version() > version);
        newer || version <= self.heard(id).removed
    }

    fn hear_of(&self, id: SessionId, what: impl FnOnce(&mut Heard)) {
        let mut heard = self.heard(&id);
        what(&mut heard);
        let mut all = self.heard.borrow_mut();
        if all.len() >= MAX_CLIENTS {
            all.clear();
        }
        all.insert(id, heard);
    }

    /// Keeps a memory session.
    fn adopt(&self, id: &SessionId, ticket: Ticket, index: Rc<Index>, packs: &Packs) {
        let mut cache = self.cache.borrow_mut();
        if cache.insert(id, ticket, index, Origin::Memory) {
            for (pack, body) in packs {
                cache.insert_pack(id, *pack, Held::pack(body.clone()));
            }
        }
    }

    /// A file's bytes. `None` where its pack is gone, which is the session's having changed since the index was read.
    async fn slice(&self, id: &SessionId, found: &Found, path: &str, entry: &FileEntry) -> Result<Option<Held>> {
        let kept = self.cache.borrow().slice(id.as_str(), path, entry);
        if kept.is_some() {
            return Ok(kept);
        }
        let in_memory = || matches!(self.cache.borrow().session(id.as_str()), Some((_, Origin::Memory)));
        let cached = || self.cache.borrow().pack(id.as_str(), entry.pack);
        let recalled = found.packs.iter().find(|(pack, _)| *pack == entry.pack);
        let pack = match recalled.map_or_else(cached, |(_, pack)| Some(Held::pack(pack.clone()))) {
            Some(pack) => Some(pack),
            // The hub has it still: the caller asks there.
            None if in_memory() => None,
            None => self.store.pack(id, entry.pack).await?.map(Held::pack),
        };
        let Some(pack) = pack else { return Ok(None) };
        let slice = pack
            .part(entry.offset, entry.offset.saturating_add(entry.length))
            .ok_or_else(|| Error::new(ErrorCode::Internal, "A pack is shorter than its files."))?;
        let mut cache = self.cache.borrow_mut();
        cache.insert_pack(id, entry.pack, pack);
        if let Ok(path) = FilePath::parse(path) {
            cache.insert_slice(id, &path, entry, slice.clone());
        }
        Ok(Some(slice))
    }

    /// Takes a hub's message; the promise gives its answer, or rejects with an error's code.
    pub(crate) fn message(self: &Rc<Self>, envelope: JsValue) -> Promise {
        let this = self.clone();
        future_to_promise(async move {
            let answer = this.hear(&envelope).await;
            answer.map_err(|error| JsValue::from_str(error.code().as_str()))
        })
    }

    async fn hear(&self, message: &JsValue) -> Result<JsValue> {
        match protocol::decode(&envelope::message(message)?)? {
            ToWorker::Begin { session, token } => self.cache.borrow_mut().begin(&session, token),
            ToWorker::End {
                session,
                token,
                version,
            } => self.cache.borrow_mut().end(&session, token, version),
            ToWorker::Gone {
                session,
                token,
                version,
            } => {
                self.cache.borrow_mut().end(&session, token, None);
                self.hear_of(session, |heard| heard.removed = version.max(heard.removed));
            }
            ToWorker::Adopt {
                session,
                token,
                index,
                packs: ids,
            } => {
                let packs = envelope::packs(message).into_iter().map(BlobBody::new);
                let packs = ids.into_iter().map(PackId).zip(packs).collect();
                let index = Index::decode(&index)?;
                let put = index.version();
                // Each hub sends its changes in order, but two hubs' messages, or one that was sent again, may come late.
                let past = self.is_past(&session, put);
                // Whatever is being read of an older state is old from now on.
                let ticket = {
                    let mut cache = self.cache.borrow_mut();
                    let version = if past {
                        cache.session(session.as_str()).map(|(index, _)| index.version())
                    } else {
                        Some(put)
                    };
                    cache.end(&session, token, version);
                    cache.ticket()
                };
                if past {
                    return Ok(JsValue::UNDEFINED);
                }
                self.adopt(&session, ticket, Rc::new(index), &packs);
                self.hear_of(session, |heard| {
                    heard.put = put.max(heard.put);
                    heard.left = 0;
                });
            }
            ToWorker::Left { session } => self.hear_of(session, |heard| heard.left += 1),
            ToWorker::Recall { session } => return self.recalled(&session).await,
            ToWorker::IsOpen { session } => return Ok(hubs::is_open(&self.scope, &session).await.into()),
            ToWorker::Stats => return Ok(envelope::seal(&protocol::encode(&self.stats()), std::iter::empty())),
        }
        Ok(JsValue::UNDEFINED)
    }

    /// A memory session for a hub that joins it.
    async fn recalled(&self, session: &SessionId) -> Result<JsValue> {
        self.settle(session).await;
        let replica = match self.replica(session) {
            Some(replica) => Some(replica),
            None => self
                .recall(session)
                .await?
                .map(|(index, packs)| (Rc::new(index), packs)),
        };
        let removed = self.heard(session).removed;
        let (snapshot, packs) = match replica {
            Some((index, packs)) => {
                let ids = packs.iter().map(|(id, _)| id.0).collect();
                (
                    Snapshot {
                        index: Some(index.encode()),
                        packs: ids,
                        removed,
                    },
                    packs,
                )
            }
            None => {
                let snapshot = Snapshot {
                    removed,
                    ..Snapshot::default()
                };
                (snapshot, Vec::new())
            }
        };
        Ok(envelope::seal(
            &protocol::encode(&snapshot),
            packs.iter().map(|(_, body)| body.blob()),
        ))
    }

    /// A memory session with all its packs, if the cache still has every one.
    fn replica(&self, session: &SessionId) -> Option<Replica> {
        let cache = self.cache.borrow();
        let (index, _) = cache
            .session(session.as_str())
            .filter(|(_, origin)| *origin == Origin::Memory)?;
        let packs = index
            .packs()
            .map(|(id, _)| cache.pack(session.as_str(), id).map(|pack| (id, pack.blob().clone())));
        Some((index.clone(), packs.collect::<Option<_>>()?))
    }

    fn stats(&self) -> WorkerStats {
        let stats = self.cache.borrow().stats();
        WorkerStats {
            sessions: stats.sessions as u32,
            files: stats.files as u32,
            bytes: stats.bytes,
            hits: stats.hits,
            misses: stats.misses,
            started: self.started,
        }
    }
}

/// A file, or a part of it.
fn serve(
    status: u16,
    headers: &Headers<'_>,
    slice: &Held,
    entry: &FileEntry,
    range: Option<(u64, u64)>,
) -> JsResult<Response> {
    let part = range.filter(|range| *range != (0, entry.length));
    match part {
        Some((start, end)) => slice.part(start, end).ok_or(JsValue::NULL)?.answer(status, headers),
        None => slice.answer(status, headers),
    }
}

/// A plan that needs no file's bytes.
fn perform(plan: &Plan<'_>) -> JsResult<Response> {
    match plan {
        Plan::Page { status, headers, body } => convert::response(*status, headers, &Payload::Text(body)),
        plan => convert::response(plan.status(), plan.headers(), &Payload::Nothing),
    }
}
