//! The worker's L1: sessions' indexes, packs' handles and files' slices, bounded in bytes.
//!
//! The cache is pure: it never reads a store and knows no time. What it keeps true: it never gives out what a finished
//! change has replaced; it takes no more bytes than it may, save for one session whose index alone is larger; what was
//! used last leaves last.
//!
//! # Keeping up with changes
//!
//! A hub says [`begin`](Cache::begin) before it commits a change and [`end`](Cache::end) after. Between the two the
//! session is [uncertain](Cache::is_uncertain): its reader compares the version with the store's at every request. A hub
//! that dies between them leaves its session uncertain, which costs a lookup per request and is never wrong.
//!
//! Reading a store takes time, in which a change may end; what was read would then be kept for good though it is old. So
//! a reader takes a [`Ticket`] before it reads, and an index is kept only if its session has not changed since.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use crate::index::{FileEntry, Index, PackId};
use crate::map::Map;
use crate::path::FilePath;
use crate::session::SessionId;

/// What a kept file costs beside its bytes: the record here, the handle's object in the browser, and the headers of its answers.
pub const SLICE_COST: u64 = 3072;

/// What the handle of a pack costs. Its bytes stay where they are, in the database or with the hub.
pub const PACK_COST: u64 = 256;

/// What a file's entry in an index costs beside its path.
pub const ENTRY_COST: u64 = 128;

/// What one thing that a file imports costs beside its text.
pub const IMPORT_COST: u64 = 16;

/// What a session costs by itself.
pub const SESSION_COST: u64 = 1024;

/// Above so many sessions that have changed, those that changed long ago are no longer told apart.
const MARKS: usize = 1024;

/// Where a cached session came from, and is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The store, which outlives the worker and the hub.
    Persisted,
    /// A hub's memory.
    Memory,
}

/// The moment at which a reader began to read; see [`Cache::ticket`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// What the cache holds, and how it has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Sessions whose index is here.
    pub sessions: usize,
    /// Files whose slice is here.
    pub files: usize,
    /// Bytes that all of it takes, as the cache counts them.
    pub bytes: u64,
    /// How often a file's slice was asked for and was here.
    pub hits: u64,
    /// How often one was made of its pack, to be kept.
    pub misses: u64,
}

/// Sessions in memory, the least recently used of which leave.
#[derive(Debug)]
pub struct Cache<B> {
    sessions: Map<SessionId, Entry<B>>,
    marks: Map<SessionId, Mark>,
    /// Counts changes; a ticket is its value.
    epoch: u64,
    /// No ticket from before this is taken for a session without a mark.
    floor: u64,
    max_bytes: u64,
    bytes: u64,
    clock: Cell<u64>,
    hits: Cell<u64>,
    misses: Cell<u64>,
}

/// What is known of a session's changes; also of one that is not cached, and may be about to be.
#[derive(Debug, Default)]
struct Mark {
    /// Changes that have begun and not ended.
    begun: Vec<u64>,
    /// When the last one ended.
    ended: u64,
}

/// A cached session.
#[derive(Debug)]
struct Entry<B> {
    /// Nothing where a change has made it old: packs and slices wait for the next one, which mostly names them again.
    index: Option<Rc<Index>>,
    origin: Origin,
    index_cost: u64,
    packs: Map<PackId, B>,
    slices: Map<FilePath, Slice<B>>,
    used: Cell<u64>,
}

/// A file's bytes, and where they were taken from: a slice answers only for an index entry of the same place.
#[derive(Debug)]
struct Slice<B> {
    place: (PackId, u64, u64),
    body: B,
    used: Cell<u64>,
}

impl<B> Slice<B> {
    fn cost(&self) -> u64 {
        let (_, _, length) = self.place;
        length.saturating_add(SLICE_COST)
    }

    fn is_of(&self, index: &Index, path: &str) -> bool {
        index.get(path).is_some_and(|entry| place(entry) == self.place)
    }
}

fn place(entry: &FileEntry) -> (PackId, u64, u64) {
    (entry.pack, entry.offset, entry.length)
}

impl<B> Entry<B> {
    /// What the session costs without its slices.
    fn cost(&self) -> u64 {
        self.index_cost + SESSION_COST + self.packs.len() as u64 * PACK_COST
    }
}

fn index_cost(index: &Index) -> u64 {
    index
        .iter()
        .map(|(path, entry)| {
            let imports = entry.imports.iter().map(|import| import.len() as u64 + IMPORT_COST);
            path.as_str().len() as u64 + ENTRY_COST + imports.sum::<u64>()
        })
        .sum()
}

