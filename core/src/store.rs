//! Where sessions are kept: the trait, what is stored, and the store in memory.
//!
//! A store keeps for each session its [`Index`] and its packs, and changes both in one step. What it keeps true: a reader
//! sees a session as it was before a change or after it, never between; what was refused has left no trace.

#[cfg(feature = "conformance")]
pub mod conformance;
mod memory;

use crate::change::{Applied, Change};
use crate::error::Result;
use crate::index::{Index, PackId};
use crate::session::SessionId;

pub use memory::{BytesBody, MemoryStore};

/// Bytes that a store keeps, or a handle to them. Cheap to clone.
// A body is never asked whether it is empty: an empty one is stored and served like any other.
#[allow(clippy::len_without_is_empty, async_fn_in_trait)]
pub trait Body: Clone {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// The bytes from `start` up to `end`, which is within the length.
    fn slice(&self, start: u64, end: u64) -> Self;

    /// The bytes of all parts, one after the other.
    fn concat(parts: Vec<Self>) -> Self;

    /// The same bytes in a body of their own, where this one is a view of others.
    async fn detached(self) -> Result<Self> {
        Ok(self)
    }
}

/// What a list of sessions tells of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its id.
    pub id: SessionId,
    /// Its version.
    pub version: u64,
    /// How many files it has.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// When it was made, in milliseconds since 1970-01-01T00:00Z.
    pub created: u64,
    /// When it was last used, as far as that was noted: every change is, and by some stores reading, once a day; in milliseconds since 1970-01-01T00:00Z.
    pub used: u64,
}

impl SessionInfo {
    /// What an index tells.
    pub fn of(id: SessionId, index: &Index) -> Self {
        Self {
            id,
            version: index.version(),
            files: index.len(),
            bytes: index.bytes(),
            created: index.created(),
            used: index.used(),
        }
    }
}

/// A place for sessions.
// Everything runs on one thread, in the browser and at the edge: no future need be `Send`.
#[allow(async_fn_in_trait)]
pub trait Store {
    /// How this store holds bytes.
    type Body: Body;

    /// A session's index.
    async fn index(&self, session: &SessionId) -> Result<Option<Index>>;

    /// A session's version: what tells whether an index that was read before is still right.
    async fn version(&self, session: &SessionId) -> Result<Option<u64>>;

    /// A pack. Nothing where the session or the pack is gone: whoever asked because of an index then reads a newer one.
    async fn pack(&self, session: &SessionId, pack: PackId) -> Result<Option<Self::Body>>;

    /// Makes a change as a whole, and the session if there is none.
    async fn apply(&self, session: &SessionId, change: Change<Self::Body>) -> Result<Applied>;

    /// Removes a session with all its files. Tells whether there was one.
    async fn remove(&self, session: &SessionId) -> Result<bool>;

    /// Every session.
    async fn list(&self) -> Result<Vec<SessionInfo>>;

    /// Compacts a session where that is worth its while. Gives the new version, or nothing where nothing was done.
    async fn compact(&self, session: &SessionId) -> Result<Option<u64>>;
}
