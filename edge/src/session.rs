//! The Durable Object of one edge session: its files, its key, its uploads, and its end.
//!
//! Requests come from the Worker, which has checked who asks; the paths here are not those of the network. What it keeps
//! true: nothing is written for a stranger; what changes the session is one transaction; a session that has expired is
//! not there, whether the alarm has come yet or not.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use virtual_files_core::edge::api::{MAX_MANIFEST_BYTES, MAX_PART_BYTES, Refusal};
use virtual_files_core::edge::upload::{Manifest, RawManifest, RawVersion, Upload, of_session};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::index::PackId;
use virtual_files_core::session::SessionId;
use worker::{Date, DurableObject, Env, Request, Response, State, console_error, durable_object};

use crate::internal::{self, Asked, Incoming};
use crate::quota;
use crate::settings::Limits;
use crate::sql::{Row, Sql, number};
use crate::store::{GRACE_MS, SqlBody, SqlStore};
use crate::uploads::{Outcome, Uploads};

/// How long after a commit the session is looked at for what to compact.
const COMPACTION_DELAY_MS: u64 = 1000;

/// How many times its bytes a session may take in storage, with what is being uploaded and what was dropped a moment ago.
const STORED_TIMES: u64 = 3;

/// Above this, an answer is read from the database while it is sent.
const STREAMED_BYTES: u64 = 1 << 20;

// `claims` has one row once somebody has written: the SHA-256 of the key, and when the session ends.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS claims (key TEXT NOT NULL, expires INTEGER NOT NULL, \
                      compact INTEGER)";

/// One edge session.
#[durable_object(alarm)]
pub struct EdgeSession {
    state: State,
    env: Env,
    parts: std::result::Result<Parts, String>,
}

/// What an object works with; nothing of it where the runtime gave no database.
struct Parts {
    sql: Rc<Sql>,
    store: SqlStore,
    uploads: Uploads,
    limits: Limits,
    /// Whether the tables are known to be there.
    ready: Cell<bool>,
    /// The last time that was told: two changes never have the same.
    told: Cell<u64>,
}

