//! The sessions of this origin: in IndexedDB or in this page, and how a change of either reaches the worker.
//!
//! A change is announced before it is made (the worker then asks the store, or the hubs, at every request) and again after,
//! with the new version. A session in memory is sent whole, since its hub is its store; a hub that joins such a session
//! first takes over what the worker or another hub has of it, and hubs that have it follow each other's changes. All
//! changes of a session are made under its lock.

use crate::abort::Abort;
use crate::locks::{Holding, exclusive};
use crate::modules;
use crate::recent::Recent;
use crate::worker::Worker;
use js_sys::{Object, Promise};
use std::cell::RefCell;
use std::rc::Rc;
use virtual_files_core::change::{Applied, Change};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::index::{Index, PackId};
use virtual_files_core::map::Map;
use virtual_files_core::path::FilePath;
use virtual_files_core::protocol::{self, CHANGES_CHANNEL, Snapshot, Storage, ToWorker, holder_lock, open_lock};
use virtual_files_core::session::SessionId;
use virtual_files_core::store::{Body, MemoryStore, SessionInfo, Store};
use virtual_files_store::{BlobBody, IndexedDbStore};
use virtual_files_web::{envelope, locks, random_bytes};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::BroadcastChannel;

/// A session that a page has open.
struct Open {
    /// Tells the other hubs so.
    lock: Option<Holding>,
    /// When the use of it was noted last, and what settles when it was.
    noted: u64,
    noting: Promise,
}

/// What a change came to.
pub(crate) struct Changed {
    pub(crate) applied: Applied,
    pub(crate) storage: Storage,
    /// Why a session that should be stored is in memory.
    pub(crate) degraded: Option<String>,
}

/// Both kinds of sessions.
pub(crate) struct Sessions {
    pub(crate) stored: IndexedDbStore,
    pub(crate) memory: MemoryStore<BlobBody>,
    /// What requests were answered of.
    pub(crate) recent: Recent,
    worker: Rc<Worker>,
    /// Where the hubs of all tabs hear each other.
    pub(crate) changes: Option<BroadcastChannel>,
    /// What this hub has open, which does not expire.
    open: RefCell<Map<SessionId, Open>>,
    /// What tells the workers that this hub has a memory session.
    holdings: RefCell<Map<SessionId, Option<Holding>>>,
    /// Why IndexedDB cannot be had.
    refused: RefCell<Option<Error>>,
}

impl Sessions {
    pub(crate) fn new(worker: Rc<Worker>) -> Self {
        let (recent, changes) = (Recent::default(), BroadcastChannel::new(CHANGES_CHANNEL).ok());
        if changes.is_none() {
            recent.deafen();
        }
        Self {
            stored: IndexedDbStore::default(),
            memory: MemoryStore::default(),
            recent,
            worker,
            changes,
            open: RefCell::default(),
            holdings: RefCell::default(),
            refused: RefCell::default(),
        }
    }

    /// Finds out whether there is an IndexedDB.
    pub(crate) async fn probe(&self) {
        let refused = self.stored.probe().await.err();
        self.refused.replace(refused);
    }

    /// Why IndexedDB cannot be had, if it cannot.
    pub(crate) fn refused(&self) -> Option<Error> {
        self.refused.borrow().clone()
    }

    /// Where a session is, if it is anywhere. A memory session's newest state is in this page afterwards.
    async fn find(&self, session: &SessionId) -> Result<Option<Storage>> {
        match self.find_or_removed(session).await {
            // A worker of another release says nothing of newer states. What is here can be read, and kept by its owner.
            Err(error)
                if error.code() == ErrorCode::VersionMismatch && self.memory.version(session).await?.is_some() =>
            {
                Ok(Some(Storage::Memory))
            }
            found => found.map(|(found, _)| found),
        }
    }

    /// The same, and the last version that was deleted, as far as the worker was told; else 0.
    async fn find_or_removed(&self, session: &SessionId) -> Result<(Option<Storage>, u64)> {
        let stored = self.refused.borrow().is_none() && self.memory.version(session).await?.is_none();
        if stored && self.stored.version(session).await?.is_some() {
            return Ok((Some(Storage::IndexedDb), 0));
        }
        let removed = self.recall(session).await?;
        let found = self.memory.version(session).await?.map(|_| Storage::Memory);
        Ok((found, removed))
    }

