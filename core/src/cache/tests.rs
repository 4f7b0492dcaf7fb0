//! The cache against what it must never do: give out what is old, forget the wrong one, or grow.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::change::{Change, Mode, NewFile};
use crate::store::BytesBody;

/// A cached body here is the id of the pack that it was taken from.
type Ids = Cache<u64>;

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

/// The index after a put of files with these lengths, each in a pack of its own.
fn put(index: Option<&Index>, now: u64, files: &[(&str, usize)]) -> Rc<Index> {
    let mut change: Change<BytesBody> = Change::new(Mode::Merge, now);
    for (pack, (name, length)) in (0..).zip(files) {
        change.packs.push(vec![0; *length].into());
        change.files.push(NewFile {
            path: path(name),
            pack,
            offset: 0,
            length: *length as u64,
            media_type: String::new(),
            etag: [0; 16],
            modified: 0,
            imports: Vec::new(),
        });
    }
    let mut index = index.cloned().unwrap_or_else(|| Index::new(now));
    index.apply(&change).unwrap();
    Rc::new(index)
}

fn keep(cache: &mut Ids, session: &str, index: &Rc<Index>) -> bool {
    cache.insert(&id(session), cache.ticket(), Rc::clone(index), Origin::Persisted)
}

/// Asks for a file as a reader does, and keeps it; tells whether it was here.
fn read(cache: &mut Ids, session: &str, index: &Index, name: &str) -> bool {
    let entry = index.get(name).unwrap();
    let found = cache.slice(session, name, entry);
    if let Some(body) = found {
        assert_eq!(body, entry.pack.0, "{session}/{name} is of another pack");
    } else {
        cache.insert_slice(&id(session), &path(name), entry, entry.pack.0);
    }
    found.is_some()
}

/// What the cache should count, counted anew.
fn check_bytes(cache: &Ids) {
    let mut bytes = 0;
    for entry in cache.sessions.values() {
        let files = entry.index.as_deref().map_or(0, |index| {
            index
                .iter()
                .map(|(path, _)| path.as_str().len() as u64 + ENTRY_COST)
                .sum()
        });
        let slices: u64 = entry.slices.values().map(|slice| slice.place.2 + SLICE_COST).sum();
        bytes += SESSION_COST + files + entry.packs.len() as u64 * PACK_COST + slices;
    }
    assert_eq!(cache.stats().bytes, bytes);
    let alone = cache.sessions.len() == 1 && cache.stats().files == 0;
    assert!(
        bytes <= cache.max_bytes || alone,
        "{bytes} bytes of {}",
        cache.max_bytes
    );
}

#[test]
fn what_was_put_in_comes_out() {
    let mut cache = Ids::new(1 << 20);
    let index = put(None, 1, &[("a", 10), ("b/c", 20)]);
    assert!(cache.session("s").is_none() && !cache.is_uncertain("s"));
    assert!(keep(&mut cache, "s", &index));
    assert_eq!(cache.session("s"), Some((&index, Origin::Persisted)));
    assert!(cache.session("t").is_none());

    let pack = index.get("a").unwrap().pack;
    assert_eq!(cache.pack("s", pack), None);
    cache.insert_pack(&id("s"), pack, pack.0);
    cache.insert_pack(&id("s"), pack, pack.0);
    cache.insert_pack(&id("s"), PackId(77), 77);
    cache.insert_pack(&id("t"), pack, pack.0);
    assert_eq!(cache.pack("s", pack), Some(pack.0));
    assert_eq!((cache.pack("s", PackId(77)), cache.pack("t", pack)), (None, None));

    assert!(!read(&mut cache, "s", &index, "a") && read(&mut cache, "s", &index, "a"));
    assert!(!read(&mut cache, "s", &index, "b/c"));
    // Two readers may have missed it and keep it both.
    let entry = index.get("a").unwrap();
    cache.insert_slice(&id("s"), &path("a"), entry, entry.pack.0);
    check_bytes(&cache);
    let stats = cache.stats();
    assert_eq!((stats.sessions, stats.files, stats.hits, stats.misses), (1, 2, 1, 3));
    check_bytes(&cache);
    cache.remove(&id("s"));
    assert_eq!(
        (cache.stats().sessions, cache.stats().files, cache.stats().bytes),
        (0, 0, 0)
    );
}

