//! What every [`Store`] must do, as cases that run anywhere: in a native test, in a browser, at the edge.
//!
//! A case needs no threads, no clock and no empty store; it uses sessions named after itself and clears them first. It
//! never panics: what a store gets wrong is the text of the error. [`CASES`] has the names, so that each can be a test
//! of its own in whatever runs them.

mod cases;
mod compaction;

use std::cell::Cell;
use std::collections::BTreeMap;

use super::{Body, Store};
use crate::change::{Applied, Change, Mode, NewFile};
use crate::error::Error;
use crate::index::Index;
use crate::map::Map;
use crate::pack;
use crate::path::FilePath;
use crate::session::SessionId;

/// The cases: a name, and what a store that passes keeps true.
pub const CASES: &[(&str, &str)] = &[
    (
        "absent",
        "a session that was never put is nowhere, and removing or compacting it does nothing",
    ),
    (
        "round-trip",
        "a put's files come back with their bytes, types, tags and times",
    ),
    ("merge", "a merged put keeps the other files"),
    ("replace", "a replacing put keeps nothing else"),
    (
        "delete",
        "deleted files are gone, the others are not, and what was not there is passed over",
    ),
    ("refusal", "a refused change leaves no trace, not even a session"),
    (
        "condition",
        "a change for another version is refused and leaves no trace; a compaction is no other version",
    ),
    ("versions", "versions grow with every change, whatever the clock says"),
    (
        "recreate",
        "a session that was removed and put again has a greater version and no pack of the old one",
    ),
    ("list", "every session is listed with its figures"),
    ("dropped", "a pack is kept as long as a file lies in it, and no longer"),
    ("held", "bytes that a reader holds outlive their pack"),
    ("compaction", "compaction drops the dead and keeps every byte"),
    ("small-packs", "many small puts do not leave many small packs"),
    ("names", "any name that is a path is a file of its own"),
    ("many", "thousands of files in one put"),
    ("empty", "empty files and files of one byte"),
    ("big", "a file larger than a pack, beside small ones"),
    (
        "writers",
        "two changes at once are made one after the other, each as a whole",
    ),
    (
        "readers",
        "a reader meets a session before a change or after it, never between",
    ),
    ("options", "options stay until there are new ones"),
    ("apart", "sessions do not meet, however alike their ids"),
];

/// Runs a case of [`CASES`]. `body` makes a body of bytes, and `read` does the reverse.
pub async fn run<S: Store>(
    name: &str,
    store: &S,
    body: impl Fn(&[u8]) -> S::Body,
    read: impl AsyncFn(&S::Body) -> Vec<u8>,
) -> Result<(), String> {
    let id = ["case-", name].concat();
    let bench = Bench {
        store,
        body,
        read,
        session: SessionId::parse(&id).map_err(text)?,
        now: Cell::new(START),
    };
    bench.store.remove(&bench.session).await.map_err(text)?;
    match name {
        "absent" => bench.absent().await,
        "round-trip" => bench.round_trip().await,
        "merge" => bench.merge().await,
        "replace" => bench.replace().await,
        "delete" => bench.delete().await,
        "refusal" => bench.refusal().await,
        "condition" => bench.condition().await,
        "versions" => bench.versions().await,
        "recreate" => bench.recreate().await,
        "list" => bench.list().await,
        "dropped" => bench.dropped().await,
        "held" => bench.held().await,
        "compaction" => bench.compaction().await,
        "small-packs" => bench.small_packs().await,
        "names" => bench.names().await,
        "many" => bench.many().await,
        "empty" => bench.empty().await,
        "big" => bench.big().await,
        "writers" => bench.writers().await,
        "readers" => bench.readers().await,
        "options" => bench.options().await,
        "apart" => bench.apart().await,
        _ => return Err(["there is no case named ", name].concat()),
    }?;
    bench.store.remove(&bench.session).await.map_err(text)?;
    Ok(())
}

/// The time at which a case begins. The cases' clock is their own: only its order matters.
const START: u64 = 1_750_000_000_000;

type Outcome<T = ()> = Result<T, String>;

fn text(error: Error) -> String {
    error.to_string()
}

/// Ends a case unless what it expects is so.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
use ensure;

/// A session's files as a case expects them.
type Files = BTreeMap<String, Vec<u8>>;

/// A store, and what a case needs around it.
struct Bench<'a, S, F, R> {
    store: &'a S,
    body: F,
    read: R,
    session: SessionId,
    now: Cell<u64>,
}

