//! The index against a naive model: random changes, compactions and records, with every byte looked at.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::change::{Mode, NewFile};
use crate::error::ErrorCode;
use crate::store::BytesBody;

/// What a session should be: each file's bytes, type and time.
type Model = BTreeMap<String, (Vec<u8>, String, u64)>;

/// An index with the packs that a store would keep for it.
#[derive(Clone, Debug)]
struct Session {
    index: Index,
    packs: Map<PackId, BytesBody>,
    /// Every pack id that was ever given out.
    ids: BTreeSet<PackId>,
}

impl Session {
    fn new() -> Self {
        Self {
            index: Index::new(1000),
            packs: Map::new(),
            ids: BTreeSet::new(),
        }
    }

    fn settle(&mut self, applied: &Applied, packs: Vec<BytesBody>) {
        assert_eq!(applied.new_packs.len(), packs.len());
        for pack in &applied.dropped_packs {
            assert!(
                self.packs.remove(pack).is_some(),
                "{pack:?} was dropped and is not there"
            );
        }
        for (id, pack) in applied.new_packs.iter().zip(packs) {
            assert!(self.ids.insert(*id), "{id:?} is used again");
            self.packs.insert(*id, pack);
        }
        assert_eq!(
            (applied.version, applied.files, applied.bytes),
            (self.index.version, self.index.len(), self.index.bytes())
        );
    }

    /// That the session is what the model says, and the index keeps its promises.
    fn check(&self, model: &Model) {
        let index = &self.index;
        assert!(
            index
                .iter()
                .map(|(path, _)| path.as_str())
                .eq(model.keys().map(String::as_str))
        );
        for (path, (bytes, media_type, modified)) in model {
            let entry = index.get(path).unwrap();
            let pack = self.packs.get(&entry.pack).unwrap().as_bytes();
            assert_eq!(&pack[entry.offset as usize..][..entry.length as usize], bytes, "{path}");
            assert_eq!(
                (index.media_type(entry), entry.modified, entry.etag),
                (media_type.as_str(), *modified, tag(bytes))
            );
        }
        assert_eq!(
            index.bytes(),
            model.values().map(|(bytes, ..)| bytes.len() as u64).sum::<u64>()
        );
        keeps_promises(index);
        assert!(
            index.packs().map(|(id, _)| id).eq(self.packs.keys().copied()),
            "the store's packs are not the index's"
        );
        assert!(
            index
                .packs()
                .all(|(id, pack)| pack.length == self.packs.get(&id).unwrap().len())
        );
        assert_eq!(Index::decode(&index.encode()).as_ref(), Ok(index));
    }
}

/// What holds for every index, whatever it was made of: the figures are those of its files.
fn keeps_promises(index: &Index) {
    let mut packs: BTreeMap<PackId, (u64, u32)> = BTreeMap::new();
    for (_, entry) in index.iter() {
        let length = index.pack(entry.pack).expect("a file's pack is known").length;
        assert!(entry.offset + entry.length <= length);
        assert!(usize::from(entry.media_type) < index.types.len() && entry.modified <= MAX_MODIFIED);
        let (live, files) = packs.entry(entry.pack).or_default();
        *live += entry.length;
        *files += 1;
    }
    assert!(index.packs().map(|(id, pack)| (id, (pack.live, pack.files))).eq(packs));
    assert!(
        index
            .packs()
            .all(|(id, pack)| pack.live <= pack.length && id.0 < index.next_pack)
    );
    assert!(index.version < NUMBER_END && index.next_pack < NUMBER_END);
    assert_eq!(index.bytes(), index.iter().map(|(_, entry)| entry.length).sum::<u64>());
}

fn tag(bytes: &[u8]) -> [u8; 16] {
    let ends = bytes.iter().take(64).chain(bytes.iter().rev().take(64));
    let sum = ends.fold(7_u128, |sum, byte| sum.wrapping_mul(31).wrapping_add(u128::from(*byte)));
    (sum ^ ((bytes.len() as u128) << 64)).to_le_bytes()
}

/// One step of a session's life.
#[derive(Clone, Debug)]
enum Step {
    Change {
        replace: bool,
        files: Vec<(String, usize, u8)>,
        deletes: Vec<String>,
        now: u64,
        per_pack: usize,
    },
    Compact,
}