#[test]
fn a_new_version_keeps_what_is_still_right() {
    let mut cache = Ids::new(1 << 20);
    let old = put(None, 1, &[("same", 10), ("changed", 10)]);
    keep(&mut cache, "s", &old);
    for name in ["same", "changed"] {
        let pack = old.get(name).unwrap().pack;
        cache.insert_pack(&id("s"), pack, pack.0);
        read(&mut cache, "s", &old, name);
    }
    let new = put(Some(&old), 2, &[("changed", 10)]);
    cache.begin(&id("s"), 1);
    cache.end(&id("s"), 1, Some(new.version()));
    assert!(cache.session("s").is_none());
    check_bytes(&cache);
    assert!(keep(&mut cache, "s", &new));
    check_bytes(&cache);
    assert_eq!(cache.stats().files, 1);
    assert!(read(&mut cache, "s", &new, "same") && !read(&mut cache, "s", &new, "changed"));
    assert!(cache.pack("s", old.get("changed").unwrap().pack).is_none());
    // A reader that still has the old index is given nothing of the new one, and leaves nothing behind.
    assert!(!read(&mut cache, "s", &old, "changed") && !read(&mut cache, "s", &old, "changed"));
    assert!(read(&mut cache, "s", &new, "changed"));
}

#[test]
fn a_change_that_was_given_up_costs_nothing() {
    let mut cache = Ids::new(1 << 20);
    let index = put(None, 1, &[("a", 10)]);
    keep(&mut cache, "s", &index);
    cache.begin(&id("s"), 1);
    cache.begin(&id("s"), 1);
    assert!(cache.is_uncertain("s") && !cache.is_uncertain("t"));
    assert!(cache.session("s").is_some());
    cache.end(&id("s"), 1, Some(index.version()));
    assert!(!cache.is_uncertain("s"));
    assert!(cache.session("s").is_some());
}

#[test]
fn a_session_is_uncertain_until_every_change_has_ended() {
    let mut cache = Ids::new(1 << 20);
    cache.begin(&id("s"), 1);
    cache.begin(&id("s"), 2);
    cache.end(&id("s"), 1, Some(5000));
    cache.end(&id("s"), 3, Some(5000));
    assert!(cache.is_uncertain("s"));
    cache.end(&id("s"), 2, Some(6000));
    assert!(!cache.is_uncertain("s"));
}

#[test]
fn what_was_read_before_a_change_ended_is_not_kept() {
    let mut cache = Ids::new(1 << 20);
    let old = put(None, 1, &[("a", 10)]);
    let new = put(Some(&old), 2, &[("a", 10)]);
    let ticket = cache.ticket();
    cache.end(&id("other"), 9, Some(1));
    assert!(
        cache.insert(&id("s"), ticket, Rc::clone(&old), Origin::Memory),
        "another session's change matters"
    );
    cache.begin(&id("s"), 1);
    cache.end(&id("s"), 1, Some(new.version()));
    assert!(!cache.insert(&id("s"), ticket, Rc::clone(&old), Origin::Memory));
    assert!(cache.session("s").is_none());
    // Not even the version that it has left: two changes' ends may come in another order than the changes.
    assert!(!cache.insert(&id("s"), ticket, Rc::clone(&new), Origin::Memory));

    let ticket = cache.ticket();
    cache.end(&id("s"), 2, None);
    assert!(
        !cache.insert(&id("s"), ticket, Rc::clone(&new), Origin::Memory),
        "a removed session came back"
    );
    let ticket = cache.ticket();
    cache.remove(&id("s"));
    assert!(!cache.insert(&id("s"), ticket, new, Origin::Memory));
}

#[test]
fn changes_of_long_ago_are_not_told_apart_and_not_forgotten() {
    let mut cache = Ids::new(1 << 20);
    let (old, ticket) = (put(None, 1, &[("a", 10)]), cache.ticket());
    cache.begin(&id("open"), 1);
    cache.end(&id("s"), 1, Some(5));
    for number in 0..=MARKS {
        cache.end(&id(&format!("f{number}")), 0, None);
    }
    assert!(cache.marks.len() < 10 && cache.is_uncertain("open"));
    assert!(!cache.insert(&id("s"), ticket, Rc::clone(&old), Origin::Persisted));
    assert!(keep(&mut cache, "s", &old));
}

#[test]
fn the_least_recently_used_leaves_first() {
    let cost = |files: u64| SESSION_COST + files * (1 + ENTRY_COST) + files * (1000 + SLICE_COST);
    // Of three sessions with two files each, all but one file fit.
    let mut cache = Ids::new(3 * cost(2) - 1);
    let index = put(None, 1, &[("a", 1000), ("b", 1000)]);
    for session in ["s", "t", "u"] {
        keep(&mut cache, session, &index);
        read(&mut cache, session, &index, "a");
    }
    read(&mut cache, "t", &index, "b");
    assert!(read(&mut cache, "s", &index, "a"));
    read(&mut cache, "s", &index, "b");
    assert_eq!(cache.stats().files, 5);
    read(&mut cache, "u", &index, "b");
    check_bytes(&cache);
    assert!(
        cache.slice("t", "a", index.get("a").unwrap()).is_none(),
        "the one used first is still here"
    );
    assert!(read(&mut cache, "s", &index, "a") && read(&mut cache, "s", &index, "b"));
    // And a session with all that it has, when others need its place.
    cache.session("t");
    cache.session("s");
    for session in ["v", "w", "x"] {
        keep(&mut cache, session, &index);
        read(&mut cache, session, &index, "a");
        read(&mut cache, session, &index, "b");
        check_bytes(&cache);
    }
    let here = |session| cache.session(session).is_some();
    assert_eq!(
        ["s", "t", "u", "v", "w", "x"].map(here),
        [false, false, false, true, true, true]
    );
    // The oldest of the three has paid with a file, and keeps the other, and its index, which was used after them.
    let files = |session| cache.sessions.get(session).unwrap().slices.len();
    assert_eq!(["v", "w", "x"].map(files), [1, 2, 2]);
}