impl<S: Store, F: Fn(&[u8]) -> S::Body, R: AsyncFn(&S::Body) -> Vec<u8>> Bench<'_, S, F, R> {
    /// The next millisecond.
    fn tick(&self) -> u64 {
        self.now.set(self.now.get() + 1);
        self.now.get()
    }

    /// A change that puts these files, packed as a host packs them.
    fn change(&self, mode: Mode, files: &[(&str, &[u8])]) -> Outcome<Change<S::Body>> {
        let mut change = Change::new(mode, self.tick());
        for (number, members) in (0..).zip(pack::plan(files.iter().map(|(_, bytes)| bytes.len() as u64))) {
            let mut joined = Vec::new();
            for (path, bytes) in members.into_iter().filter_map(|at| files.get(at)) {
                change.files.push(NewFile {
                    path: FilePath::parse(path).map_err(text)?,
                    pack: number,
                    offset: joined.len() as u64,
                    length: bytes.len() as u64,
                    media_type: media_type(path).into(),
                    etag: tag(bytes),
                    modified: change.now - 1,
                    imports: Vec::new(),
                });
                joined.extend_from_slice(bytes);
            }
            change.packs.push((self.body)(&joined));
        }
        Ok(change)
    }

    async fn apply(&self, change: Change<S::Body>) -> Outcome<Applied> {
        self.store.apply(&self.session, change).await.map_err(text)
    }

    async fn put(&self, mode: Mode, files: &[(&str, &[u8])]) -> Outcome<Applied> {
        self.apply(self.change(mode, files)?).await
    }

    /// Puts what is expected, and notes it there.
    async fn add(&self, expected: &mut Files, files: &[(&str, &[u8])]) -> Outcome<Applied> {
        expected.extend(files.iter().map(|(path, bytes)| ((*path).into(), bytes.to_vec())));
        self.put(Mode::Merge, files).await
    }

    async fn take_away(&self, paths: &[&str]) -> Outcome<Applied> {
        let mut change = Change::new(Mode::Merge, self.tick());
        for path in paths {
            change.deletes.push(FilePath::parse(path).map_err(text)?);
        }
        self.apply(change).await
    }

    async fn index(&self) -> Outcome<Index> {
        let index = self.store.index(&self.session).await.map_err(text)?;
        index.ok_or_else(|| "the session is not there".into())
    }

    /// Whether the session has these files, all their bytes and no others.
    async fn expect(&self, expected: &Files) -> Outcome<Index> {
        let index = self.index().await?;
        self.expect_in(&index, expected).await?;
        let version = self.store.version(&self.session).await.map_err(text)?;
        ensure!(
            version == Some(index.version()),
            "version() is {version:?}, the index says {}",
            index.version()
        );
        Ok(index)
    }

    /// The same of an index that was read before.
    async fn expect_in(&self, index: &Index, expected: &Files) -> Outcome {
        let paths: Vec<&str> = index.iter().map(|(path, _)| path.as_str()).collect();
        let wanted: Vec<&str> = expected.keys().map(String::as_str).collect();
        ensure!(paths == wanted, "the files are {paths:?}, and should be {wanted:?}");
        let bytes: usize = expected.values().map(Vec::len).sum();
        ensure!(
            index.bytes() == bytes as u64,
            "the files' bytes are {}, and should be {bytes}",
            index.bytes()
        );
        let mut packs = Map::new();
        for (id, info) in index.packs() {
            let body = self.store.pack(&self.session, id).await.map_err(text)?;
            let Some(body) = body else {
                return Err(format!("{id:?} is in the index and not in the store"));
            };
            ensure!(
                body.len() == info.length,
                "{id:?} has {} bytes, and should have {}",
                body.len(),
                info.length
            );
            packs.insert(id, (self.read)(&body).await);
        }
        for (path, bytes) in expected {
            let entry = index.get(path).ok_or("a file that was listed is not found")?;
            let (start, end) = (entry.offset as usize, (entry.offset + entry.length) as usize);
            let found = packs.get(&entry.pack).and_then(|pack| pack.get(start..end));
            ensure!(found == Some(bytes.as_slice()), "{path} has other bytes than were put");
            ensure!(entry.etag == tag(bytes), "{path} has another tag than was put");
            ensure!(
                index.media_type(entry) == media_type(path),
                "{path} is {}",
                index.media_type(entry)
            );
        }
        Ok(())
    }
}

/// A media type that can be told from the path, to be told again when it is read.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

/// A tag that can be told from the bytes; the hash feature may be off.
fn tag(bytes: &[u8]) -> [u8; 16] {
    let seed = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    let hash = bytes.iter().fold(seed, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_013b)
    });
    hash.to_be_bytes()
}

/// Bytes that do not compress, the same for the same seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Waits for both, and lets them take turns.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (Box::pin(a), Box::pin(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(move |context| {
        use std::task::Poll;
        if first.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(context)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(context)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            pending => {
                (first, second) = pending;
                Poll::Pending
            }
        }
    })
    .await
}