fn step() -> impl Strategy<Value = Step> {
    // Few names, so that they meet; lengths on both sides of what compaction looks at.
    let path = || "[a-e](/[a-c])?";
    let length = prop_oneof![6 => 0..50_usize, 3 => 10_000..90_000_usize, 1 => 150_000..200_000_usize];
    let change = (
        any::<u8>().prop_map(|byte| byte < 40),
        vec((path(), length, 0..4_u8), 0..8),
        vec(path(), 0..4),
        0..5_u64,
        1..6_usize,
    );
    prop_oneof![
        6 => change.prop_map(|(replace, files, deletes, now, per_pack)| Step::Change { replace, files, deletes, now, per_pack }),
        1 => Just(Step::Compact),
    ]
}

/// Bytes that tell their file and their place in it, cheaply.
fn noise(seed: usize, length: usize) -> Vec<u8> {
    let period: Vec<u8> = (0..4093_usize)
        .map(|at| (at.wrapping_mul(2_654_435_761 + seed * 2) >> 7) as u8)
        .collect();
    let mut bytes = period.repeat(length / period.len() + 1);
    bytes.truncate(length);
    bytes
}

const TYPES: [&str; 4] = ["text/html; charset=utf-8", "image/png", "", "application/octet-stream"];

fn change_of(step: &Step, seed: usize) -> Option<(Change<BytesBody>, Vec<Vec<u8>>)> {
    let Step::Change {
        replace,
        files,
        deletes,
        now,
        per_pack,
    } = step
    else {
        return None;
    };
    let mut change = Change::new(if *replace { Mode::Replace } else { Mode::Merge }, *now);
    let mut contents = Vec::new();
    for group in files.chunks(*per_pack) {
        let mut joined = Vec::new();
        for (path, length, media_type) in group {
            let bytes = noise(seed + contents.len(), *length);
            change.files.push(NewFile {
                path: FilePath::parse(path).unwrap(),
                pack: change.packs.len() as u32,
                offset: joined.len() as u64,
                length: bytes.len() as u64,
                media_type: TYPES[usize::from(*media_type)].into(),
                etag: tag(&bytes),
                modified: seed as u64,
                imports: Vec::new(),
            });
            joined.extend_from_slice(&bytes);
            contents.push(bytes);
        }
        change.packs.push(joined.into());
    }
    change.deletes = deletes.iter().map(|path| FilePath::parse(path).unwrap()).collect();
    Some((change, contents))
}

/// Does to the model what the change does to the index. Tells how many files are gone by it.
fn apply_to(model: &mut Model, change: &Change<BytesBody>, contents: &[Vec<u8>]) -> usize {
    let before: BTreeSet<String> = model.keys().cloned().collect();
    if change.mode == Mode::Replace {
        model.clear();
    }
    for path in &change.deletes {
        model.remove(path.as_str());
    }
    for (file, bytes) in change.files.iter().zip(contents) {
        let media_type = if file.media_type.is_empty() {
            "application/octet-stream"
        } else {
            &file.media_type
        };
        model.insert(
            file.path.as_str().into(),
            (bytes.clone(), media_type.into(), file.modified),
        );
    }
    before.iter().filter(|path| !model.contains_key(*path)).count()
}

