//! The store in memory: what memory sessions live in, and what other stores are measured against.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Body, SessionInfo, Store};
use crate::change::{Applied, Change};
use crate::error::Result;
use crate::index::{Index, Limits, PackId};
use crate::map::Map;
use crate::session::SessionId;

/// Sessions in memory. A clone is another handle to the same sessions.
#[derive(Debug)]
pub struct MemoryStore<B> {
    sessions: Rc<RefCell<Map<SessionId, Stored<B>>>>,
    limits: Limits,
}

#[derive(Debug)]
struct Stored<B> {
    index: Index,
    packs: Map<PackId, B>,
}

impl<B> Clone for MemoryStore<B> {
    fn clone(&self) -> Self {
        Self {
            sessions: Rc::clone(&self.sessions),
            limits: self.limits,
        }
    }
}

impl<B> Default for MemoryStore<B> {
    fn default() -> Self {
        Self::with_limits(Limits::DEFAULT)
    }
}

impl<B> MemoryStore<B> {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose sessions may hold this much.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            sessions: Rc::default(),
            limits,
        }
    }

    /// Whether a session is here.
    pub fn contains(&self, session: &SessionId) -> bool {
        self.sessions.borrow().contains_key(session)
    }
}

impl<B: Body> MemoryStore<B> {
    /// A session as a whole, to hand to another store or cache.
    pub fn snapshot(&self, session: &SessionId) -> Option<(Index, Vec<(PackId, B)>)> {
        let sessions = self.sessions.borrow();
        let stored = sessions.get(session)?;
        let packs = stored.packs.iter().map(|(id, body)| (*id, body.clone()));
        Some((stored.index.clone(), packs.collect()))
    }

    /// Looks at a session without a copy of it.
    pub fn look<T>(
        &self,
        session: &SessionId,
        at: impl FnOnce(&Index, &dyn Fn(PackId) -> Option<B>) -> T,
    ) -> Option<T> {
        let sessions = self.sessions.borrow();
        let stored = sessions.get(session)?;
        Some(at(&stored.index, &|pack| stored.packs.get(&pack).cloned()))
    }

    /// Takes over a snapshot, in the place of what was there under its id.
    pub fn adopt(&self, session: SessionId, index: Index, packs: Vec<(PackId, B)>) {
        let stored = Stored {
            index,
            packs: packs.into_iter().collect(),
        };
        self.sessions.borrow_mut().insert(session, stored);
    }
}

impl<B> Stored<B> {
    /// Puts the packs where the index now expects them.
    fn settle(&mut self, applied: &Applied, packs: Vec<B>) {
        for pack in &applied.dropped_packs {
            self.packs.remove(pack);
        }
        self.packs.extend(applied.new_packs.iter().copied().zip(packs));
    }
}

impl<B: Body> Store for MemoryStore<B> {
    type Body = B;

    async fn index(&self, session: &SessionId) -> Result<Option<Index>> {
        Ok(self.sessions.borrow().get(session).map(|stored| stored.index.clone()))
    }

    async fn version(&self, session: &SessionId) -> Result<Option<u64>> {
        Ok(self.sessions.borrow().get(session).map(|stored| stored.index.version()))
    }

    async fn pack(&self, session: &SessionId, pack: PackId) -> Result<Option<B>> {
        Ok(self
            .sessions
            .borrow()
            .get(session)
            .and_then(|stored| stored.packs.get(&pack).cloned()))
    }

    async fn apply(&self, session: &SessionId, change: Change<B>) -> Result<Applied> {
        let mut sessions = self.sessions.borrow_mut();
        let Some(stored) = sessions.get_mut(session) else {
            let mut index = Index::new(change.now);
            let applied = index.apply_within(&change, &self.limits)?;
            let packs = applied.new_packs.iter().copied().zip(change.packs).collect();
            sessions.insert(session.clone(), Stored { index, packs });
            return Ok(applied);
        };
        let applied = stored.index.apply_within(&change, &self.limits)?;
        stored.settle(&applied, change.packs);
        Ok(applied)
    }

    async fn remove(&self, session: &SessionId) -> Result<bool> {
        Ok(self.sessions.borrow_mut().remove(session).is_some())
    }

    async fn list(&self) -> Result<Vec<SessionInfo>> {
        let sessions = self.sessions.borrow();
        Ok(sessions
            .iter()
            .map(|(id, stored)| SessionInfo::of(id.clone(), &stored.index))
            .collect())
    }

    async fn compact(&self, session: &SessionId) -> Result<Option<u64>> {
        let (plan, views) = {
            let sessions = self.sessions.borrow();
            let Some(stored) = sessions.get(session) else {
                return Ok(None);
            };
            let Some(plan) = stored.index.compaction() else {
                return Ok(None);
            };
            let views = plan.copy(&stored.packs)?;
            (plan, views)
        };
        // A view may keep all of the pack that it is of.
        let mut packs = Vec::with_capacity(views.len());
        for view in views {
            packs.push(view.detached().await?);
        }
        let mut sessions = self.sessions.borrow_mut();
        let Some(stored) = sessions.get_mut(session) else {
            return Ok(None);
        };
        let applied = stored.index.apply_compaction(&plan)?;
        stored.settle(&applied, packs);
        Ok(Some(applied.version))
    }
}

