//! Compaction: what is left of replaced files goes, and many small packs become a few large ones.
//!
//! It is planned here and performed by a store: copies are made of the old packs' slices, and in one transaction the
//! index points to the new packs and the old ones go. Files keep their bytes, tags and times; readers notice nothing but
//! a new version. Every compaction leaves fewer small packs or fewer dead bytes, so that doing it again and again ends.

use super::{Index, NUMBER_END, PackId, apply};
use crate::change::Applied;
use crate::error::{Error, ErrorCode, Result};
use crate::map::Map;
use crate::pack;
use crate::path::FilePath;
use crate::store::Body;

/// Packs that are mostly dead are rewritten where that frees so many bytes …
pub const WORTHWHILE_BYTES: u64 = 256 << 10;

/// … or half of the session and at least this many bytes: a small session's remains are not worth a transaction.
pub const MIN_DEAD_BYTES: u64 = 64 << 10;

/// Packs below this length are small.
pub const SMALL_PACK_BYTES: u64 = 256 << 10;

/// More small packs than this are joined.
pub const SMALL_PACKS: usize = 64;

/// About as many bytes are copied at once; the rest waits for the next time.
pub const COMPACTION_BYTES: u64 = 64 << 20;

/// A plan for new packs made of old ones' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compaction {
    packs: Vec<NewPack>,
    sources: Vec<PackId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NewPack {
    length: u64,
    moves: Vec<Move>,
}

/// One file's bytes, to be copied to the end of a new pack.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Move {
    path: FilePath,
    pack: PackId,
    start: u64,
    end: u64,
}

impl Index {
    /// What to rewrite, where that is worth its while: packs of which less than half is alive, and small packs where
    /// there are too many of them.
    pub fn compaction(&self) -> Option<Compaction> {
        let (mut dead, mut small) = (0, 0);
        for pack in self.packs.values() {
            if mostly_dead(pack.length, pack.live) {
                dead += pack.length - pack.live;
            }
            small += usize::from(pack.length < SMALL_PACK_BYTES);
        }
        let sparse = dead >= WORTHWHILE_BYTES || (dead >= MIN_DEAD_BYTES && dead >= self.stored_bytes() / 2);
        let crowded = small > SMALL_PACKS;
        if !sparse && !crowded {
            return None;
        }

        let mut sources = Vec::new();
        let mut copied = 0;
        for (id, pack) in self.packs.iter() {
            let rewritten =
                (sparse && mostly_dead(pack.length, pack.live)) || (crowded && pack.length < SMALL_PACK_BYTES);
            if rewritten && copied < COMPACTION_BYTES {
                copied += pack.live;
                sources.push(*id);
            }
        }
        // The bundle's own order is kept, so that neighbours are one slice to copy.
        let places = self.in_packs(|pack| sources.binary_search(&pack).is_ok());
        let moves = places.into_iter().map(|(pack, start, end, path)| Move {
            path: path.clone(),
            pack,
            start,
            end,
        });
        let moves: Vec<Move> = moves.collect();
        // In the order of the packs, too.
        sources = moves.iter().map(|step| step.pack).collect();
        sources.dedup();
        let layout = pack::plan(moves.iter().map(Move::length));
        let mut moves: Vec<Option<Move>> = moves.into_iter().map(Some).collect();
        let packs = layout.into_iter().map(|positions| {
            let moves = positions.into_iter().filter_map(|at| moves.get_mut(at)?.take());
            let moves: Vec<Move> = moves.collect();
            NewPack {
                length: moves.iter().map(Move::length).sum(),
                moves,
            }
        });
        Some(Compaction {
            packs: packs.collect(),
            sources,
        })
    }

    /// Points the files to the new packs. Refuses with `ABORTED` where one of them has changed since the plan was made;
    /// that others have, does not matter.
    pub fn apply_compaction(&mut self, plan: &Compaction) -> Result<Applied> {
        let version = apply::next_version(self.version, 0)?;
        let first_pack = self.next_pack.max(version);
        let unchanged = |step: &Move| {
            let entry = self.files.get(&step.path);
            entry
                .is_some_and(|entry| (entry.pack, entry.offset, entry.length) == (step.pack, step.start, step.length()))
        };
        if !plan.packs.iter().flat_map(|pack| &pack.moves).all(unchanged) {
            return Err(Error::new(
                ErrorCode::Aborted,
                "The session changed while it was compacted.",
            ));
        }
        if first_pack >= NUMBER_END - plan.packs.len() as u64 {
            return Err(Error::new(ErrorCode::Internal, "The session has no pack ids left."));
        }

        let new_packs = self.add_packs(plan.packs.iter().map(|pack| pack.length), first_pack);
        for (id, pack) in new_packs.iter().zip(&plan.packs) {
            let mut offset = 0;
            for step in &pack.moves {
                let Some(entry) = self.files.get_mut(&step.path) else {
                    continue;
                };
                let old = entry.clone();
                entry.pack = *id;
                entry.offset = offset;
                offset += entry.length;
                let new = entry.clone();
                self.hold(&new);
                self.release(&old);
            }
        }
        let dropped_packs = self.drop_packs();
        self.version = version;
        Ok(Applied {
            version,
            new_packs,
            dropped_packs,
            files: self.files.len(),
            bytes: self.bytes,
            deleted: 0,
        })
    }
}

impl Compaction {
    /// The packs whose bytes are needed, each once.
    pub fn sources(&self) -> impl Iterator<Item = PackId> + use<> {
        self.sources.clone().into_iter()
    }

    /// The new packs' bytes, out of the old packs'.
    pub fn copy<B: Body>(&self, sources: &Map<PackId, B>) -> Result<Vec<B>> {
        let mut packs = Vec::with_capacity(self.packs.len());
        for pack in &self.packs {
            let mut parts = Vec::new();
            let mut moves = pack.moves.iter().peekable();
            while let Some(step) = moves.next() {
                let mut end = step.end;
                while let Some(next) = moves.next_if(|next| next.pack == step.pack && next.start == end) {
                    end = next.end;
                }
                match sources.get(&step.pack) {
                    Some(body) if end <= body.len() => parts.push(body.slice(step.start, end)),
                    _ => {
                        return Err(Error::new(
                            ErrorCode::StorageUnavailable,
                            "A stored pack is missing or cut off.",
                        ));
                    }
                }
            }
            packs.push(B::concat(parts));
        }
        Ok(packs)
    }
}

impl Move {
    fn length(&self) -> u64 {
        self.end - self.start
    }
}

fn mostly_dead(length: u64, live: u64) -> bool {
    live < length - live
}