fn live(steps: &[Step]) -> (Session, Model) {
    let (mut session, mut model) = (Session::new(), Model::new());
    for (at, step) in steps.iter().enumerate() {
        let before = session.clone();
        match change_of(step, at * 100) {
            Some((change, contents)) => {
                let mut paths: Vec<&FilePath> = change.files.iter().map(|file| &file.path).collect();
                paths.sort();
                let twice = paths.windows(2).any(|pair| pair[0] == pair[1]);
                match session.index.apply(&change) {
                    Ok(applied) => {
                        assert!(!twice);
                        let deleted = apply_to(&mut model, &change, &contents);
                        assert_eq!(applied.deleted, deleted);
                        session.settle(&applied, change.packs);
                        assert!(session.index.version() > before.index.version());
                    }
                    Err(error) => {
                        assert!(twice && error.code() == ErrorCode::InvalidPath, "{error}");
                        assert_eq!(session.index, before.index);
                    }
                }
            }
            None => {
                if let Some(plan) = session.index.compaction() {
                    let packs = plan.copy(&session.packs).unwrap();
                    let applied = session.index.apply_compaction(&plan).unwrap();
                    session.settle(&applied, packs);
                    assert!(session.index.version() > before.index.version());
                    assert!(session.index.stored_bytes() <= before.index.stored_bytes());
                    // The plan is for the index that it was made of, and no other.
                    assert_eq!(
                        session.index.clone().apply_compaction(&plan).unwrap_err().code(),
                        ErrorCode::Aborted
                    );
                }
            }
        }
        session.check(&model);
    }
    (session, model)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_life_of_a_session_is_the_models(steps in vec(step(), 1..30)) {
        live(&steps);
    }

    #[test]
    fn compaction_ends_and_bounds_the_dead(steps in vec(step(), 1..40)) {
        let (mut session, model) = live(&steps);
        let mut rounds = 0;
        while let Some(plan) = session.index.compaction() {
            let packs = plan.copy(&session.packs).unwrap();
            let applied = session.index.apply_compaction(&plan).unwrap();
            session.settle(&applied, packs);
            session.check(&model);
            rounds += 1;
            prop_assert!(rounds < 4, "compaction does not end");
        }
        prop_assert!(session.index.stored_bytes() <= 2 * session.index.bytes() + WORTHWHILE_BYTES);
    }

    #[test]
    fn any_bytes_are_an_index_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        for bytes in [bytes.clone(), [vec![1], bytes].concat()] {
            if let Ok(index) = Index::decode(&bytes) {
                keeps_promises(&index);
            }
        }
    }

    #[test]
    fn a_damaged_record_is_an_index_or_an_error(
        steps in vec(step(), 1..6), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(),
    ) {
        let record = live(&steps).0.index.encode();
        let cut = cut.index(record.len());
        prop_assert!(Index::decode(&record[..cut]).is_err(), "half of a record was read");
        prop_assert!(Index::decode(&[&record[..], &[0]].concat()).is_err(), "more than a record was read");
        let mut damaged = record.clone();
        for (at, byte) in damage {
            damaged[at.index(record.len())] = byte;
        }
        if let Ok(index) = Index::decode(&damaged) {
            keeps_promises(&index);
        }
    }
}

fn file(path: &str, pack: u32, offset: u64, length: u64) -> NewFile {
    let path = FilePath::parse(path).unwrap();
    NewFile {
        path,
        pack,
        offset,
        length,
        media_type: "text/plain".into(),
        etag: [0; 16],
        modified: 0,
        imports: Vec::new(),
    }
}

fn change(now: u64, packs: &[u64], files: Vec<NewFile>) -> Change<BytesBody> {
    let packs = packs.iter().map(|length| vec![0; *length as usize].into()).collect();
    Change {
        packs,
        files,
        ..Change::new(Mode::Merge, now)
    }
}

fn refusal(change: &Change<BytesBody>, limits: &Limits) -> ErrorCode {
    let mut index = Index::new(0);
    let error = index.apply_within(change, limits).unwrap_err();
    assert_eq!(index, Index::new(0));
    error.code()
}

#[test]
fn files_lie_in_their_packs_and_fill_them() {
    for (packs, files) in [
        (vec![4], vec![file("a", 1, 0, 4)]),
        (vec![4], vec![file("a", 0, 1, 4)]),
        (vec![4], vec![file("a", 0, u64::MAX, 4)]),
        (vec![4], vec![file("a", 0, 0, 3)]),
        (vec![4], vec![file("a", 0, 0, 4), file("b", 0, 0, 4)]),
        (vec![4, 0], vec![file("a", 0, 0, 4)]),
        (vec![4], vec![]),
        (vec![], vec![file("a", 0, 0, 0)]),
    ] {
        assert_eq!(
            refusal(&change(1, &packs, files), &Limits::DEFAULT),
            ErrorCode::InvalidMessage
        );
    }
}

#[test]
fn media_types_must_fit_a_header() {
    for text in [
        "text",
        "/html",
        "text/html\r\nX: y",
        "text/h\u{e9}",
        "text/html; charset=\u{1}",
        &"a/".repeat(200),
    ] {
        let mut new = file("a", 0, 0, 0);
        new.media_type = text.into();
        assert_eq!(
            refusal(&change(1, &[0], vec![new]), &Limits::DEFAULT),
            ErrorCode::InvalidMessage,
            "{text}"
        );
    }
}

