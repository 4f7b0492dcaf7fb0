//! The `Store` trait on IndexedDB: reads are one request each, a change is one transaction.

use crate::body::BlobBody;
use crate::db::Connection;
use crate::error::{exception_name, from_idb, from_name, may_refuse_blobs};
use crate::schema::{DATABASE_NAME, INDEXES, PACKS, SESSIONS};
use idb::{KeyRange, ObjectStore, Transaction, TransactionMode, TransactionResult};
use js_sys::{Array, Uint8Array};
use std::cell::Cell;
use std::rc::Rc;
use virtual_files_core::change::{Applied, Change};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::index::{Index, PackId};
use virtual_files_core::map::Map;
use virtual_files_core::session::SessionId;
use virtual_files_core::store::{SessionInfo, Store};
use virtual_files_web::is_chromium;
use wasm_bindgen::{JsCast, JsValue};

/// Sessions in the VFS origin's IndexedDB.
#[derive(Clone, Debug)]
pub struct IndexedDbStore {
    connection: Connection,
    /// Set once the engine has refused to store a `Blob` (WebKit's private windows): packs are then kept as bytes.
    keep_bytes: Rc<Cell<bool>>,
}

/// Why a write did not happen.
enum Failure {
    /// This engine's IndexedDB takes no `Blob`.
    BlobRefused,
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Default for IndexedDbStore {
    fn default() -> Self {
        Self::named(DATABASE_NAME)
    }
}

impl IndexedDbStore {
    /// A store in a database of another name; for tests, which must not meet each other's sessions.
    pub fn named(name: &str) -> Self {
        Self {
            connection: Connection::new(name),
            keep_bytes: Rc::default(),
        }
    }

    /// The number of the open connection, if one is open: for as long as it stays the same, the database is.
    pub fn connection(&self) -> Option<u32> {
        self.connection.number()
    }

    /// Opens the database, which says whether this storage can be had at all.
    pub async fn probe(&self) -> Result<()> {
        self.connection.transaction(TransactionMode::ReadOnly).await.map(drop)
    }

    /// Notes that a session is used, where that was noted last before `before`; both in milliseconds since
    /// 1970-01-01T00:00Z. That is no change of it.
    pub async fn touch(&self, session: &SessionId, now: u64, before: u64) -> Result<()> {
        match self.info(session).await? {
            Some(info) if info.used < before => {}
            _ => return Ok(()),
        }
        let transaction = self.connection.transaction(TransactionMode::ReadWrite).await?;
        let stores = stores(&transaction)?;
        let Some(found) = get(&stores.sessions, key(session)).await? else {
            return Ok(());
        };
        let found = SessionInfo {
            used: now,
            ..info(session.clone(), &found)
        };
        // That it is kept nobody waits for: a use that was not noted is noted the next time.
        let put = stores.sessions.put(&record(&found), Some(&key(session)));
        put.map_err(from_idb)?.await.map(drop).map_err(from_idb)
    }

    /// Deletes a session that was last used before `before`, if the same was found `patience` milliseconds ago at least; finds
    /// it now, else. Whoever uses it in between, or has a wrong clock once, keeps it. Tells whether it is deleted.
    pub async fn expire(&self, session: &SessionId, now: u64, before: u64, patience: u64) -> Result<bool> {
        let transaction = self.connection.transaction(TransactionMode::ReadWrite).await?;
        let stores = stores(&transaction)?;
        let key = key(session);
        let Some(found) = get(&stores.sessions, key.clone()).await? else {
            return Ok(false);
        };
        let known = info(session.clone(), &found);
        if known.used >= before {
            return Ok(false);
        }
        let marked = found.dyn_ref::<Array>().and_then(|record| record.get(MARK).as_f64());
        let waited = marked.map(|marked| now as f64 - marked);
        if waited.is_some_and(|waited| waited >= 0.0 && waited < patience as f64) {
            return Ok(false);
        }
        let expired = waited.is_some_and(|waited| waited >= 0.0);
        if expired {
            delete_all(&stores, &key).map_err(from_idb)?;
        } else {
            let marked = record(&known);
            marked.push(&JsValue::from_f64(now as f64));
            stores.sessions.put(&marked, Some(&key)).map_err(from_idb)?;
        }
        match commit(transaction, &stores).await {
            Ok(()) => Ok(expired),
            Err(name) => Err(from_name(name.as_deref())),
        }
    }