#[test]
fn what_is_larger_than_the_cache() {
    let mut cache = Ids::new(SESSION_COST + 1000 + SLICE_COST + 4 * ENTRY_COST);
    let index = put(None, 1, &[("a", 900), ("b", 2000), ("c", 1000)]);
    keep(&mut cache, "s", &index);
    read(&mut cache, "s", &index, "a");
    // A file that never fits does not drive out those that do.
    assert!(!read(&mut cache, "s", &index, "b") && !read(&mut cache, "s", &index, "b"));
    assert!(read(&mut cache, "s", &index, "a"));
    // One that just fits takes the place of all others.
    assert!(!read(&mut cache, "s", &index, "c") && read(&mut cache, "s", &index, "c"));
    assert!(cache.sessions.get("s").unwrap().slices.get("a").is_none());
    check_bytes(&cache);

    // An index is needed however large it is, alone.
    let names: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let files: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 0)).collect();
    let large = put(None, 1, &files);
    assert!(keep(&mut cache, "l", &large));
    assert!(cache.session("l").is_some() && cache.session("s").is_none());
    read(&mut cache, "l", &large, "0");
    cache.insert_pack(&id("l"), large.get("0").unwrap().pack, 0);
    check_bytes(&cache);
    assert!(keep(&mut cache, "s", &index));
    assert!(cache.session("l").is_none() && cache.session("s").is_some());
}

#[derive(Clone, Debug)]
enum Step {
    Begin(usize),
    Commit { writer: usize, remove: bool, file: usize },
    End(usize),
    Die(usize),
    StartReading(usize),
    FinishReading(usize),
    Request { session: usize, file: usize },
    Remove(usize),
    Flood,
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_usize).prop_map(Step::Begin),
        4 => (0..4_usize, any::<u8>(), 0..3_usize)
            .prop_map(|(writer, dice, file)| Step::Commit { writer, remove: dice < 50, file }),
        6 => (0..4_usize).prop_map(Step::End),
        1 => Just(Step::Die(3)),
        3 => (0..2_usize).prop_map(Step::StartReading),
        3 => (0..4_usize).prop_map(Step::FinishReading),
        8 => (0..2_usize, 0..3_usize).prop_map(|(session, file)| Step::Request { session, file }),
        1 => (0..2_usize).prop_map(Step::Remove),
        1 => Just(Step::Flood),
        1 => (0..2_usize).prop_map(Step::Delete),
    ]
}

const SESSIONS: [&str; 2] = ["s", "t"];
const FILES: [&str; 3] = ["a", "b", "c"];

/// A hub's change under way: its token, the version it has left once it is committed.
struct Writer {
    session: usize,
    token: u64,
    left: Option<Option<u64>>,
}

/// The worker, its cache, the store and some hubs, in one thread.
struct World {
    cache: Ids,
    stored: [Option<Rc<Index>>; 2],
    writers: [Option<Writer>; 4],
    readers: Vec<(usize, Ticket, Option<Rc<Index>>)>,
    clock: u64,
}