impl DurableObject for EdgeSession {
    fn new(state: State, env: Env) -> Self {
        let parts = Sql::new(&state).map_err(|error| error.to_string()).and_then(|sql| {
            let (sql, limits) = (Rc::new(sql), Limits::read(&env)?);
            let store = SqlStore::new(sql.clone(), limits.session);
            Ok(Parts {
                uploads: Uploads::new(sql.clone(), store.blobs.clone()),
                store,
                sql,
                limits,
                ready: Cell::new(false),
                told: Cell::new(0),
            })
        });
        Self { state, env, parts }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let parts = self.parts.as_ref().map_err(String::as_str)?;
        let asked = match Asked::read(&request) {
            Ok(asked) => asked,
            Err(refusal) => return internal::refuse(&refusal),
        };
        let mut body = Incoming::of(request);
        match self.answer(parts, &asked, &mut body).await {
            Ok(response) => response,
            Err(refusal) => {
                body.drain().await;
                internal::refuse(&refusal)
            }
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let parts = self.parts.as_ref().map_err(String::as_str)?;
        if let Err(error) = self.tidy(parts).await {
            console_error!("{error}");
            return Err(error.to_string().into());
        }
        Response::empty()
    }
}

/// The answer to a request, or why there is none. That a response could not be made is the runtime's own error.
type Answer = Outcome<worker::Result<Response>>;

impl EdgeSession {
    async fn answer(&self, parts: &Parts, asked: &Asked, body: &mut Incoming) -> Answer {
        let now = parts.now();
        if let Some(answer) = parts.reading(asked, now) {
            return answer;
        }
        match asked.operation() {
            "inspect" => {
                parts.admit(asked, now)?;
                parts.inspect(&asked.session)
            }
            "delete" => {
                parts.admit(asked, now)?;
                self.end(parts).await?;
                Ok(internal::empty(204))
            }
            "begin" => self.begin(parts, asked, body, now).await,
            "append" => {
                parts.admit(asked, now)?;
                // An upload that is not there, or a part that does not follow, is no reason to keep megabytes.
                let (upload, offset) = (asked.argument(0), asked.number(1)?);
                let received = parts.uploads.progress(upload)?.received;
                if received != offset {
                    return Err(Refusal::out_of_step(received));
                }
                let part = body.read(MAX_PART_BYTES).await?;
                let now = parts.now();
                let received = parts.change(|| {
                    parts.admit(asked, now)?;
                    parts.uploads.append(upload, offset, &part, now)
                })?;
                Ok(internal::json(200, &json!({ "received": received })))
            }
            "commit" => {
                let answer = parts.change(|| {
                    parts.admit(asked, now)?;
                    parts.commit(&asked.session, asked.argument(0), now)
                })?;
                self.arm(parts).await?;
                Ok(internal::json_text(200, &answer))
            }
            "abort" => {
                let there = parts.change(|| {
                    parts.admit(asked, now)?;
                    Ok(parts.uploads.remove(asked.argument(0))?)
                })?;
                if there {
                    Ok(internal::empty(204))
                } else {
                    Err(Refusal::not_found())
                }
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// Takes a manifest, and the session's claim with it where it is the first.
    async fn begin(&self, parts: &Parts, asked: &Asked, body: &mut Incoming, now: u64) -> Answer {
        // A stranger's manifest is not looked at.
        let is_new = match parts.claim(now)? {
            Some(claim) if claim.is_of(&asked.key) => false,
            Some(_) => return Err(Refusal::not_found()),
            None => true,
        };
        let body = body.read(MAX_MANIFEST_BYTES).await?;
        // Charged before it is looked at: that is work, too.
        quota::charge(&self.env, &asked.address, body.len() as u64, false).await?;
        let manifest = Manifest::read(parse(&body)?, &parts.limits.session)?;
        drop(body);
        let index = if is_new {
            None
        } else {
            parts.store.index_now(&asked.session)?
        };
        let upload = Upload::plan(manifest.clone(), index.as_ref(), &parts.limits.session)?;
        quota::charge(&self.env, &asked.address, upload.written(), is_new).await?;

        // Others may have written while the quota was asked.
        let now = parts.now();
        let id = internal::random_uuid();
        let (upload, version) = parts.change(|| {
            parts.create_tables()?;
            match parts.claim(now)? {
                Some(claim) if claim.is_of(&asked.key) => {}
                Some(_) => return Err(Refusal::not_found()),
                None => parts.set_claim(&asked.key, now)?,
            }
            let index = parts.store.index_now(&asked.session)?;
            let version = index.as_ref().map_or(0, |index| index.version());
            let charged = upload.written();
            let upload = Upload::plan(manifest, index.as_ref(), &parts.limits.session)?;
            if upload.written() > charged {
                return Err(Error::new(ErrorCode::Aborted, "The session has changed since the upload began.").into());
            }
            parts.uploads.begin(&id, &upload, now)?;
            parts.make_room(now)?;
            Ok((upload, version))
        })?;
        parts.ready.set(true);
        self.arm(parts).await?;
        let answer = json!({ "upload": id, "missing": upload.missing(), "version": version });
        Ok(internal::json(201, &answer))
    }

    /// Sets the alarm to when something is to be done next.
    async fn arm(&self, parts: &Parts) -> Result<()> {
        let next = [
            parts.deadline()?,
            parts.uploads.next_sweep()?,
            parts.store.next_sweep()?,
        ];
        let Some(next) = next.into_iter().flatten().min() else {
            return Ok(());
        };
        let wait = next.saturating_sub(Date::now().as_millis()).max(1);
        let set = self.state.storage().set_alarm(wait as i64).await;
        set.map_err(|error| unexpected(&error))
    }

    /// Does what has become due.
    async fn tidy(&self, parts: &Parts) -> Result<()> {
        let now = parts.now();
        if !parts.has_tables()? {
            return Ok(());
        }
        let Some(claim) = parts.claim(now)? else {
            return self.end(parts).await;
        };
        let done = parts.change(|| {
            parts.uploads.sweep(now)?;
            parts.store.sweep(now)?;
            if claim.compact.is_some_and(|due| due <= now) {
                parts.sql.run("UPDATE claims SET compact = NULL", [])?;
                for row in parts.sql.rows("SELECT session FROM sessions", [])? {
                    let id = SessionId::parse(row.text(0).unwrap_or_default())?;
                    parts.store.compact_now(&id)?;
                }
            }
            Ok(())
        });
        done.map_err(|refusal| Error::new(refusal.code, refusal.message))?;
        self.arm(parts).await
    }

    /// Leaves nothing of the session: no tables, and no alarm.
    async fn end(&self, parts: &Parts) -> Result<()> {
        parts.ready.set(false);
        // One call, so that nobody can claim the session between two.
        let gone = self.state.storage().delete_all().await;
        gone.map_err(|error| unexpected(&error))
    }
}

/// Who has claimed the session.
struct Claim {
    key: String,
    expires: u64,
    /// When to look for something to compact.
    compact: Option<u64>,
}

impl Claim {
    /// Compares in a time that does not tell how much is right.
    fn is_of(&self, key: &str) -> bool {
        let (known, given) = (self.key.as_bytes(), key.as_bytes());
        let differ = known.iter().zip(given).fold(0, |differ, (a, b)| differ | (a ^ b));
        known.len() == given.len() && !known.is_empty() && differ == 0
    }

    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            key: row.text(0).unwrap_or_default().to_owned(),
            expires: row.number(1)?,
            compact: row.number_or_null(2)?,
        })
    }
}

impl Parts {
    /// The time; never the same twice, so that no two versions are the same.
    fn now(&self) -> u64 {
        let now = Date::now().as_millis().max(self.told.get() + 1);
        self.told.set(now);
        now
    }

