//! Core's [`Store`] on a Durable Object's SQLite.
//!
//! In production an object holds one session; the tables are keyed by session all the same, and so the conformance suite
//! runs here as it does elsewhere. What it keeps true: a change is one transaction, without an await in it; a pack that
//! was dropped can be read for [`GRACE_MS`] more, by those who began before.

use std::rc::Rc;

use virtual_files_core::change::{Applied, Change};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::index::{Index, Limits, PackId};
use virtual_files_core::map::Map;
use virtual_files_core::session::SessionId;
use virtual_files_core::store::{Body, BytesBody, SessionInfo, Store};

use crate::blobs::{self, BlobId, Blobs};
use crate::sql::{Sql, number};

/// How long a dropped pack stays for readers that are in the middle of it.
pub(crate) const GRACE_MS: u64 = 5 * 60 * 1000;

const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS sessions (session TEXT PRIMARY KEY, version INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS indexes (session TEXT NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, \
     PRIMARY KEY (session, part))",
    // `doomed` is when a dropped pack goes; NULL as long as a file lies in it.
    "CREATE TABLE IF NOT EXISTS packs (session TEXT NOT NULL, pack INTEGER NOT NULL, blob INTEGER NOT NULL, \
     doomed INTEGER, PRIMARY KEY (session, pack))",
];

/// Sessions in a Durable Object.
#[derive(Clone)]
pub(crate) struct SqlStore {
    sql: Rc<Sql>,
    pub(crate) blobs: Blobs,
    limits: Limits,
}

/// Bytes: here, or in the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct SqlBody {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    /// Bytes in memory.
    Bytes(BytesBody),
    /// A range of a blob.
    Range(BlobId, u64, u64),
    /// All of a blob that belongs to no pack yet, and its length.
    Staged(BlobId, u64),
}

impl SqlBody {
    /// Bytes in memory.
    pub(crate) fn bytes(bytes: impl Into<BytesBody>) -> Self {
        Self {
            parts: vec![Part::Bytes(bytes.into())],
        }
    }

    /// A blob that a pack may take over as it is.
    pub(crate) fn staged(blob: BlobId, length: u64) -> Self {
        Self {
            parts: vec![Part::Staged(blob, length)],
        }
    }

    fn range(blob: BlobId, start: u64, end: u64) -> Self {
        Self {
            parts: vec![Part::Range(blob, start, end)],
        }
    }
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::Range(_, start, end) => end.saturating_sub(*start),
            Part::Staged(_, length) => *length,
        }
    }

    fn slice(&self, from: u64, to: u64) -> Self {
        match self {
            Part::Bytes(bytes) => Part::Bytes(bytes.slice(from, to)),
            Part::Range(blob, start, _) => Part::Range(*blob, start + from, start + to),
            Part::Staged(blob, _) => Part::Range(*blob, from, to),
        }
    }
}

impl Body for SqlBody {
    fn len(&self) -> u64 {
        self.parts.iter().map(Part::len).sum()
    }

    fn slice(&self, start: u64, end: u64) -> Self {
        let mut parts = Vec::new();
        let mut at = 0;
        for part in &self.parts {
            let length = part.len();
            let from = start.saturating_sub(at).min(length);
            let to = end.saturating_sub(at).min(length);
            if from < to {
                parts.push(part.slice(from, to));
            }
            at += length;
        }
        Self { parts }
    }

    fn concat(parts: Vec<Self>) -> Self {
        Self {
            parts: parts.into_iter().flat_map(|body| body.parts).collect(),
        }
    }
}

impl SqlStore {
    /// The store in a database, with room for this much in each session.
    pub(crate) fn new(sql: Rc<Sql>, limits: Limits) -> Self {
        Self {
            blobs: Blobs::new(sql.clone()),
            sql,
            limits,
        }
    }

    /// Makes the tables, where they are missing.
    pub(crate) fn create_tables(&self) -> Result<()> {
        blobs::SCHEMA
            .iter()
            .chain(&SCHEMA)
            .try_for_each(|table| self.sql.run(table, []))
    }

    /// A session's index as it is stored.
    pub(crate) fn index_record(&self, session: &SessionId) -> Result<Option<Vec<u8>>> {
        let rows = self.sql.rows(
            "SELECT data FROM indexes WHERE session = ? ORDER BY part",
            [session.as_str().into()],
        )?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut record = Vec::new();
        for row in rows {
            record.extend(row.bytes(0)?);
        }
        Ok(Some(record))
    }