    /// Takes over a memory session from the worker, or through it from another tab's hub, where theirs is newer. Gives the
    /// last version that was deleted, or 0.
    async fn recall(&self, session: &SessionId) -> Result<u64> {
        let message = ToWorker::Recall {
            session: session.clone(),
        };
        let Some(answer) = self.worker.ask(&message, &[]).await? else {
            return Ok(0);
        };
        let bytes = envelope::message(&answer)?;
        let snapshot: Snapshot = protocol::decode(&bytes)?;
        let mine = self.memory.version(session).await?;
        if mine.is_some_and(|mine| mine <= snapshot.removed) {
            self.drop_memory(session).await;
        }
        if let Some(index) = snapshot.index {
            let index = Index::decode(&index)?;
            if mine.is_none_or(|mine| mine < index.version()) {
                let packs = envelope::packs(&answer).into_iter().map(BlobBody::new);
                let ids = snapshot.packs.into_iter().map(PackId);
                self.memory.adopt(session.clone(), index, ids.zip(packs).collect());
                self.hold(session).await;
            }
        }
        Ok(snapshot.removed)
    }

    /// Has the session open from now on, and notes that it is used where that was not noted since `before`. Whoever opens it
    /// meanwhile waits for that, too: what is asked first is done first.
    pub(crate) async fn open(self: &Rc<Self>, session: &SessionId, now: u64, before: u64) {
        let known = self.open.borrow_mut().remove(session);
        let (lock, noted) = known.map_or((None, None), |open| (open.lock, Some((open.noted, open.noting))));
        let lock = lock.or_else(|| {
            let (lock, held) = Holding::new(&open_lock(session))?;
            let held = JsFuture::from(held);
            // It is asked for, and whoever looks later finds it.
            spawn_local(async move { drop(held.await) });
            Some(lock)
        });
        let (noted, noting) = noted.filter(|(noted, _)| *noted >= before).unwrap_or_else(|| {
            let (this, session) = (self.clone(), session.clone());
            let noting = future_to_promise(async move {
                if this.refused.borrow().is_none() {
                    // Where that fails, the session cannot be read either, which is told.
                    drop(this.stored.touch(&session, now, before).await);
                }
                Ok(JsValue::UNDEFINED)
            });
            (now, noting)
        });
        let open = Open {
            lock,
            noted,
            noting: noting.clone(),
        };
        self.open.borrow_mut().insert(session.clone(), open);
        drop(JsFuture::from(noting).await);
    }

    /// Does not have the session open any more.
    pub(crate) fn close(&self, session: &SessionId) {
        self.recent.forget(session);
        self.open.borrow_mut().remove(session);
    }

    /// Whether this page or the store has the session; no other page is asked.
    pub(crate) async fn has(&self, session: &SessionId) -> bool {
        matches!(self.memory.version(session).await, Ok(Some(_)))
            || matches!(self.stored.version(session).await, Ok(Some(_)))
    }