    /// Whether anything was ever written here. Reading alone makes no database.
    fn has_tables(&self) -> Result<bool> {
        if !self.ready.get() {
            let found = self
                .sql
                .row("SELECT name FROM sqlite_master WHERE name = 'claims'", [])?;
            self.ready.set(found.is_some());
        }
        Ok(self.ready.get())
    }

    fn create_tables(&self) -> Result<()> {
        self.store.create_tables()?;
        self.uploads.create_tables()?;
        self.sql.run(SCHEMA, [])
    }

    /// The claim, where the session has not expired.
    fn claim(&self, now: u64) -> Result<Option<Claim>> {
        if !self.has_tables()? {
            return Ok(None);
        }
        let row = self.sql.row("SELECT key, expires, compact FROM claims", [])?;
        let claim = row.as_ref().map(Claim::read).transpose()?;
        Ok(claim.filter(|claim| claim.expires > now))
    }

    /// Claims the session, of which nothing is left from before.
    fn set_claim(&self, key: &str, now: u64) -> Result<()> {
        for table in [
            "claims", "uploads", "staged", "packs", "indexes", "sessions", "chunks", "blobs",
        ] {
            self.sql.run(&["DELETE FROM ", table].concat(), [])?;
        }
        self.sql.run(
            "INSERT INTO claims (key, expires) VALUES (?, ?)",
            [key.into(), number(self.end_from(now))],
        )
    }

    /// Lets in who has the key, and notes that the session is in use. To all others it is not there.
    fn admit(&self, asked: &Asked, now: u64) -> Outcome<()> {
        match self.claim(now)? {
            Some(claim) if claim.is_of(&asked.key) => Ok(self.used(&claim, now)?),
            _ => Err(Refusal::not_found()),
        }
    }

    /// Puts the session's end off. Not at each use, as writing costs more than reading: a little is added each time.
    fn used(&self, claim: &Claim, now: u64) -> Result<()> {
        if claim.expires.saturating_sub(now) >= self.limits.ttl_ms {
            return Ok(());
        }
        self.sql
            .run("UPDATE claims SET expires = ?", [number(self.end_from(now))])
    }

    /// When a session ends that is used now: as long after its last use as is promised, and up to a twentieth more.
    fn end_from(&self, now: u64) -> u64 {
        now + self.limits.ttl_ms + self.limits.ttl_ms / 20
    }

    /// When the session ends or is to be compacted.
    fn deadline(&self) -> Result<Option<u64>> {
        let row = self
            .sql
            .row("SELECT min(expires, coalesce(compact, expires)) FROM claims", [])?;
        row.map(|row| row.number(0)).transpose()
    }

    /// Makes a change in one transaction.
    fn change<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let mut refused = None;
        let outcome = self.sql.transaction(|| {
            work().map_err(|refusal| {
                let error = Error::new(refusal.code, refusal.message.clone());
                refused = Some(refusal);
                error
            })
        });
        outcome.map_err(|error| {
            // The tables that it made are gone as well.
            self.ready.set(false);
            refused.unwrap_or_else(|| error.into())
        })
    }

    /// The answers to the Worker's readers, who need no key: they have the id.
    fn reading(&self, asked: &Asked, now: u64) -> Option<Answer> {
        let answer = match asked.operation() {
            "index" => self.send_index(asked, now),
            "pack" => self.send_pack(asked),
            _ => return None,
        };
        Some(answer)
    }

    fn send_index(&self, asked: &Asked, now: u64) -> Answer {
        let claim = self.claim(now)?.ok_or_else(Refusal::not_found)?;
        let version = self.store.version_now(&asked.session)?;
        let version = version.ok_or_else(Refusal::not_found)?;
        self.used(&claim, now)?;
        if asked.number(0)? == version {
            return Ok(internal::empty(204));
        }
        let record = self.store.index_record(&asked.session)?;
        Ok(Response::from_bytes(record.ok_or_else(Refusal::not_found)?))
    }