/// Bytes in this program's own memory, shared between clones and slices.
#[derive(Clone, Debug, Default)]
pub struct BytesBody {
    bytes: Rc<[u8]>,
    start: usize,
    end: usize,
}

impl BytesBody {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }
}

impl From<&[u8]> for BytesBody {
    fn from(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.into(),
            start: 0,
            end: bytes.len(),
        }
    }
}

impl From<Vec<u8>> for BytesBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            end: bytes.len(),
            start: 0,
            bytes: bytes.into(),
        }
    }
}

impl PartialEq for BytesBody {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for BytesBody {}

impl Body for BytesBody {
    fn len(&self) -> u64 {
        (self.end - self.start) as u64
    }

    fn slice(&self, start: u64, end: u64) -> Self {
        let within = |at: u64| self.start + at.min(Body::len(self)) as usize;
        let (start, end) = (within(start), within(end));
        Self {
            bytes: Rc::clone(&self.bytes),
            start: start.min(end),
            end,
        }
    }

    fn concat(parts: Vec<Self>) -> Self {
        let parts: Vec<&[u8]> = parts.iter().map(Self::as_bytes).collect();
        parts.concat().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Mode, NewFile};
    use crate::error::ErrorCode;
    use crate::path::FilePath;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// A memory store's futures never wait, so one poll is enough.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("a memory store waited"),
        }
    }

    #[cfg(feature = "conformance")]
    #[test]
    fn the_memory_store_conforms() {
        use crate::store::conformance;
        let store = MemoryStore::<BytesBody>::new();
        for (name, promise) in conformance::CASES {
            let read = async |body: &BytesBody| body.as_bytes().to_vec();
            let result = now(conformance::run(name, &store, |bytes| bytes.into(), read));
            assert_eq!(result, Ok(()), "{name}: {promise}");
        }
        assert!(now(store.list()).unwrap().is_empty());
        let read = async |body: &BytesBody| body.as_bytes().to_vec();
        assert!(now(conformance::run("nonsense", &store, |bytes| bytes.into(), read)).is_err());
    }

    fn put(path: &str, bytes: &[u8]) -> Change<BytesBody> {
        let mut change = Change::new(Mode::Merge, 1);
        change.packs.push(bytes.into());
        change.files.push(NewFile {
            path: FilePath::parse(path).unwrap(),
            pack: 0,
            offset: 0,
            length: bytes.len() as u64,
            media_type: String::new(),
            etag: [0; 16],
            modified: 0,
            imports: Vec::new(),
        });
        change
    }

    #[test]
    fn a_snapshot_is_a_session_elsewhere() {
        let (one, two) = (MemoryStore::new(), MemoryStore::new());
        let id = SessionId::parse("s").unwrap();
        assert!(one.snapshot(&id).is_none());
        now(one.apply(&id, put("a", b"one"))).unwrap();
        let (index, packs) = one.snapshot(&id).unwrap();
        now(one.apply(&id, put("a", b"two"))).unwrap();

        two.adopt(id.clone(), index.clone(), packs);
        assert!(two.contains(&id));
        assert_eq!(now(two.index(&id)).unwrap(), Some(index.clone()));
        let pack = index.get("a").unwrap().pack;
        assert_eq!(now(two.pack(&id, pack)).unwrap(), Some(b"one".as_slice().into()));
        assert_eq!(now(one.pack(&id, pack)).unwrap(), None);
        // A clone is the same store.
        assert!(now(two.clone().remove(&id)).unwrap() && !two.contains(&id));
    }

    #[test]
    fn limits_are_the_stores() {
        let store = MemoryStore::with_limits(Limits {
            max_file_bytes: 2,
            ..Limits::DEFAULT
        });
        let id = SessionId::parse("s").unwrap();
        assert_eq!(
            now(store.apply(&id, put("a", b"one"))).unwrap_err().code(),
            ErrorCode::TooLarge
        );
        assert!(!store.contains(&id));
        now(store.apply(&id, put("a", b"1"))).unwrap();
        assert_eq!(
            now(store.apply(&id, put("a", b"one"))).unwrap_err().code(),
            ErrorCode::TooLarge
        );
    }

    #[test]
    fn bytes_are_sliced_and_joined() {
        let body = BytesBody::from(b"abcdef".as_slice());
        let slice = body.slice(1, 5).slice(1, 3);
        assert_eq!((slice.as_bytes(), slice.len()), (b"cd".as_slice(), 2));
        // A slice is clamped as a Blob's is.
        assert_eq!(slice.slice(1, 9).as_bytes(), b"d");
        assert_eq!(slice.slice(2, 1).as_bytes(), b"");
        assert_eq!(
            BytesBody::concat(vec![slice, BytesBody::default(), body.slice(0, 1)]).as_bytes(),
            b"cda"
        );
    }
}