    /// A session's index.
    pub(crate) fn index_now(&self, session: &SessionId) -> Result<Option<Index>> {
        let record = self.index_record(session)?;
        record.map(|record| Index::decode(&record)).transpose()
    }

    /// A session's version.
    pub(crate) fn version_now(&self, session: &SessionId) -> Result<Option<u64>> {
        let row = self.sql.row(
            "SELECT version FROM sessions WHERE session = ?",
            [session.as_str().into()],
        )?;
        row.map(|row| row.number(0)).transpose()
    }

    /// The blob of a pack, also of one that was dropped a moment ago.
    pub(crate) fn blob(&self, session: &SessionId, pack: PackId) -> Result<Option<BlobId>> {
        self.find_blob("SELECT blob FROM packs WHERE session = ? AND pack = ?", session, pack)
    }

    fn find_blob(&self, statement: &str, session: &SessionId, pack: PackId) -> Result<Option<BlobId>> {
        let row = self.sql.row(statement, [session.as_str().into(), number(pack.0)])?;
        row.map(|row| row.number(0)).transpose()
    }

    /// The blob of a pack that files lie in.
    fn live_blob(&self, session: &SessionId, pack: PackId) -> Result<Option<BlobId>> {
        self.find_blob(
            "SELECT blob FROM packs WHERE session = ? AND pack = ? AND doomed IS NULL",
            session,
            pack,
        )
    }

    /// A file's bytes, to be copied by a change.
    pub(crate) fn stored(&self, session: &SessionId, pack: PackId, start: u64, end: u64) -> Result<SqlBody> {
        let blob = self.live_blob(session, pack)?.ok_or_else(missing)?;
        Ok(SqlBody::range(blob, start, end))
    }

    /// Makes a change. The caller's transaction makes it whole.
    pub(crate) fn apply_now(&self, session: &SessionId, change: Change<SqlBody>) -> Result<(Applied, Index)> {
        let mut index = self.index_now(session)?.unwrap_or_else(|| Index::new(change.now));
        let applied = index.apply_within(&change, &self.limits)?;
        self.settle(session, &index, &applied, change.packs)?;
        Ok((applied, index))
    }

    /// Compacts a session, where that is worth its while. The caller's transaction makes it whole.
    pub(crate) fn compact_now(&self, session: &SessionId) -> Result<Option<u64>> {
        let Some(mut index) = self.index_now(session)? else {
            return Ok(None);
        };
        let Some(plan) = index.compaction() else {
            return Ok(None);
        };
        let mut sources = Map::new();
        for pack in plan.sources() {
            let blob = self.live_blob(session, pack)?.ok_or_else(missing)?;
            sources.insert(pack, SqlBody::range(blob, 0, self.blobs.length(blob)?));
        }
        let packs = plan.copy(&sources)?;
        let applied = index.apply_compaction(&plan)?;
        self.settle(session, &index, &applied, packs)?;
        Ok(Some(applied.version))
    }

    fn settle(&self, session: &SessionId, index: &Index, applied: &Applied, packs: Vec<SqlBody>) -> Result<()> {
        for (id, body) in applied.new_packs.iter().zip(packs) {
            let blob = self.settle_pack(&body)?;
            self.sql.run(
                "INSERT INTO packs (session, pack, blob) VALUES (?, ?, ?)",
                [session.as_str().into(), number(id.0), number(blob)],
            )?;
        }
        let doomed = number(worker::Date::now().as_millis() + GRACE_MS);
        for id in &applied.dropped_packs {
            self.sql.run(
                "UPDATE packs SET doomed = ? WHERE session = ? AND pack = ?",
                [doomed.clone(), session.as_str().into(), number(id.0)],
            )?;
        }
        self.sql.run(
            "INSERT OR REPLACE INTO sessions (session, version) VALUES (?, ?)",
            [session.as_str().into(), number(index.version())],
        )?;
        self.sql
            .run("DELETE FROM indexes WHERE session = ?", [session.as_str().into()])?;
        blobs::write_record(
            &self.sql,
            "INSERT INTO indexes (session, part, data) VALUES (?, ?, ?)",
            session.as_str(),
            &index.encode(),
        )
    }

