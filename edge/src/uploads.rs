//! Uploads that are under way, in the session's Durable Object: what was sent lies in blobs that a commit makes packs of.
//!
//! What it keeps true: a part is taken as a whole or not at all, and only where it follows what is here; an upload is
//! never part of a session before its commit; a commit that is asked for twice is answered the same twice.

use std::rc::Rc;

use virtual_files_core::edge::api::Refusal;
use virtual_files_core::edge::upload::Upload;
use virtual_files_core::error::{Error, ErrorCode, Result};

use crate::blobs::{BlobId, Blobs};
use crate::sql::{Sql, number};
use crate::store::SqlBody;

/// An upload that nobody adds to for so long is given up.
pub(crate) const ABANDONED_MS: u64 = 15 * 60 * 1000;

/// More uploads at once than this, and the one that waits longest is given up.
const MAX_UPLOADS: u64 = 4;

const SCHEMA: [&str; 2] = [
    // `plan` is a blob. `answer` is what a finished upload's commit said.
    "CREATE TABLE IF NOT EXISTS uploads (upload TEXT PRIMARY KEY, plan INTEGER NOT NULL, total INTEGER NOT NULL, \
     received INTEGER NOT NULL, touched INTEGER NOT NULL, answer TEXT)",
    "CREATE TABLE IF NOT EXISTS staged (upload TEXT NOT NULL, place INTEGER NOT NULL, blob INTEGER NOT NULL, \
     start INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (upload, place))",
];

/// The uploads of one session.
pub(crate) struct Uploads {
    sql: Rc<Sql>,
    blobs: Blobs,
}

/// How far an upload is.
pub(crate) struct Progress {
    plan: BlobId,
    pub(crate) total: u64,
    pub(crate) received: u64,
    /// What its commit said, where it has been.
    pub(crate) answer: Option<String>,
}

/// Why a part or a commit failed: refused, or our own mistake.
pub(crate) type Outcome<T> = std::result::Result<T, Refusal>;

impl Uploads {
    /// The uploads in a database, with the blobs that they go to.
    pub(crate) fn new(sql: Rc<Sql>, blobs: Blobs) -> Self {
        Self { blobs, sql }
    }

    /// Makes the tables, where they are missing.
    pub(crate) fn create_tables(&self) -> Result<()> {
        SCHEMA.iter().try_for_each(|table| self.sql.run(table, []))
    }

    /// Notes a new upload.
    pub(crate) fn begin(&self, id: &str, upload: &Upload, now: u64) -> Result<()> {
        while self.count()? >= MAX_UPLOADS {
            let row = self
                .sql
                .row("SELECT upload FROM uploads ORDER BY touched LIMIT 1", [])?;
            let Some(oldest) = row.as_ref().and_then(|row| row.text(0)) else {
                break;
            };
            self.remove(oldest)?;
        }
        let record = postcard::to_allocvec(upload)
            .map_err(|_| Error::new(ErrorCode::Internal, "An upload could not be written down."))?;
        let plan = self.blobs.write(&record)?;
        self.sql.run(
            "INSERT INTO uploads (upload, plan, total, received, touched) VALUES (?, ?, ?, 0, ?)",
            [id.into(), number(plan), number(upload.total()), number(now)],
        )?;
        let mut start = 0;
        for (place, length) in (0..).zip(upload.packs()) {
            let blob = self.blobs.create(length)?;
            self.sql.run(
                "INSERT INTO staged (upload, place, blob, start, length) VALUES (?, ?, ?, ?, ?)",
                [id.into(), number(place), number(blob), number(start), number(length)],
            )?;
            start += length;
        }
        Ok(())
    }

    fn count(&self) -> Result<u64> {
        let row = self.sql.row("SELECT count(*) FROM uploads", [])?;
        row.map_or(Ok(0), |row| row.number(0))
    }

    /// How far an upload is; nothing where there is none of that id.
    pub(crate) fn progress(&self, id: &str) -> Outcome<Progress> {
        let row = self.sql.row(
            "SELECT plan, total, received, answer FROM uploads WHERE upload = ?",
            [id.into()],
        )?;
        let Some(row) = row else {
            return Err(Refusal::new(
                404,
                ErrorCode::NotFound,
                "There is no such upload; it may have been given up.",
            ));
        };
        Ok(Progress {
            plan: row.number(0)?,
            total: row.number(1)?,
            received: row.number(2)?,
            answer: row.text(3).map(str::to_owned),
        })
    }