    /// What the list of sessions tells of one.
    pub async fn info(&self, session: &SessionId) -> Result<Option<SessionInfo>> {
        let transaction = self.connection.transaction(TransactionMode::ReadOnly).await?;
        let record = get(&stores(&transaction)?.sessions, key(session)).await?;
        Ok(record.map(|record| info(session.clone(), &record)))
    }

    /// Session and index in one transaction: what a cold worker needs to answer.
    async fn read(&self, session: &SessionId) -> Result<Option<Index>> {
        let transaction = self.connection.transaction(TransactionMode::ReadOnly).await?;
        let (stores, key) = (stores(&transaction)?, key(session));
        // Both are asked for before either is waited for, in their order: what has come before it is waited for is missed.
        let record = stores.sessions.get(key.clone()).map_err(from_idb)?;
        let index = stores.indexes.get(key).map_err(from_idb)?;
        let record = record.await.map_err(from_idb)?;
        let mut index = decoded(index.await.map_err(from_idb)?)?;
        if let (Some(index), Some(record)) = (&mut index, record) {
            index.used_at(info(session.clone(), &record).used);
        }
        Ok(index)
    }

    async fn write(&self, session: &SessionId, edit: &mut Edit<'_>) -> Result<()> {
        if !self.keep_bytes.get() {
            if is_chromium() {
                BlobBody::put_together(&edit.packs).await;
            }
            match self.try_write(session, edit, true).await {
                Err(Failure::BlobRefused) => {}
                Err(Failure::Other(error)) => return Err(error),
                Ok(()) => return Ok(()),
            }
        }
        edit.read_bytes().await?;
        match self.try_write(session, edit, false).await {
            Err(Failure::BlobRefused) => Err(Error::new(
                ErrorCode::StorageUnavailable,
                "This browser's IndexedDB stores neither Blobs nor bytes.",
            )),
            Err(Failure::Other(error)) => Err(error),
            Ok(()) => {
                // Only a write that bytes have made possible proves that Blobs were the trouble.
                self.keep_bytes.set(true);
                Ok(())
            }
        }
    }

    /// The one place that writes a session: read the index, let the edit decide, write all of it or nothing. `blobs`
    /// tells what the edit's packs are: another write may learn of a refusal while this one is under way.
    async fn try_write(
        &self,
        session: &SessionId,
        edit: &mut Edit<'_>,
        blobs: bool,
    ) -> std::result::Result<(), Failure> {
        let transaction = self.connection.transaction(TransactionMode::ReadWrite).await?;
        // A second wrapper of the same transaction: the first is consumed by waiting, its error is asked for after.
        let stores = match stores(&transaction) {
            Ok(stores) => stores,
            Err(error) => return Err(abort(transaction, error.into())),
        };
        let key = key(session);
        let outcome = async {
            let index = read_index(&stores, &key).await?;
            let Some(written) = (edit.decide)(index)? else {
                return Ok(false);
            };
            put_all(&stores, session, &key, &written, &edit.packs)?;
            Ok(true)
        }
        .await;
        match outcome {
            Err(failure) => Err(abort(transaction, failure)),
            Ok(false) => {
                drop(abort(transaction, Failure::BlobRefused));
                Ok(())
            }
            Ok(true) => commit(transaction, &stores).await.map_err(|name| {
                match blobs && !edit.packs.is_empty() && may_refuse_blobs(name.as_deref()) {
                    true => Failure::BlobRefused,
                    false => Failure::Other(from_name(name.as_deref())),
                }
            }),
        }
    }
}

/// A change to one session's records.
struct Edit<'a> {
    /// New packs' bytes, in the order of [`Written::packs`].
    packs: Vec<JsValue>,
    /// From the index as stored to what shall be stored instead; `None` leaves all as it is. May run twice.
    decide: &'a mut dyn FnMut(Option<Index>) -> Result<Option<Written>>,
}

/// What an edit decided on.
struct Written {
    index: Index,
    packs: Vec<PackId>,
    dropped: Vec<PackId>,
}

impl Edit<'_> {
    async fn read_bytes(&mut self) -> Result<()> {
        for pack in &mut self.packs {
            if let Some(body) = BlobBody::from_record(pack.clone()) {
                *pack = body.bytes().await?.into();
            }
        }
        Ok(())
    }
}

