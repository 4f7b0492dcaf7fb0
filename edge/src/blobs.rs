//! Bytes in a Durable Object's SQLite: blobs of any length, cut into rows of one size.
//!
//! A value may not be longer than 2 MB there. As all rows but a blob's last are of one length, any range is found
//! without reading what is before it.

use std::cell::Cell;
use std::rc::Rc;

use virtual_files_core::error::{Error, ErrorCode, Result};

use worker::Date;

use crate::sql::{Sql, bytes, number};

/// The length of a row.
pub(crate) const CHUNK: u64 = 512 << 10;

/// The tables.
pub(crate) const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS blobs (blob INTEGER PRIMARY KEY, length INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS chunks (blob INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, \
     PRIMARY KEY (blob, part))",
];

/// The blobs of one database.
#[derive(Clone)]
pub(crate) struct Blobs {
    sql: Rc<Sql>,
    /// The last id that was given.
    last: Rc<Cell<BlobId>>,
}

/// The id of a blob. It is made from the time, so that it is never used again, not even after everything was deleted: what
/// is read of a blob that is gone is nothing.
pub(crate) type BlobId = u64;

impl Blobs {
    /// The blobs of this database.
    pub(crate) fn new(sql: Rc<Sql>) -> Self {
        Self {
            sql,
            last: Rc::default(),
        }
    }

    /// Makes a blob that will have this length.
    pub(crate) fn create(&self, length: u64) -> Result<BlobId> {
        // More in a millisecond than anybody makes, and still a whole number to JavaScript.
        let blob = (self.last.get() + 1).max(Date::now().as_millis() << 10);
        self.last.set(blob);
        self.sql.run(
            "INSERT INTO blobs (blob, length) VALUES (?, ?)",
            [number(blob), number(length)],
        )?;
        Ok(blob)
    }

    /// Writes at the end of what is there, which is `at` bytes long.
    pub(crate) fn append(&self, blob: BlobId, mut at: u64, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            let (part, filled) = (at / CHUNK, at % CHUNK);
            let (piece, rest) = data.split_at(data.len().min((CHUNK - filled) as usize));
            let mut chunk = if filled == 0 {
                Vec::new()
            } else {
                self.chunk(blob, part, 0, filled)?
            };
            chunk.extend_from_slice(piece);
            self.sql.run(
                "INSERT OR REPLACE INTO chunks (blob, part, data) VALUES (?, ?, ?)",
                [number(blob), number(part), chunk.into()],
            )?;
            at += piece.len() as u64;
            data = rest;
        }
        Ok(())
    }

    /// Makes a blob of bytes that are here.
    pub(crate) fn write(&self, data: &[u8]) -> Result<BlobId> {
        let blob = self.create(data.len() as u64)?;
        self.append(blob, 0, data)?;
        Ok(blob)
    }

    /// A part of a row; that it is there and as long is checked.
    fn chunk(&self, blob: BlobId, part: u64, start: u64, end: u64) -> Result<Vec<u8>> {
        let row = self.sql.row(
            "SELECT substr(data, ?, ?) FROM chunks WHERE blob = ? AND part = ?",
            [number(start + 1), number(end - start), number(blob), number(part)],
        )?;
        let data = row.ok_or_else(damaged)?.bytes(0)?;
        if data.len() as u64 == end - start {
            Ok(data)
        } else {
            Err(damaged())
        }
    }

    /// The bytes of a range, row by row. Each is read when it is asked for.
    pub(crate) fn pieces(&self, blob: BlobId, start: u64, end: u64) -> impl Iterator<Item = Result<Vec<u8>>> + use<> {
        let this = self.clone();
        let mut at = start;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let (part, from) = (at / CHUNK, at % CHUNK);
            let to = CHUNK.min(from + (end - at));
            at += to - from;
            Some(this.chunk(blob, part, from, to))
        })
    }

    /// The bytes of a range.
    pub(crate) fn read(&self, blob: BlobId, start: u64, end: u64) -> Result<Vec<u8>> {
        let mut data = Vec::with_capacity((end - start) as usize);
        for piece in self.pieces(blob, start, end) {
            data.extend(piece?);
        }
        Ok(data)
    }

    /// The length that a blob was made with.
    pub(crate) fn length(&self, blob: BlobId) -> Result<u64> {
        let row = self
            .sql
            .row("SELECT length FROM blobs WHERE blob = ?", [number(blob)])?;
        row.ok_or_else(damaged)?.number(0)
    }

    /// Removes a blob.
    pub(crate) fn remove(&self, blob: BlobId) -> Result<()> {
        self.sql.run("DELETE FROM chunks WHERE blob = ?", [number(blob)])?;
        self.sql.run("DELETE FROM blobs WHERE blob = ?", [number(blob)])
    }

    /// A blob that is written piece by piece.
    pub(crate) fn writer(&self, length: u64) -> Result<Writer<'_>> {
        Ok(Writer {
            blobs: self,
            blob: self.create(length)?,
            length,
            written: 0,
            pending: Vec::new(),
        })
    }
}

/// Fills rows, so that each is written once.
pub(crate) struct Writer<'a> {
    blobs: &'a Blobs,
    blob: BlobId,
    length: u64,
    written: u64,
    pending: Vec<u8>,
}

impl Writer<'_> {
    /// Takes the next bytes.
    pub(crate) fn push(&mut self, data: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(data);
        let full = self.pending.len() / CHUNK as usize * CHUNK as usize;
        if full > 0 {
            let rest = self.pending.split_off(full);
            self.flush()?;
            self.pending = rest;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.blobs.append(self.blob, self.written, &self.pending)?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// The blob, which has to have become as long as was said.
    pub(crate) fn finish(mut self) -> Result<BlobId> {
        self.flush()?;
        if self.written == self.length {
            Ok(self.blob)
        } else {
            Err(damaged())
        }
    }
}

/// Bytes of no blob's: a record in a table of its own, in the same rows.
pub(crate) fn write_record(sql: &Sql, insert: &str, key: &str, record: &[u8]) -> Result<()> {
    for (part, data) in (0..).zip(record.chunks(CHUNK as usize)) {
        sql.run(insert, [key.into(), number(part), bytes(data)])?;
    }
    Ok(())
}

fn damaged() -> Error {
    Error::new(ErrorCode::Internal, "A stored pack is missing or cut off.")
}