impl<B: Clone> Cache<B> {
    /// An empty cache that takes about this many bytes.
    pub fn new(max_bytes: u64) -> Self {
        Self {
            sessions: Map::new(),
            marks: Map::new(),
            epoch: 0,
            floor: 0,
            max_bytes,
            bytes: 0,
            clock: Cell::new(0),
            hits: Cell::new(0),
            misses: Cell::new(0),
        }
    }

    /// A session's index and origin, where they are here. Where the session [is uncertain](Self::is_uncertain), the
    /// reader compares the version with the store's, and [drops](Self::drop_index) the index if they differ.
    pub fn session(&self, session: &str) -> Option<(&Rc<Index>, Origin)> {
        let entry = self.sessions.get(session)?;
        let index = entry.index.as_ref()?;
        entry.used.set(self.tick());
        Some((index, entry.origin))
    }

    /// Whether a change of the session has begun and not ended.
    pub fn is_uncertain(&self, session: &str) -> bool {
        self.marks.get(session).is_some_and(|mark| !mark.begun.is_empty())
    }

    /// To be taken before a session is read from where it came from.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.epoch)
    }

    /// A change of the session begins. The token is the hub's, and names the change.
    pub fn begin(&mut self, session: &SessionId, token: u64) {
        self.mark(session).begun.push(token);
    }

    /// A change has ended, or was given up, and this is the session's version now; none where there is no session.
    /// Without a `begin` it counts as well.
    pub fn end(&mut self, session: &SessionId, token: u64, version: Option<u64>) {
        self.epoch += 1;
        let epoch = self.epoch;
        let mark = self.mark(session);
        mark.begun.retain(|begun| *begun != token);
        mark.ended = epoch;
        match (version, self.sessions.get(session)) {
            (None, _) => self.forget(session),
            (version, Some(Entry { index: Some(index), .. })) if version != Some(index.version()) => {
                self.drop_index(session);
            }
            _ => {}
        }
        self.prune_marks();
    }

    /// Keeps an index that was read after the ticket was taken. Tells whether it was kept; where not, a change has ended
    /// meanwhile, and the index may answer the request that it was read for and no other.
    pub fn insert(&mut self, session: &SessionId, ticket: Ticket, index: Rc<Index>, origin: Origin) -> bool {
        let fresh = match self.marks.get(session) {
            // Even if it is the version that the change has left: by now another change may have left another.
            Some(mark) => mark.ended <= ticket.0,
            None => self.floor <= ticket.0,
        };
        if !fresh {
            return false;
        }
        let tick = self.tick();
        self.bytes -= self.sessions.get(session).map_or(0, cost_of_all);
        let entry = self.sessions.get_or_insert_with(session.clone(), || Entry {
            index: None,
            origin,
            index_cost: 0,
            packs: Map::new(),
            slices: Map::new(),
            used: Cell::new(0),
        });
        // Pack ids are never used again, so what has the same place has the same bytes.
        entry.packs.retain(|pack, _| index.pack(*pack).is_some());
        entry.slices.retain(|path, slice| slice.is_of(&index, path.as_str()));
        entry.origin = origin;
        entry.index_cost = index_cost(&index);
        entry.index = Some(index);
        entry.used.set(tick);
        self.bytes += cost_of_all(entry);
        self.evict(tick);
        true
    }

    /// A pack's handle.
    pub fn pack(&self, session: &str, pack: PackId) -> Option<B> {
        let entry = self.sessions.get(session)?;
        entry.used.set(self.tick());
        entry.packs.get(&pack).cloned()
    }

    /// Keeps a pack's handle, where the session's index knows the pack.
    pub fn insert_pack(&mut self, session: &SessionId, pack: PackId, body: B) {
        let Some(entry) = self.sessions.get_mut(session) else {
            return;
        };
        if entry.index.as_ref().is_some_and(|index| index.pack(pack).is_some())
            && entry.packs.insert(pack, body).is_none()
        {
            self.bytes += PACK_COST;
            let tick = next(&self.clock);
            entry.used.set(tick);
            self.evict(tick);
        }
    }

    /// The slice of a file, where it is here and this is its entry in the reader's index.
    pub fn slice(&self, session: &str, path: &str, entry: &FileEntry) -> Option<B> {
        let found = self.sessions.get(session).and_then(|cached| {
            let slice = cached.slices.get(path).filter(|slice| slice.place == place(entry))?;
            slice.used.set(self.tick());
            cached.used.set(self.tick());
            Some(slice.body.clone())
        });
        if found.is_some() {
            next(&self.hits);
        }
        found
    }

    /// Keeps a file's slice, where the session's index still has the file in this place. One that is larger than the
    /// whole cache is not kept: it would drive out all else, and is mostly a pack by itself, which needs no slicing.
    pub fn insert_slice(&mut self, session: &SessionId, path: &FilePath, entry: &FileEntry, body: B) {
        next(&self.misses);
        let tick = self.tick();
        let slice = Slice {
            place: place(entry),
            body,
            used: Cell::new(tick),
        };
        let Some(cached) = self.sessions.get_mut(session) else {
            return;
        };
        let current = cached
            .index
            .as_ref()
            .is_some_and(|index| slice.is_of(index, path.as_str()));
        if !current || slice.cost().saturating_add(cached.cost()) > self.max_bytes {
            return;
        }
        self.bytes += slice.cost();
        if let Some(old) = cached.slices.insert(path.clone(), slice) {
            self.bytes -= old.cost();
        }
        // After its slice: a session leaves after all that it has.
        cached.used.set(next(&self.clock));
        self.evict(tick);
    }

    /// Forgets a session's index, which is not the store's any more; what of the rest is still right stays.
    pub fn drop_index(&mut self, session: &SessionId) {
        if let Some(entry) = self.sessions.get_mut(session) {
            self.bytes -= entry.index_cost;
            entry.index_cost = 0;
            entry.index = None;
        }
    }

    /// Forgets a session. It is read again when it is asked for, as at first.
    pub fn remove(&mut self, session: &SessionId) {
        self.epoch += 1;
        let epoch = self.epoch;
        let mark = self.mark(session);
        mark.ended = epoch;
        self.forget(session);
        self.prune_marks();
    }

    /// What is here, and how it has done.
    pub fn stats(&self) -> Stats {
        Stats {
            sessions: self.sessions.values().filter(|entry| entry.index.is_some()).count(),
            files: self.sessions.values().map(|entry| entry.slices.len()).sum(),
            bytes: self.bytes,
            hits: self.hits.get(),
            misses: self.misses.get(),
        }
    }

    fn forget(&mut self, session: &SessionId) {
        if let Some(entry) = self.sessions.remove(session) {
            self.bytes -= cost_of_all(&entry);
        }
    }

    fn mark(&mut self, session: &SessionId) -> &mut Mark {
        let floor = self.floor;
        self.marks.get_or_insert_with(session.clone(), || Mark {
            ended: floor,
            ..Mark::default()
        })
    }

    /// Bounds the memory of changes: without its mark a session takes no ticket that is older than now.
    fn prune_marks(&mut self) {
        if self.marks.len() > MARKS {
            self.floor = self.epoch;
            self.marks.retain(|_, mark| !mark.begun.is_empty());
        }
    }

    /// Makes room, for which the least recently used slices and sessions leave. What was used at `since` or later stays
    /// in any case.
    ///
    /// An eighth more than needed is freed, so that a full cache is searched once for many insertions.
    fn evict(&mut self, since: u64) {
        if self.bytes <= self.max_bytes {
            return;
        }
        let target = self.max_bytes - self.max_bytes / 8;
        // A heap, not a sorted list: a library's sort is some kilobytes of code that the worker is loaded with.
        let mut units: Vec<Reverse<(u64, u64)>> = Vec::new();
        for entry in self.sessions.values() {
            units.extend(
                entry
                    .slices
                    .values()
                    .map(|slice| Reverse((slice.used.get(), slice.cost()))),
            );
            units.push(Reverse((entry.used.get(), entry.cost())));
        }
        units.retain(|Reverse((used, _))| *used < since);
        let mut units = BinaryHeap::from(units);
        let (mut left, mut last) = (self.bytes, 0);
        while left > target
            && let Some(Reverse((used, cost))) = units.pop()
        {
            left -= cost;
            last = used;
        }
        self.sessions.retain(|_, entry| {
            entry.slices.retain(|_, slice| slice.used.get() > last);
            entry.used.get() > last
        });
        self.bytes = self.sessions.values().map(cost_of_all).sum();
    }

    fn tick(&self) -> u64 {
        next(&self.clock)
    }
}

fn next(counter: &Cell<u64>) -> u64 {
    let value = counter.get() + 1;
    counter.set(value);
    value
}

fn cost_of_all<B>(entry: &Entry<B>) -> u64 {
    entry.cost() + entry.slices.values().map(Slice::cost).sum::<u64>()
}