#[test]
fn limits_hold_for_the_session_as_it_would_be() {
    let limits = Limits {
        max_files: 2,
        max_file_bytes: 10,
        max_session_bytes: 15,
    };
    let too_many = change(
        1,
        &[3],
        vec![file("a", 0, 0, 1), file("b", 0, 1, 1), file("c", 0, 2, 1)],
    );
    assert_eq!(refusal(&too_many, &limits), ErrorCode::TooLarge);
    assert_eq!(
        refusal(&change(1, &[11], vec![file("a", 0, 0, 11)]), &limits),
        ErrorCode::TooLarge
    );
    assert_eq!(
        refusal(&change(1, &[16], vec![file("a", 0, 0, 8), file("b", 0, 8, 8)]), &limits),
        ErrorCode::TooLarge
    );

    let mut index = Index::new(0);
    index
        .apply_within(
            &change(1, &[15], vec![file("a", 0, 0, 10), file("b", 0, 10, 5)]),
            &limits,
        )
        .unwrap();
    // What the change itself makes room for counts.
    index
        .apply_within(&change(1, &[10], vec![file("b", 0, 0, 10)]), &limits)
        .unwrap_err();
    let mut swap = change(1, &[10], vec![file("c", 0, 0, 10)]);
    index.apply_within(&swap, &limits).unwrap_err();
    swap.deletes = vec![FilePath::parse("a").unwrap(), FilePath::parse("a").unwrap()];
    index.apply_within(&swap, &limits).unwrap();
    assert_eq!((index.len(), index.bytes()), (2, 15));
    index
        .apply_within(
            &Change {
                mode: Mode::Replace,
                ..swap
            },
            &limits,
        )
        .unwrap();
    assert_eq!((index.len(), index.bytes()), (1, 10));
}

#[test]
fn media_types_are_bounded_and_forgotten_with_their_files() {
    let with_type = |path: &str, number: usize| {
        let mut new = file(path, 0, 0, 1);
        new.media_type = format!("x/t{number}");
        new
    };
    let mut index = Index::new(0);
    for number in 0..3 * MAX_TYPES {
        index
            .apply(&change(1, &[1], vec![with_type("a", number), file("b", 0, 1, 0)]))
            .unwrap();
        assert_eq!(index.media_type(index.get("a").unwrap()), format!("x/t{number}"));
        assert_eq!(index.media_type(index.get("b").unwrap()), "text/plain");
        assert!(index.types.len() < MAX_TYPES);
    }
    let files = (0..=MAX_TYPES).map(|number| NewFile {
        length: 0,
        ..with_type(&number.to_string(), number)
    });
    assert_eq!(
        refusal(&change(1, &[0], files.collect()), &Limits::DEFAULT),
        ErrorCode::TooLarge
    );
}

#[test]
fn versions_and_pack_ids_follow_the_clock_and_never_repeat() {
    let put = |index: &mut Index, now| index.apply(&change(now, &[1], vec![file("a", 0, 0, 1)])).unwrap();
    let (mut old, now) = (Index::new(0), 1_750_000_000_000);
    let first = put(&mut old, now);
    assert_eq!(first.version, now * 1000);
    let second = put(&mut old, now - 5);
    assert_eq!(second.version, now * 1000 + 1);
    assert!(second.new_packs > first.new_packs);
    // Removed, and made again a millisecond later.
    let third = put(&mut Index::new(now + 1), now + 1);
    assert!(third.version > second.version && third.new_packs > second.new_packs);
    assert_eq!(
        refusal(&change(NUMBER_END / 1000 + 1, &[], vec![]), &Limits::DEFAULT),
        ErrorCode::InvalidMessage
    );
}

#[test]
fn times_that_no_header_can_name_are_clamped() {
    let mut new = file("a", 0, 0, 0);
    new.modified = u64::MAX;
    let mut index = Index::new(0);
    index.apply(&change(1, &[0], vec![new])).unwrap();
    assert_eq!(index.get("a").unwrap().modified, MAX_MODIFIED);
}