    /// Deletes what is stored and was last used before `before`, but for what any page has open; what is found so for the
    /// first time is looked at again, after `patience` milliseconds at least. `announcer` gives what is called with the version
    /// of a session that is deleted.
    pub(crate) async fn expire<A: FnOnce(u64) + 'static>(
        self: &Rc<Self>,
        (now, before, patience): (u64, u64, u64),
        announcer: impl Fn(SessionId) -> A,
    ) -> Result<()> {
        let mut result = Ok(());
        for info in self.stored.list().await? {
            if info.used >= before {
                continue;
            }
            let (this, id, announce) = (self.clone(), info.id.clone(), announcer(info.id.clone()));
            let work = async move {
                if this.is_open(&id).await? {
                    return this.stored.touch(&id, now, before).await;
                }
                let token = this.begin(&id).await?;
                let expired = this.stored.expire(&id, now, before, patience).await;
                match expired {
                    Ok(true) => {
                        announce(info.version);
                        this.gone(&id, token, info.version).await;
                    }
                    _ => this.end(&id, token, None).await,
                }
                expired.map(drop)
            };
            // The others have their turn where one fails.
            result = exclusive(&info.id, None, work).await.and(result);
        }
        result
    }

    /// Whether any page has a session open; also where that cannot be told.
    async fn is_open(&self, session: &SessionId) -> Result<bool> {
        if locks::held(&open_lock(session)).await != Some(0) {
            return Ok(true);
        }
        let asked = ToWorker::IsOpen {
            session: session.clone(),
        };
        let is_open = self.worker.ask(&asked, &[]).await?;
        Ok(is_open.is_some_and(|open| open.as_bool() != Some(false)))
    }

    /// Lets the workers know that this page has the session.
    async fn hold(&self, session: &SessionId) {
        if !self.holdings.borrow().contains_key(session) {
            let holding = match Holding::new(&holder_lock(session)) {
                Some((holding, held)) => JsFuture::from(held).await.ok().map(|_| holding),
                None => None,
            };
            self.holdings.borrow_mut().insert(session.clone(), holding);
        }
    }

    async fn drop_memory(&self, session: &SessionId) {
        // Removing what is in memory cannot fail.
        drop(self.memory.remove(session).await);
        self.recent.forget(session);
        self.holdings.borrow_mut().remove(session);
    }

    /// What this page has of a memory session, for the worker.
    pub(crate) fn snapshot(&self, session: &SessionId) -> JsValue {
        match self.memory.snapshot(session) {
            Some((index, packs)) => {
                let ids = packs.iter().map(|(id, _)| id.0).collect();
                let snapshot = Snapshot {
                    index: Some(index.encode()),
                    packs: ids,
                    removed: 0,
                };
                envelope::seal(&protocol::encode(&snapshot), packs.iter().map(|(_, pack)| pack.blob()))
            }
            None => envelope::seal(&protocol::encode(&Snapshot::default()), std::iter::empty()),
        }
    }

    /// Makes a change, and returns when the worker knows of it. `abort` is looked at for the last time just before
    /// the change is written. A session that is not there is made in `storage`, if one is given; else nothing is changed.
    pub(crate) async fn change(
        self: &Rc<Self>,
        session: SessionId,
        storage: Option<Storage>,
        mut change: Change<BlobBody>,
        abort: Abort,
    ) -> Result<Option<Changed>> {
        let this = self.clone();
        let id = session.clone();
        let signal = abort.signal();
        let changed = exclusive(&session, signal.as_ref(), async move {
            let (found, removed) = this.find_or_removed(&id).await?;
            // The change was made ready before others': what is made again must be newer than what they deleted.
            change.now = change.now.max(removed / 1_000 + 1);
            let refused = this.refused();
            let wanted = storage.map(|storage| if refused.is_some() { Storage::Memory } else { storage });
            let Some(target) = found.or(wanted) else {
                return Ok(None);
            };
            let degraded = match (storage, target, refused) {
                (Some(Storage::IndexedDb), Storage::Memory, Some(error)) => Some(error.message().to_owned()),
                _ => None,
            };
            modules::read(&mut change, &abort).await;
            abort.check()?;
            let applied = match target {
                Storage::IndexedDb => {
                    let token = this.begin(&id).await?;
                    let applied = match abort.check() {
                        Ok(()) => this.stored.apply(&id, change).await,
                        given_up => given_up.map(|()| Applied::default()),
                    };
                    // Where nothing was changed, the worker finds the version out by itself.
                    let version = applied.as_ref().ok().map(|applied| applied.version);
                    this.end(&id, token, version).await;
                    applied?
                }
                Storage::Memory => {
                    // Nothing is changed where the worker does not hear of it.
                    let token = this.begin(&id).await?;
                    let applied = this.memory.apply(&id, change).await;
                    match applied.is_ok() {
                        true => {
                            this.hold(&id).await;
                            this.publish(&id, token).await;
                        }
                        false => this.end(&id, token, None).await,
                    }
                    applied?
                }
            };
            Ok(Some(Changed {
                applied,
                storage: target,
                degraded,
            }))
        })
        .await?;
        if let Some(changed) = &changed {
            self.compact_later(session, changed.storage);
        }
        Ok(changed)
    }

    /// Deletes a session, wherever it is. Gives the version that was deleted. `announce` is told of it while nobody else
    /// can change the session: who hears of it drops what is not newer.
    pub(crate) async fn remove(
        self: &Rc<Self>,
        session: SessionId,
        announce: impl FnOnce(u64) + 'static,
    ) -> Result<Option<u64>> {
        let this = self.clone();
        let id = session.clone();
        exclusive(&session, None, async move {
            let Some(storage) = this.find(&id).await? else {
                return Ok(None);
            };
            let version = match storage {
                Storage::IndexedDb => this.stored.version(&id).await?,
                Storage::Memory => this.memory.version(&id).await?,
            };
            let Some(version) = version else { return Ok(None) };
            let token = this.begin(&id).await?;
            let removed = match storage {
                Storage::IndexedDb => this.stored.remove(&id).await,
                Storage::Memory => {
                    this.drop_memory(&id).await;
                    Ok(true)
                }
            };
            if let Err(error) = removed {
                this.end(&id, token, None).await;
                return Err(error);
            }
            announce(version);
            this.gone(&id, token, version).await;
            Ok(Some(version))
        })
        .await
    }

    /// Forgets a memory session, if it is no newer than a version that another tab has deleted.
    pub(crate) async fn forget(&self, session: &SessionId, removed: u64) {
        if matches!(self.memory.version(session).await, Ok(Some(mine)) if mine <= removed) {
            self.drop_memory(session).await;
        }
    }

    /// Takes over what another tab has made of a memory session that this page has, too: it is not to go with that tab.
    pub(crate) async fn follow(&self, session: &SessionId, version: u64) {
        if matches!(self.memory.version(session).await, Ok(Some(mine)) if mine < version) {
            // Where that fails, it is taken over when it is asked for.
            drop(self.recall(session).await);
        }
    }

    /// Forgets a memory session that this page needs no more. Whether others still have it, the worker finds out: this page
    /// may be about to go.
    pub(crate) async fn release(self: &Rc<Self>, session: SessionId) -> Result<()> {
        let this = self.clone();
        let id = session.clone();
        exclusive(&session, None, async move {
            if this.memory.version(&id).await?.is_some() {
                this.drop_memory(&id).await;
                let left = ToWorker::Left { session: id.clone() };
                this.tell_in_time(left, Vec::new()).await;
            }
            Ok(())
        })
        .await
    }

    /// A session whole: its index, and the packs in the index's order.
    pub(crate) async fn export(&self, session: &SessionId) -> Result<Option<(Index, Vec<BlobBody>)>> {
        // A pack may be compacted away between reading the index and reading the pack: then the index is read again.
        'again: for _ in 0..3 {
            let Some((index, storage)) = self.index(session).await? else {
                return Ok(None);
            };
            let mut packs = Vec::new();
            for (id, _) in index.packs() {
                match self.pack(session, storage, id).await? {
                    Some(pack) => packs.push(pack),
                    None => continue 'again,
                }
            }
            return Ok(Some((index, packs)));
        }
        Err(lost())
    }

    async fn pack(&self, session: &SessionId, storage: Storage, pack: PackId) -> Result<Option<BlobBody>> {
        match storage {
            Storage::IndexedDb => self.stored.pack(session, pack).await,
            Storage::Memory => self.memory.pack(session, pack).await,
        }
    }

    /// A session's index and where it is kept.
    pub(crate) async fn index(&self, session: &SessionId) -> Result<Option<(Index, Storage)>> {
        let index = match self.find(session).await? {
            Some(Storage::IndexedDb) => (self.stored.index(session).await?, Storage::IndexedDb),
            Some(Storage::Memory) => (self.memory.index(session).await?, Storage::Memory),
            None => return Ok(None),
        };
        Ok(index.0.map(|found| (found, index.1)))
    }

    /// A file's bytes beside the index that they were read by.
    pub(crate) async fn read(&self, session: &SessionId, path: &FilePath) -> Result<(Index, BlobBody)> {
        for _ in 0..3 {
            let Some((index, storage)) = self.index(session).await? else {
                return Err(not_found(path));
            };
            let Some(entry) = index.get(path.as_str()) else {
                return Err(not_found(path));
            };
            if let Some(pack) = self.pack(session, storage, entry.pack).await? {
                let body = pack.slice(entry.offset, entry.offset + entry.length);
                return Ok((index, body));
            }
        }
        Err(lost())
    }

    /// Every session of the origin that this page can see.
    pub(crate) async fn list(&self) -> Result<Vec<(SessionInfo, Storage)>> {
        let mut all = Vec::new();
        if self.refused.borrow().is_none() {
            all.extend(
                self.stored
                    .list()
                    .await?
                    .into_iter()
                    .map(|info| (info, Storage::IndexedDb)),
            );
        }
        all.extend(
            self.memory
                .list()
                .await?
                .into_iter()
                .map(|info| (info, Storage::Memory)),
        );
        Ok(all)
    }

    async fn begin(&self, session: &SessionId) -> Result<u64> {
        let bytes = random_bytes()?;
        let token = bytes
            .iter()
            .take(8)
            .fold(0, |token, byte| token << 8 | u64::from(*byte));
        self.recent.begins(session);
        self.say("begins", session);
        let id = session.clone();
        let told = self.worker.tell(&ToWorker::Begin { session: id, token }, &[]).await;
        told.inspect_err(|_| self.ended(session))?;
        Ok(token)
    }

    /// Tells other tabs' hubs.
    fn say(&self, what: &str, session: &SessionId) {
        let message = Object::new();
        envelope::set(&message, what, &session.as_str().into());
        drop(self.changes.as_ref().map(|changes| changes.post_message(&message)));
    }

    /// A change that began is made, or will not be.
    fn ended(&self, session: &SessionId) {
        self.recent.ends(session);
        self.say("ends", session);
    }

    /// Tells the workers that a session is deleted.
    async fn gone(&self, session: &SessionId, token: u64, version: u64) {
        self.ended(session);
        let gone = ToWorker::Gone {
            session: session.clone(),
            token,
            version,
        };
        self.tell_in_time(gone, Vec::new()).await;
    }

    async fn end(&self, session: &SessionId, token: u64, version: Option<u64>) {
        self.ended(session);
        let session = session.clone();
        let ended = ToWorker::End {
            session,
            token,
            version,
        };
        self.tell_in_time(ended, Vec::new()).await;
    }

    /// Tells the workers of what has happened already, and cannot fail any more. A worker that does not hear of it now
    /// asks the store, or the hubs, at every request, as it was told to when the change began; it is told again in the
    /// background.
    async fn tell_in_time(&self, message: ToWorker, packs: Vec<BlobBody>) {
        if self.worker.tell(&message, &packs).await.is_err() {
            let worker = self.worker.clone();
            spawn_local(async move { drop(worker.tell(&message, &packs).await) });
        }
    }

    /// Sends the worker a memory session as it is now, after a change that it was told of, or 0.
    async fn publish(&self, session: &SessionId, token: u64) {
        self.ended(session);
        let Some((index, packs)) = self.memory.snapshot(session) else {
            return;
        };
        let (ids, bodies): (Vec<_>, Vec<_>) = packs.into_iter().map(|(id, body)| (id.0, body)).unzip();
        let message = ToWorker::Adopt {
            session: session.clone(),
            token,
            index: index.encode(),
            packs: ids,
        };
        self.tell_in_time(message, bodies).await;
    }

    /// Compacts after the answer is out: the put that caused it need not wait.
    fn compact_later(self: &Rc<Self>, session: SessionId, storage: Storage) {
        let this = self.clone();
        spawn_local(async move {
            let id = session.clone();
            let work = async move {
                let Some((index, _)) = this.index(&id).await? else {
                    return Ok(());
                };
                if index.compaction().is_none() {
                    return Ok(());
                }
                match storage {
                    Storage::IndexedDb => {
                        let token = this.begin(&id).await?;
                        let compacted = this.stored.compact(&id).await;
                        // Where there was nothing to do, the version is the one that it was.
                        let version = compacted.ok().flatten().or(Some(index.version()));
                        this.end(&id, token, version).await;
                        Ok(())
                    }
                    Storage::Memory => {
                        if this.memory.compact(&id).await?.is_some() {
                            this.publish(&id, 0).await;
                        }
                        Ok(())
                    }
                }
            };
            // Nobody waits for it, and nothing is lost: the next put tries again.
            drop(exclusive(&session, None, work).await);
        });
    }
}

fn not_found(path: &FilePath) -> Error {
    Error::new(
        ErrorCode::NotFound,
        ["The session has no file ", path.as_str(), "."].concat(),
    )
}

fn lost() -> Error {
    Error::new(
        ErrorCode::StorageUnavailable,
        "A part of the session is lost. Delete the session and put it again.",
    )
}
