//! A change to one session: what a put or a delete asks of the index, and what the index answers.

use serde::{Deserialize, Serialize};

use crate::index::PackId;
use crate::options::SessionOptions;
use crate::path::FilePath;

/// What becomes of the files that a change does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// They stay.
    #[default]
    Merge,
    /// They go: the session is what the change says.
    Replace,
}

/// A file that a change adds, or puts in the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFile {
    /// Its path.
    pub path: FilePath,
    /// The pack that holds it, by its place in [`Change::packs`].
    pub pack: u32,
    /// Where it begins in the pack.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// The media type that it is served with; empty for `application/octet-stream`.
    pub media_type: String,
    /// The strong entity tag's value: equal bytes, equal tag.
    pub etag: [u8; 16],
    /// Milliseconds since 1970-01-01T00:00Z.
    pub modified: u64,
    /// What the file loads first: see [`crate::modules`]. Whoever stores a change finds that out; it does not travel.
    #[serde(skip)]
    pub imports: Vec<String>,
}

/// One change to a session, made whole or not at all.
///
/// Deletes come first: a path that is both deleted and put is there afterwards.
#[derive(Clone, Debug)]
pub struct Change<B> {
    /// What becomes of the files that are not named.
    pub mode: Mode,
    /// The bytes of the new files. Each pack holds at least one.
    pub packs: Vec<B>,
    /// The new files, each path once.
    pub files: Vec<NewFile>,
    /// What to delete; a path that is not there is passed over.
    pub deletes: Vec<FilePath>,
    /// New options; where there are none, the old ones stay.
    pub options: Option<SessionOptions>,
    /// What [`Index::changed`](crate::index::Index::changed) must be, or nothing is changed, with `CONFLICT`.
    pub if_version: Option<u64>,
    /// The time of the change, in milliseconds since 1970-01-01T00:00Z.
    pub now: u64,
}

impl<B> Change<B> {
    /// A change that only makes sure that the session exists.
    pub fn new(mode: Mode, now: u64) -> Self {
        Self {
            mode,
            packs: Vec::new(),
            files: Vec::new(),
            deletes: Vec::new(),
            options: None,
            if_version: None,
            now,
        }
    }
}

/// What a change did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The session's version now.
    pub version: u64,
    /// The ids that the new packs are to be stored under, in the order of the change.
    pub new_packs: Vec<PackId>,
    /// The packs that no file refers to any more.
    pub dropped_packs: Vec<PackId>,
    /// How many files the session has now.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many files are gone, other than by being replaced by one of the same path.
    pub deleted: usize,
}