impl World {
    fn step(&mut self, step: &Step) {
        self.clock += 1;
        match *step {
            Step::Begin(at) => {
                if self.writers[at].is_none() {
                    let session = at % 2;
                    self.cache.begin(&id(SESSIONS[session]), self.clock);
                    self.writers[at] = Some(Writer {
                        session,
                        token: self.clock,
                        left: None,
                    });
                }
            }
            Step::Commit { writer, remove, file } => {
                if let Some(writer) = &mut self.writers[writer]
                    && writer.left.is_none()
                {
                    let stored = &mut self.stored[writer.session];
                    *stored = if remove {
                        None
                    } else {
                        let all: &[(&str, usize)] = &[("a", 100), ("b", 200), ("c", 300)];
                        let files = if stored.is_some() { &all[file..=file] } else { all };
                        Some(put(stored.as_deref(), self.clock, files))
                    };
                    writer.left = Some(stored.as_ref().map(|index| index.version()));
                }
            }
            Step::End(at) => {
                if let Some(writer) = self.writers[at].take() {
                    let session = id(SESSIONS[writer.session]);
                    // A change that was given up leaves what is there.
                    let there = self.stored[writer.session].as_ref().map(|index| index.version());
                    self.cache.end(&session, writer.token, writer.left.unwrap_or(there));
                }
            }
            Step::Die(at) => self.writers[at] = None,
            Step::StartReading(session) => {
                self.readers
                    .push((session, self.cache.ticket(), self.stored[session].clone()));
            }
            Step::FinishReading(at) => {
                if at < self.readers.len() {
                    let (session, ticket, index) = self.readers.swap_remove(at);
                    if let Some(index) = index {
                        self.cache
                            .insert(&id(SESSIONS[session]), ticket, index, Origin::Persisted);
                    }
                }
            }
            Step::Request { session, file } => self.request(session, FILES[file]),
            Step::Remove(session) => self.cache.remove(&id(SESSIONS[session])),
            Step::Delete(session) => {
                self.stored[session] = None;
                self.cache.end(&id(SESSIONS[session]), 0, None);
            }
            Step::Flood => {
                for number in 0..=MARKS {
                    self.cache.end(&id(&format!("f{number}")), 0, None);
                }
                assert!(self.cache.marks.len() <= MARKS);
            }
        }
        check_bytes(&self.cache);
    }

    /// What the worker does for a request, which must answer with what the store has at this moment.
    fn request(&mut self, at: usize, file: &str) {
        let (session, stored) = (SESSIONS[at], self.stored[at].clone());
        let mut index = self.cache.session(session).map(|(index, _)| Rc::clone(index));
        if self.cache.is_uncertain(session)
            && index.as_ref().map(|index| index.version()) != stored.as_ref().map(|index| index.version())
        {
            self.cache.drop_index(&id(session));
            index = None;
        }
        if index.is_none()
            && let Some(stored) = &stored
        {
            assert!(
                self.cache
                    .insert(&id(session), self.cache.ticket(), Rc::clone(stored), Origin::Persisted)
            );
            index = self.cache.session(session).map(|(index, _)| Rc::clone(index));
        }
        assert_eq!(index, stored, "{session} is answered from another version");
        if let Some(index) = index {
            read(&mut self.cache, session, &index, file);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_request_is_ever_answered_with_what_is_old(
        steps in vec(step(), 1..120), max in prop_oneof![Just(1_u64 << 20), 2000..6000_u64],
    ) {
        let cache = Ids::new(max);
        let mut world = World { cache, stored: [None, None], writers: Default::default(), readers: Vec::new(), clock: 1 };
        for step in &steps {
            world.step(step);
        }
    }

    #[test]
    fn the_cache_stays_within_its_bounds_and_evicts_in_order(
        requests in vec((0..6_usize, 0..20_usize), 1..300), max in 2000..60_000_u64,
    ) {
        let names: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let files: Vec<(&str, usize)> = names.iter().map(String::as_str).zip((0..20).map(|number| number * 200)).collect();
        let index = put(None, 1, &files);
        let mut cache = Ids::new(max);
        // Every slice's last use, as the test counts it.
        let mut used: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (now, (session, file)) in requests.into_iter().enumerate() {
            let name = ["s", "t", "u", "v", "w", "x"][session];
            if cache.session(name).is_none() {
                prop_assert!(keep(&mut cache, name, &index));
                check_bytes(&cache);
            }
            let entry = index.get(&names[file]).unwrap();
            read(&mut cache, name, &index, &names[file]);
            check_bytes(&cache);
            prop_assert!(cache.session(name).is_some(), "the session in use has left");
            let room = max.saturating_sub(cache.sessions.get(name).unwrap().cost());
            let here = cache.slice(name, &names[file], entry).is_some();
            prop_assert_eq!(here, entry.length + SLICE_COST <= room, "the file in use is kept if it fits");
            used.insert((session, file), now);

            let kept = |(session, file): &(usize, usize)| {
                let entry = cache.sessions.get(["s", "t", "u", "v", "w", "x"][*session]);
                entry.is_some_and(|entry| entry.slices.get(names[*file].as_str()).is_some())
            };
            let oldest = used.iter().filter(|(slice, _)| kept(slice)).map(|(_, now)| *now).min().unwrap_or(usize::MAX);
            used.retain(|slice, now| kept(slice) || *now < oldest || *slice == (session, file));
            for (slice, last) in &used {
                prop_assert!(kept(slice) || *last < oldest || *last == now, "{slice:?} has left before its time");
            }
            used.retain(|slice, _| kept(slice));
        }
    }
}