impl Store for IndexedDbStore {
    type Body = BlobBody;

    async fn index(&self, session: &SessionId) -> Result<Option<Index>> {
        self.read(session).await
    }

    async fn version(&self, session: &SessionId) -> Result<Option<u64>> {
        Ok(self.info(session).await?.map(|info| info.version))
    }

    async fn pack(&self, session: &SessionId, pack: PackId) -> Result<Option<BlobBody>> {
        let transaction = self.connection.transaction(TransactionMode::ReadOnly).await?;
        let record = get(&stores(&transaction)?.packs, pack_key(&key(session), pack)).await?;
        Ok(record.and_then(BlobBody::from_record))
    }

    async fn apply(&self, session: &SessionId, change: Change<BlobBody>) -> Result<Applied> {
        let packs = change.packs.iter().map(BlobBody::to_record).collect();
        let mut applied = None;
        let mut decide = |index: Option<Index>| {
            let mut index = index.unwrap_or_else(|| Index::new(change.now));
            let result = index.apply(&change)?;
            let written = Written {
                index,
                packs: result.new_packs.clone(),
                dropped: result.dropped_packs.clone(),
            };
            applied = Some(result);
            Ok(Some(written))
        };
        self.write(
            session,
            &mut Edit {
                packs,
                decide: &mut decide,
            },
        )
        .await?;
        applied.ok_or_else(|| Error::new(ErrorCode::Internal, "A change was written that was never decided."))
    }

    async fn remove(&self, session: &SessionId) -> Result<bool> {
        let transaction = self.connection.transaction(TransactionMode::ReadWrite).await?;
        let stores = stores(&transaction)?;
        let key = key(session);
        let existed = get(&stores.sessions, key.clone()).await?.is_some();
        match delete_all(&stores, &key) {
            Ok(()) => commit(transaction, &stores)
                .await
                .map_or_else(|name| Err(from_name(name.as_deref())), |()| Ok(existed)),
            Err(error) => {
                drop(transaction.abort());
                Err(from_idb(error))
            }
        }
    }

    async fn list(&self) -> Result<Vec<SessionInfo>> {
        let transaction = self.connection.transaction(TransactionMode::ReadOnly).await?;
        let sessions = stores(&transaction)?.sessions;
        let keys = sessions.get_all_keys(None, None).map_err(from_idb)?;
        let records = sessions.get_all(None, None).map_err(from_idb)?;
        let (keys, records) = (keys.await.map_err(from_idb)?, records.await.map_err(from_idb)?);
        Ok(keys
            .iter()
            .zip(&records)
            .filter_map(|(key, record)| Some(info(SessionId::parse(&key.as_string()?).ok()?, record)))
            .collect())
    }

    async fn compact(&self, session: &SessionId) -> Result<Option<u64>> {
        let Some(index) = self.read(session).await? else {
            return Ok(None);
        };
        let Some(plan) = index.compaction() else {
            return Ok(None);
        };

        // The copies are made before the transaction that writes them, which may await nothing but IndexedDB.
        let mut sources = Map::new();
        for pack in plan.sources() {
            match self.pack(session, pack).await? {
                Some(body) => sources.insert(pack, body),
                // Another page's change has dropped the pack meanwhile; the next compaction sees what is left.
                None => return Ok(None),
            };
        }
        let packs = plan.copy(&sources)?.iter().map(BlobBody::to_record).collect();

        let mut compacted = None;
        let mut decide = |current: Option<Index>| {
            let Some(mut current) = current.filter(|current| current.version() == index.version()) else {
                return Ok(None);
            };
            let result = current.apply_compaction(&plan)?;
            compacted = Some(result.version);
            Ok(Some(Written {
                index: current,
                packs: result.new_packs,
                dropped: result.dropped_packs,
            }))
        };
        self.write(
            session,
            &mut Edit {
                packs,
                decide: &mut decide,
            },
        )
        .await?;
        Ok(compacted)
    }
}

/// The object stores of a transaction.
struct Stores {
    sessions: ObjectStore,
    indexes: ObjectStore,
    packs: ObjectStore,
}