#[test]
fn files_below_a_prefix_are_found_in_order() {
    let mut index = Index::new(0);
    let names = ["a", "docs", "docs!", "docs/a", "docs/b/c", "docs0", "e"];
    index
        .apply(&change(1, &[0], names.map(|name| file(name, 0, 0, 0)).into()))
        .unwrap();
    let under = |prefix: &str| {
        index
            .under(prefix)
            .map(|(path, _)| path.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(under("docs/"), ["docs/a", "docs/b/c"]);
    assert_eq!(under("docs"), ["docs", "docs!", "docs/a", "docs/b/c", "docs0"]);
    assert_eq!(under(""), names);
    assert!(under("docs/b/c/").is_empty() && under("z").is_empty());
}

/// An index of packs that are only lengths: what is planned does not depend on their bytes.
fn packs(list: &[(u64, u64)]) -> Index {
    let mut index = Index::new(0);
    let ids = index.add_packs(list.iter().map(|(length, _)| *length), 0);
    for (pack, (_, live)) in ids.into_iter().zip(list) {
        let entry = FileEntry {
            pack,
            offset: 0,
            length: *live,
            media_type: 0,
            etag: [0; 16],
            modified: 0,
            imports: Box::default(),
        };
        index.hold(&entry);
        index.files.insert(FilePath::parse(&pack.0.to_string()).unwrap(), entry);
    }
    index
}

fn sources(index: &Index) -> Vec<u64> {
    index
        .compaction()
        .iter()
        .flat_map(Compaction::sources)
        .map(|pack| pack.0)
        .collect()
}

#[test]
fn only_packs_that_are_mostly_dead_are_rewritten() {
    let (mib, none) = (1 << 20, Vec::<u64>::new());
    assert_eq!(
        sources(&packs(&[(mib, mib), (mib, mib / 2), (mib, mib / 2 - 1), (mib, 0)])),
        [2, 3]
    );
    assert_eq!(sources(&packs(&[(8 * mib, 4 * mib); 10])), none);
    // Too little to be worth it in a large session, not in a small one; and never worth it.
    let (dead, tiny) = ((WORTHWHILE_BYTES / 2, 9), (MIN_DEAD_BYTES, 1));
    assert_eq!(sources(&packs(&[(mib, mib), dead])), none);
    assert_eq!(sources(&packs(&[(1000, 1000), dead])), [1]);
    assert_eq!(sources(&packs(&[tiny])), none);
}

#[test]
fn small_packs_are_joined_where_there_are_many() {
    let small = (SMALL_PACK_BYTES - 1, SMALL_PACK_BYTES - 1);
    let large = (SMALL_PACK_BYTES, SMALL_PACK_BYTES);
    assert!(sources(&packs(&[vec![small; SMALL_PACKS], vec![large; 100]].concat())).is_empty());
    let plan = packs(&[vec![large; 3], vec![small; SMALL_PACKS + 1]].concat())
        .compaction()
        .unwrap();
    assert_eq!(plan.sources().count(), SMALL_PACKS + 1);
    assert!(plan.sources().all(|pack| pack.0 >= 3));
}

#[test]
fn a_large_compaction_is_done_in_parts() {
    let length = 40 << 20;
    assert_eq!(sources(&packs(&[(length * 3, length); 4])), [0, 1]);
}

#[test]
fn a_compaction_may_be_overtaken() {
    let mut index = Index::new(0);
    let all = [
        file("a", 0, 0, 100_000),
        file("b", 0, 100_000, 50_000),
        file("c", 0, 150_000, 250_000),
    ];
    index.apply(&change(1, &[400_000], all.into())).unwrap();
    let delete = |index: &mut Index, path: &str| {
        let deletes = vec![FilePath::parse(path).unwrap()];
        index
            .apply(&Change {
                deletes,
                ..change(1, &[], vec![])
            })
            .unwrap()
    };
    delete(&mut index, "c");
    let plan = index.compaction().unwrap();
    // By a change of one of its files, but not by one of others.
    let mut changed = index.clone();
    delete(&mut changed, "a");
    let before = changed.clone();
    assert_eq!(changed.apply_compaction(&plan).unwrap_err().code(), ErrorCode::Aborted);
    assert_eq!(changed, before);
    index.apply(&change(1, &[1], vec![file("d", 0, 0, 1)])).unwrap();
    let applied = index.apply_compaction(&plan).unwrap();
    assert_eq!(
        (applied.files, applied.bytes, applied.version),
        (3, 150_001, index.version())
    );
    keeps_promises(&index);
}
