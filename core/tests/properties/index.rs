//! What an index promises: whatever is done to it, its figures are those of its files, a refused change leaves no trace, and
//! a record is read back as it was written.
//!
//! An input is a record, or after a zero byte, changes to a new index.

use std::collections::{BTreeMap, BTreeSet};

use virtual_files_core::change::{Applied, Change, Mode, NewFile};
use virtual_files_core::index::{Index, Limits, PackId};
use virtual_files_core::path::FilePath;
use virtual_files_core::store::Body;

/// Panics unless the promises hold for what the bytes say.
pub(crate) fn check(data: &[u8]) {
    match data.split_first() {
        Some((0, steps)) => live(Index::new(1000), &mut Bytes(steps)),
        _ => {
            if let Ok(index) = Index::decode(data) {
                holds(&index);
                // The rest of its life is made of the same bytes.
                live(index, &mut Bytes(data));
            }
        }
    }
}

/// Bytes that choices are read from; zero where there are no more.
struct Bytes<'d>(&'d [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// A small number mostly, or one at the end of what there is.
    fn number(&mut self) -> u64 {
        let bits = self.byte();
        let value = u64::from(self.byte());
        match bits {
            0..200 => u64::from(bits) % 16 * 8 + value % 8,
            200..230 => value << (bits % 60),
            230..245 => (1 << 53) - value,
            _ => u64::MAX - value,
        }
    }

    /// One of few paths, so that they meet.
    fn path(&mut self) -> FilePath {
        const PATHS: [&str; 8] = ["a", "b", "a/b", "a/c", "index.html", "é", "a b", "%41"];
        FilePath::parse(PATHS[usize::from(self.byte()) % PATHS.len()]).expect("a path")
    }
}

/// A body of which only the length is there.
#[derive(Clone)]
struct Length(u64);

impl Body for Length {
    fn len(&self) -> u64 {
        self.0
    }

    fn slice(&self, start: u64, end: u64) -> Self {
        assert!(start <= end && end <= self.0);
        Self(end - start)
    }

    fn concat(parts: Vec<Self>) -> Self {
        Self(parts.iter().map(|part| part.0).sum())
    }
}

fn live(mut index: Index, bytes: &mut Bytes<'_>) {
    let mut given_out = BTreeSet::new();
    for _ in 0..64 {
        if bytes.0.is_empty() {
            return;
        }
        let before = index.clone();
        let applied = if bytes.byte() % 8 == 7 {
            let Some(plan) = index.compaction() else {
                continue;
            };
            for source in plan.sources() {
                assert!(before.pack(source).is_some(), "{source:?} is no pack");
            }
            index.apply_compaction(&plan)
        } else {
            let change = change(bytes);
            let limits = Limits {
                max_files: 6,
                ..Limits::DEFAULT
            };
            let applied = index.apply_within(&change, &limits);
            if applied.is_ok() {
                assert!(index.len() <= limits.max_files && index.bytes() <= limits.max_session_bytes);
                for file in &change.files {
                    let entry = index.get(file.path.as_str()).expect("what was put is there");
                    assert_eq!(
                        (entry.offset, entry.length, entry.etag),
                        (file.offset, file.length, file.etag)
                    );
                }
            }
            applied
        };
        match applied {
            Ok(applied) => tells_what_it_did(&before, &index, &applied, &mut given_out),
            Err(error) => {
                assert!(!error.message().is_empty());
                assert_eq!(index, before, "a refused change left a trace");
            }
        }
        holds(&index);
    }
}

fn change(bytes: &mut Bytes<'_>) -> Change<Length> {
    let mode = if bytes.byte() % 4 == 3 {
        Mode::Replace
    } else {
        Mode::Merge
    };
    let mut change = Change::new(mode, bytes.number());
    // Files fill their packs mostly, as a change wants it.
    let filled = bytes.byte() % 8 != 7;
    for pack in 0..u32::from(bytes.byte() % 4) {
        let mut end = 0_u64;
        for _ in 0..bytes.byte() % 4 {
            let mut file = new_file(bytes, pack);
            if filled {
                file.offset = end;
                end = end.saturating_add(file.length);
            }
            change.files.push(file);
        }
        change.packs.push(Length(if filled { end } else { bytes.number() }));
    }
    for _ in 0..bytes.byte() % 3 {
        change.deletes.push(bytes.path());
    }
    change
}

fn new_file(bytes: &mut Bytes<'_>, pack: u32) -> NewFile {
    const TYPES: [&str; 4] = ["", "text/css", "image/png", "no type"];
    NewFile {
        path: bytes.path(),
        pack,
        offset: bytes.number(),
        length: bytes.number(),
        media_type: TYPES[usize::from(bytes.byte() / 80)].to_owned(),
        etag: [bytes.byte(); 16],
        modified: bytes.number(),
        imports: Vec::new(),
    }
}

fn tells_what_it_did(before: &Index, index: &Index, applied: &Applied, given_out: &mut BTreeSet<PackId>) {
    assert!(index.version() > before.version(), "the version did not grow");
    assert_eq!(
        (applied.version, applied.files, applied.bytes),
        (index.version(), index.len(), index.bytes())
    );
    for pack in &applied.new_packs {
        assert!(before.pack(*pack).is_none() && index.pack(*pack).is_some());
        assert!(given_out.insert(*pack), "{pack:?} was given out twice");
    }
    for pack in &applied.dropped_packs {
        assert!(before.pack(*pack).is_some() && index.pack(*pack).is_none());
    }
    let ids = |index: &Index| index.packs().map(|(id, _)| id).collect::<BTreeSet<_>>();
    let mut expected = ids(before);
    expected.extend(&applied.new_packs);
    expected.retain(|id| !applied.dropped_packs.contains(id));
    assert_eq!(ids(index), expected);
}

/// What holds for every index.
fn holds(index: &Index) {
    let mut packs: BTreeMap<PackId, (u64, u32)> = BTreeMap::new();
    for (path, entry) in index.iter() {
        assert!(FilePath::parse(path.as_str()).as_ref() == Ok(path));
        let pack = index.pack(entry.pack).expect("a file's pack is known");
        let end = entry.offset.checked_add(entry.length);
        assert!(
            end.is_some_and(|end| end <= pack.length),
            "{path} is outside of its pack"
        );
        let (live, files) = packs.entry(entry.pack).or_default();
        *live += entry.length;
        *files += 1;
    }
    assert!(index.packs().map(|(id, pack)| (id, (pack.live, pack.files))).eq(packs));
    assert!(index.packs().all(|(_, pack)| pack.live <= pack.length));
    assert_eq!(index.bytes(), index.iter().map(|(_, entry)| entry.length).sum::<u64>());
    assert_eq!(
        index.stored_bytes(),
        index.packs().map(|(_, pack)| pack.length).sum::<u64>()
    );
    assert_eq!(Index::decode(&index.encode()).as_ref(), Ok(index));
}