fn stores(transaction: &Transaction) -> Result<Stores> {
    let store = |name| transaction.object_store(name).map_err(from_idb);
    Ok(Stores {
        sessions: store(SESSIONS)?,
        indexes: store(INDEXES)?,
        packs: store(PACKS)?,
    })
}

async fn get(store: &ObjectStore, key: JsValue) -> Result<Option<JsValue>> {
    let request = store.get(key).map_err(from_idb)?;
    request.await.map_err(from_idb)
}

async fn read_index(stores: &Stores, key: &JsValue) -> Result<Option<Index>> {
    decoded(get(&stores.indexes, key.clone()).await?)
}

fn decoded(record: Option<JsValue>) -> Result<Option<Index>> {
    let Some(record) = record else { return Ok(None) };
    let bytes = record.dyn_into::<Uint8Array>().map_err(|_| damaged())?;
    Index::decode(&bytes.to_vec()).map(Some).map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::new(
        ErrorCode::StorageUnavailable,
        "A stored session is damaged. Delete the session and put it again.",
    )
}

fn put_all(
    stores: &Stores,
    session: &SessionId,
    key: &JsValue,
    written: &Written,
    packs: &[JsValue],
) -> std::result::Result<(), Failure> {
    let fail = |error: idb::Error| Failure::Other(from_idb(error));
    for (id, pack) in written.packs.iter().zip(packs) {
        if let Err(error) = stores.packs.put(pack, Some(&pack_key(key, *id))) {
            let refused = may_refuse_blobs(exception_name(&error).as_deref());
            return Err(if refused { Failure::BlobRefused } else { fail(error) });
        }
    }
    let index = Uint8Array::from(written.index.encode().as_slice());
    stores.indexes.put(&index, Some(key)).map_err(fail)?;
    let record = record(&SessionInfo::of(session.clone(), &written.index));
    stores.sessions.put(&record, Some(key)).map_err(fail)?;
    // Last: in WebKit, a delete before a Blob that is refused can leave the transaction hanging for ever.
    for pack in &written.dropped {
        stores.packs.delete(pack_key(key, *pack)).map_err(fail)?;
    }
    Ok(())
}

/// Waits until all is written; else gives the name of the exception, if it has one.
async fn commit(transaction: Transaction, stores: &Stores) -> std::result::Result<(), Option<String>> {
    let watched = stores.sessions.transaction();
    // Without an explicit `commit()`: after one, WebKit completes a transaction of which a request has failed.
    match transaction.await {
        Ok(TransactionResult::Committed) => Ok(()),
        Ok(TransactionResult::Aborted) => Err(watched.error().map(|error| error.name())),
        // A request failed, which aborts the transaction a moment later.
        Err(error) => Err(exception_name(&error)),
    }
}

fn abort(transaction: Transaction, failure: Failure) -> Failure {
    drop(transaction.abort());
    failure
}

fn delete_all(stores: &Stores, key: &JsValue) -> std::result::Result<(), idb::Error> {
    let first = Array::of1(key);
    // Arrays sort after numbers, so this bound is past every pack id.
    let last = Array::of2(key, &Array::new());
    let packs = KeyRange::bound(&first, &last, None, None)?;
    stores.sessions.delete(key.clone())?;
    stores.indexes.delete(key.clone())?;
    stores.packs.delete(packs).map(drop)
}

fn key(session: &SessionId) -> JsValue {
    JsValue::from_str(session.as_str())
}

fn pack_key(session: &JsValue, pack: PackId) -> JsValue {
    Array::of2(session, &JsValue::from_f64(pack.0 as f64)).into()
}

/// Where a record has when it was found that nobody uses the session; a use leaves it out.
const MARK: u32 = 5;

fn record(info: &SessionInfo) -> Array {
    let numbers = [info.version, info.files as u64, info.bytes, info.created, info.used];
    numbers
        .into_iter()
        .map(|number| JsValue::from_f64(number as f64))
        .collect()
}

fn info(id: SessionId, record: &JsValue) -> SessionInfo {
    let record = record.dyn_ref::<Array>();
    let number = |at| record.and_then(|record| record.get(at).as_f64()).unwrap_or_default() as u64;
    SessionInfo {
        id,
        version: number(0),
        files: number(1) as usize,
        bytes: number(2),
        created: number(3),
        used: number(4),
    }
}