    fn send_pack(&self, asked: &Asked) -> Answer {
        let (pack, start, end) = (PackId(asked.number(0)?), asked.number(1)?, asked.number(2)?);
        if !self.has_tables()? || start > end {
            return Err(Refusal::not_found());
        }
        let blob = self.store.blob(&asked.session, pack)?.ok_or_else(Refusal::not_found)?;
        if end - start <= STREAMED_BYTES {
            return Ok(Response::from_bytes(self.store.blobs.read(blob, start, end)?));
        }
        let pieces = self.store.blobs.pieces(blob, start, end);
        let pieces = stream::iter(pieces).map(|piece| piece.map_err(|error| unexpected_text(&error)));
        Ok(internal::stream(pieces, end - start))
    }

    fn inspect(&self, session: &SessionId) -> Answer {
        let expires = self.sql.row("SELECT expires FROM claims", [])?;
        let expires = expires.ok_or_else(Refusal::not_found)?.number(0)?;
        let mut answer = match self.store.index_now(session)? {
            Some(index) => figures(index.version(), index.len(), index.bytes()),
            None => figures(0, 0, 0),
        };
        answer["expires"] = json!(expires);
        Ok(internal::json(200, &answer))
    }

    /// Makes the session what an upload says. Gives the answer's JSON.
    fn commit(&self, session: &SessionId, id: &str, now: u64) -> Outcome<String> {
        let progress = self.uploads.progress(id)?;
        if let Some(answer) = progress.answer {
            return Ok(answer);
        }
        if progress.received != progress.total {
            return Err(Refusal {
                message: "Not all of the upload is here.".into(),
                ..Refusal::out_of_step(progress.received)
            });
        }
        let upload = self.uploads.upload(&progress)?;
        let index = self.store.index_now(session)?;
        let staged = self.uploads.staged(id)?;
        let lost = Cell::new(None);
        let stored = |entry: &virtual_files_core::index::FileEntry| {
            let body = self
                .store
                .stored(session, entry.pack, entry.offset, entry.offset + entry.length);
            body.unwrap_or_else(|error| {
                lost.set(Some(error));
                SqlBody::default()
            })
        };
        let change = upload.change(index.as_ref(), staged, stored, now)?;
        if let Some(error) = lost.take() {
            return Err(error.into());
        }
        let (applied, index) = self.store.apply_now(session, change).map_err(of_session)?;
        self.make_room(now)?;
        let answer = figures(applied.version, applied.files, applied.bytes).to_string();
        self.uploads.finish(id, &progress, &answer, now)?;
        if index.compaction().is_some() {
            self.sql
                .run("UPDATE claims SET compact = ?", [number(now + COMPACTION_DELAY_MS)])?;
        }
        Ok(answer)
    }
}

impl Parts {
    /// The bytes of all files that are stored, announced, or dropped and not yet gone.
    fn stored(&self) -> Result<u64> {
        const BYTES: &str = "SELECT (SELECT coalesce(sum(length), 0) FROM packs JOIN blobs USING (blob)) \
                             + (SELECT coalesce(sum(length), 0) FROM staged)";
        self.sql.row(BYTES, [])?.map_or(Ok(0), |row| row.number(0))
    }

    /// Keeps what is stored within bounds where much is written within minutes: dropped packs then go at once, and who is in
    /// the middle of one has to ask again.
    fn make_room(&self, now: u64) -> Outcome<()> {
        let most = self.limits.session.max_session_bytes.saturating_mul(STORED_TIMES);
        if self.stored()? <= most {
            return Ok(());
        }
        self.store.sweep(now.saturating_add(GRACE_MS))?;
        if self.stored()? <= most {
            return Ok(());
        }
        Err(Refusal::new(
            507,
            ErrorCode::QuotaExceeded,
            "Too much of this session is being uploaded at once.",
        ))
    }
}

fn figures(version: u64, files: usize, bytes: u64) -> Value {
    json!({ "version": version, "files": files, "bytes": bytes })
}

/// Reads a manifest; one of another release is told apart from one that is wrong.
fn parse(body: &[u8]) -> Outcome<RawManifest> {
    serde_json::from_slice(body).map_err(|error| {
        match serde_json::from_slice::<RawVersion>(body).map(RawVersion::check) {
            Ok(Err(refusal)) => refusal,
            _ => Refusal::new(
                400,
                ErrorCode::InvalidMessage,
                format!("The manifest is wrong: {error}."),
            ),
        }
    })
}

fn unexpected(error: &worker::Error) -> Error {
    console_error!("{error}");
    Error::new(ErrorCode::Internal, "The session's storage failed.")
}

fn unexpected_text(error: &Error) -> worker::Error {
    error.to_string().into()
}
