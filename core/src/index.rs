//! The index of a session: which files it has, and where their bytes are.
//!
//! An index is pure data: it is encoded into one record, applied a [`Change`] to, and asked for files. It knows packs by
//! id and length, never their bytes. What it keeps true: every file lies within a pack that it knows; every pack that it
//! knows holds a file; a pack's live bytes are the sum of its files' and no more than its length; versions only grow.
//!
//! Pack ids are never used twice, not even by a session that was deleted and made again under the same id: what a reader
//! has kept under a pack's id is either that pack or nothing.

mod apply;
mod compaction;
#[cfg(test)]
mod tests;
mod wire;

use serde::{Deserialize, Serialize};

use crate::change::{Applied, Change};
use crate::error::Result;
use crate::map::Map;
use crate::media_type;
use crate::options::SessionOptions;
use crate::order;
use crate::path::FilePath;
use crate::store::Body;

pub use compaction::{COMPACTION_BYTES, Compaction, MIN_DEAD_BYTES, SMALL_PACK_BYTES, SMALL_PACKS, WORTHWHILE_BYTES};

/// Versions, pack ids and lengths stay below this: they become JavaScript numbers.
const NUMBER_END: u64 = 1 << 53;

/// The most different media types in one session.
pub const MAX_TYPES: usize = 1024;

/// The last moment that an HTTP date can name, at the end of the year 9999. Files from later are from then.
pub const MAX_MODIFIED: u64 = 253_402_300_799_999;

/// The id of a pack, unique in its session for all time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackId(pub u64);

/// What the index knows of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackInfo {
    /// Its length in bytes.
    pub length: u64,
    /// How many of them belong to files.
    pub live: u64,
    /// How many files lie in it; an empty file needs its pack too.
    pub files: u32,
}

/// What the index knows of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// The pack that holds it.
    pub pack: PackId,
    /// Where it begins in the pack.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Its media type; [`Index::media_type`] has the text.
    pub media_type: u16,
    /// The strong entity tag's value.
    pub etag: [u8; 16],
    /// Milliseconds since 1970-01-01T00:00Z.
    pub modified: u64,
    /// What it loads first: plain specifiers, see [`crate::modules`].
    pub imports: Box<[Box<str>]>,
}

impl FileEntry {
    /// Whether both are the same bytes of the same pack.
    pub fn same_place(&self, other: &FileEntry) -> bool {
        self.pack == other.pack && self.offset == other.offset && self.length == other.length
    }
}

/// How much a session may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files in a session.
    pub max_files: usize,
    /// Bytes in a file.
    pub max_file_bytes: u64,
    /// Bytes in a session's files.
    pub max_session_bytes: u64,
}

impl Limits {
    /// 100,000 files of 2 GiB at most, 8 GiB in all: there to stop mistakes. Scarcity is the browser's to tell.
    pub const DEFAULT: Self = Self {
        max_files: 100_000,
        max_file_bytes: 2 << 30,
        max_session_bytes: 8 << 30,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The files of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    version: u64,
    changed: u64,
    options: SessionOptions,
    files: Map<FilePath, FileEntry>,
    types: Vec<String>,
    packs: Map<PackId, PackInfo>,
    next_pack: u64,
    created: u64,
    used: u64,
    bytes: u64,
}

impl Index {
    /// A session without files, made now.
    pub fn new(now_ms: u64) -> Self {
        Self {
            version: 0,
            changed: 0,
            options: SessionOptions::default(),
            files: Map::new(),
            types: Vec::new(),
            packs: Map::new(),
            next_pack: 0,
            created: now_ms,
            used: now_ms,
            bytes: 0,
        }
    }

    /// The version, which grows with every change; 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The version that the last change of it gave it: a compaction gives it another version, and changes nothing that can be read.
    pub fn changed(&self) -> u64 {
        self.changed
    }

    /// How the session is served.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// When the session was made, in milliseconds since 1970-01-01T00:00Z.
    pub fn created(&self) -> u64 {
        self.created
    }

    /// When the session was last used, as far as that was noted, in milliseconds since 1970-01-01T00:00Z.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Takes over when the session was last used from where a store notes that beside the index.
    pub fn used_at(&mut self, now_ms: u64) {
        self.used = now_ms;
    }

    /// The file of this path, spelled as [`FilePath`] spells it.
    pub fn get(&self, path: &str) -> Option<&FileEntry> {
        self.files.get(path)
    }

    /// The same with the path as the index holds it.
    pub fn get_key_value(&self, path: &str) -> Option<(&FilePath, &FileEntry)> {
        self.files.get_key_value(path)
    }

    /// The media type of a file of this index.
    pub fn media_type(&self, entry: &FileEntry) -> &str {
        self.types
            .get(usize::from(entry.media_type))
            .map_or(media_type::UNKNOWN, String::as_str)
    }

    /// Every file, in the order of the paths' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&FilePath, &FileEntry)> {
        self.files.iter()
    }

    /// The files whose path starts with `prefix`, in the order of the paths' bytes.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a FilePath, &'a FileEntry)> {
        self.files
            .iter_from(prefix)
            .take_while(move |(path, _)| path.as_str().starts_with(prefix))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many bytes the files have.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes the packs have: the files', and what is left of replaced ones.
    pub fn stored_bytes(&self) -> u64 {
        self.packs.values().map(|pack| pack.length).sum()
    }

    /// Every pack that holds a file.
    pub fn packs(&self) -> impl Iterator<Item = (PackId, &PackInfo)> {
        self.packs.iter().map(|(id, pack)| (*id, pack))
    }

    /// The files of some packs in the order in which they lie there: the pack, the first byte, the byte after the last, the path.
    pub fn in_packs(&self, wanted: impl Fn(PackId) -> bool) -> Vec<(PackId, u64, u64, &FilePath)> {
        let files = self.files.iter().filter(|(_, entry)| wanted(entry.pack));
        let mut places: Vec<_> = files
            .map(|(path, entry)| (entry.pack, entry.offset, entry.offset + entry.length, path))
            .collect();
        order::sort(&mut places, |a, b| a < b);
        places
    }

    /// What the index knows of a pack; nothing where no file lies in it.
    pub fn pack(&self, pack: PackId) -> Option<&PackInfo> {
        self.packs.get(&pack)
    }

    /// Makes a change, or leaves everything as it is and says why not.
    pub fn apply<B: Body>(&mut self, change: &Change<B>) -> Result<Applied> {
        self.apply_within(change, &Limits::DEFAULT)
    }

    /// The same within other limits.
    pub fn apply_within<B: Body>(&mut self, change: &Change<B>, limits: &Limits) -> Result<Applied> {
        // Only lengths are needed here, so what follows is compiled once and not for each kind of body.
        let packs: Vec<u64> = change.packs.iter().map(Body::len).collect();
        let request = apply::Request {
            mode: change.mode,
            packs: &packs,
            files: &change.files,
            deletes: &change.deletes,
            options: change.options.as_ref(),
            if_version: change.if_version,
            now: change.now,
        };
        let checked = request.check(self, limits)?;
        Ok(self.commit(&request, checked))
    }
}