    /// A blob for a new pack: a staged one as it is, everything else as a copy.
    fn settle_pack(&self, body: &SqlBody) -> Result<BlobId> {
        if let [Part::Staged(blob, _)] = body.parts.as_slice() {
            return Ok(*blob);
        }
        let mut writer = self.blobs.writer(body.len())?;
        for part in &body.parts {
            match part {
                Part::Bytes(bytes) => writer.push(bytes.as_bytes())?,
                Part::Range(blob, start, end) => {
                    for piece in self.blobs.pieces(*blob, *start, *end) {
                        writer.push(&piece?)?;
                    }
                }
                // Beside others it is copied; whoever staged it removes it.
                Part::Staged(blob, length) => {
                    for piece in self.blobs.pieces(*blob, 0, *length) {
                        writer.push(&piece?)?;
                    }
                }
            }
        }
        writer.finish()
    }

    /// All of a body's bytes, in memory.
    #[cfg(feature = "suite")]
    pub(crate) fn read(&self, body: &SqlBody) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(body.len() as usize);
        for part in &body.parts {
            match part {
                Part::Bytes(part) => bytes.extend_from_slice(part.as_bytes()),
                Part::Range(blob, start, end) => bytes.extend(self.blobs.read(*blob, *start, *end)?),
                Part::Staged(blob, length) => bytes.extend(self.blobs.read(*blob, 0, *length)?),
            }
        }
        Ok(bytes)
    }

    /// Removes the dropped packs whose time has come.
    pub(crate) fn sweep(&self, now: u64) -> Result<()> {
        for row in self
            .sql
            .rows("SELECT blob FROM packs WHERE doomed <= ?", [number(now)])?
        {
            self.blobs.remove(row.number(0)?)?;
        }
        self.sql.run("DELETE FROM packs WHERE doomed <= ?", [number(now)])
    }

    /// When the next dropped pack goes.
    pub(crate) fn next_sweep(&self) -> Result<Option<u64>> {
        let row = self.sql.row("SELECT min(doomed) FROM packs", [])?;
        row.map_or(Ok(None), |row| row.number_or_null(0))
    }

    /// Removes a session. The caller's transaction makes it whole.
    pub(crate) fn remove_now(&self, session: &SessionId) -> Result<bool> {
        let there = self.version_now(session)?.is_some();
        for row in self
            .sql
            .rows("SELECT blob FROM packs WHERE session = ?", [session.as_str().into()])?
        {
            self.blobs.remove(row.number(0)?)?;
        }
        for table in ["packs", "indexes", "sessions"] {
            let statement = ["DELETE FROM ", table, " WHERE session = ?"].concat();
            self.sql.run(&statement, [session.as_str().into()])?;
        }
        Ok(there)
    }
}

impl Store for SqlStore {
    type Body = SqlBody;

    async fn index(&self, session: &SessionId) -> Result<Option<Index>> {
        self.index_now(session)
    }

    async fn version(&self, session: &SessionId) -> Result<Option<u64>> {
        self.version_now(session)
    }

    /// Reads the pack as a whole: what a reader holds outlives it. Whoever serves files reads ranges instead.
    async fn pack(&self, session: &SessionId, pack: PackId) -> Result<Option<SqlBody>> {
        let Some(blob) = self.live_blob(session, pack)? else {
            return Ok(None);
        };
        let bytes = self.blobs.read(blob, 0, self.blobs.length(blob)?)?;
        Ok(Some(SqlBody::bytes(bytes)))
    }

    async fn apply(&self, session: &SessionId, change: Change<SqlBody>) -> Result<Applied> {
        self.sql
            .transaction(|| self.apply_now(session, change))
            .map(|(applied, _)| applied)
    }

    async fn remove(&self, session: &SessionId) -> Result<bool> {
        self.sql.transaction(|| self.remove_now(session))
    }

    async fn list(&self) -> Result<Vec<SessionInfo>> {
        let mut sessions = Vec::new();
        for row in self.sql.rows("SELECT session FROM sessions", [])? {
            let id = SessionId::parse(row.text(0).unwrap_or_default())?;
            if let Some(index) = self.index_now(&id)? {
                sessions.push(SessionInfo::of(id, &index));
            }
        }
        Ok(sessions)
    }

    async fn compact(&self, session: &SessionId) -> Result<Option<u64>> {
        self.sql.transaction(|| self.compact_now(session))
    }
}

fn missing() -> Error {
    Error::new(ErrorCode::Internal, "A stored pack is missing or cut off.")
}