    /// Takes a part. Gives how many bytes are here now.
    pub(crate) fn append(&self, id: &str, offset: u64, part: &[u8], now: u64) -> Outcome<u64> {
        let progress = self.progress(id)?;
        if offset != progress.received {
            return Err(Refusal::out_of_step(progress.received));
        }
        let end = offset.saturating_add(part.len() as u64);
        if end > progress.total || progress.answer.is_some() {
            return Err(Refusal::too_large("More bytes are sent than the manifest says."));
        }
        let rows = self.sql.rows(
            "SELECT blob, start, length FROM staged WHERE upload = ? AND start < ? AND start + length > ? ORDER BY place",
            [id.into(), number(end), number(offset)],
        )?;
        for row in rows {
            let (blob, start, length) = (row.number(0)?, row.number(1)?, row.number(2)?);
            let (from, to) = (start.max(offset), (start + length).min(end));
            let piece = part.get((from - offset) as usize..(to - offset) as usize);
            self.blobs.append(blob, from - start, piece.unwrap_or_default())?;
        }
        self.sql.run(
            "UPDATE uploads SET received = ?, touched = ? WHERE upload = ?",
            [number(end), number(now), id.into()],
        )?;
        Ok(end)
    }

    /// What an upload is to do.
    pub(crate) fn upload(&self, progress: &Progress) -> Result<Upload> {
        let record = self.blobs.read(progress.plan, 0, self.blobs.length(progress.plan)?)?;
        postcard::from_bytes(&record).map_err(|_| Error::new(ErrorCode::Internal, "An upload cannot be read back."))
    }

    /// What was sent, pack by pack, for a change to take over.
    pub(crate) fn staged(&self, id: &str) -> Result<Vec<SqlBody>> {
        let rows = self.sql.rows(
            "SELECT blob, length FROM staged WHERE upload = ? ORDER BY place",
            [id.into()],
        )?;
        rows.iter()
            .map(|row| Ok(SqlBody::staged(row.number(0)?, row.number(1)?)))
            .collect()
    }

    /// Notes that an upload's blobs are the session's now, and what its commit says.
    pub(crate) fn finish(&self, id: &str, progress: &Progress, answer: &str, now: u64) -> Result<()> {
        self.blobs.remove(progress.plan)?;
        self.sql.run("DELETE FROM staged WHERE upload = ?", [id.into()])?;
        self.sql.run(
            "UPDATE uploads SET answer = ?, touched = ? WHERE upload = ?",
            [answer.into(), number(now), id.into()],
        )
    }

    /// Removes an upload with what was sent. Tells whether there was one.
    pub(crate) fn remove(&self, id: &str) -> Result<bool> {
        let Some(row) = self.sql.row("SELECT plan FROM uploads WHERE upload = ?", [id.into()])? else {
            return Ok(false);
        };
        self.blobs.remove(row.number(0)?)?;
        for row in self.sql.rows("SELECT blob FROM staged WHERE upload = ?", [id.into()])? {
            self.blobs.remove(row.number(0)?)?;
        }
        self.sql.run("DELETE FROM staged WHERE upload = ?", [id.into()])?;
        self.sql.run("DELETE FROM uploads WHERE upload = ?", [id.into()])?;
        Ok(true)
    }

    /// Gives up what nobody adds to any more.
    pub(crate) fn sweep(&self, now: u64) -> Result<()> {
        let rows = self.sql.rows(
            "SELECT upload FROM uploads WHERE touched <= ?",
            [number(now.saturating_sub(ABANDONED_MS))],
        )?;
        for row in rows {
            self.remove(row.text(0).unwrap_or_default())?;
        }
        Ok(())
    }

    /// When the next upload is given up.
    pub(crate) fn next_sweep(&self) -> Result<Option<u64>> {
        let row = self.sql.row("SELECT min(touched) FROM uploads", [])?;
        let touched = row.map_or(Ok(None), |row| row.number_or_null(0))?;
        Ok(touched.map(|touched| touched + ABANDONED_MS))
    }
}
