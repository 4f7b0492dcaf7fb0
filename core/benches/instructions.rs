//! Work of the core whose instructions are counted: `cargo xtask bench --only instructions` runs one case at a time under valgrind,
//! which counts what [`measured`] does and nothing else.
//!
//! No time is taken here. Without valgrind a case shows only that it does what it says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is the report")]

use std::hint::black_box;

use virtual_files_core::change::{Change, Mode, NewFile};
use virtual_files_core::config::Config;
use virtual_files_core::http::{Destination, Request};
use virtual_files_core::index::Index;
use virtual_files_core::pack;
use virtual_files_core::path::FilePath;
use virtual_files_core::plan::{Plan, plan};
use virtual_files_core::route::{Route, route};
use virtual_files_core::store::Body;

/// What valgrind counts. It is found by its name.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// A body of which only the length is there.
#[derive(Clone)]
struct Length(u64);

impl Body for Length {
    fn len(&self) -> u64 {
        self.0
    }

    fn slice(&self, start: u64, end: u64) -> Self {
        Self(end - start)
    }

    fn concat(parts: Vec<Self>) -> Self {
        Self(parts.iter().map(|part| part.0).sum())
    }
}

/// A change that adds so many files of 1 KB, packed as the SDK packs them.
fn put(files: u32, folder: &str) -> Change<Length> {
    let mut change = Change::new(Mode::Merge, 1000);
    for (place, packed) in pack::plan((0..files).map(|_| 1024)).into_iter().enumerate() {
        change.packs.push(Length(1024 * packed.len() as u64));
        change
            .files
            .extend(packed.into_iter().enumerate().map(|(at, file)| NewFile {
                path: FilePath::parse(&format!("{folder}/part-{}/file-{file}.js", file % 37)).unwrap(),
                pack: u32::try_from(place).unwrap(),
                offset: 1024 * at as u64,
                length: 1024,
                media_type: "text/javascript; charset=utf-8".to_owned(),
                etag: (file as u128).to_be_bytes(),
                modified: 1000,
                imports: Vec::new(),
            }));
    }
    change
}

fn index(files: u32) -> Index {
    let mut index = Index::new(1000);
    index.apply(&put(files, "src")).unwrap();
    index
}

/// A request of a page for one of its modules.
const REQUEST: Request<'_> = Request {
    method: "GET",
    hostname: "some-session.vfs.example.com",
    path: "/some-session/src/part-5/file-5.js",
    query: "",
    destination: Destination::Other,
    navigate: false,
    may_redirect: false,
    live: true,
    preload: true,
    client_path: Some("/some-session/index.html"),
    range: None,
    if_range: None,
    if_none_match: None,
    if_modified_since: None,
};

/// Routes the request and plans its answer; the second time counts.
fn answer(request: &Request<'_>, wanted: u16) {
    let config = Config::new("vfs.example.com", ["https://app.example.com"]).unwrap();
    let index = index(10_000);
    let answer = || match route(&config, request) {
        Route::Session { path, .. } => plan(&config, request, path, Some(&index)),
        other => panic!("{other:?}"),
    };
    assert_eq!(answer().status(), wanted);
    measured(answer);
}

/// The entity tag that the request's file has.
fn tag() -> String {
    let config = Config::new("vfs.example.com", ["https://app.example.com"]).unwrap();
    let index = index(10_000);
    let plan = plan(&config, &REQUEST, "src/part-5/file-5.js", Some(&index));
    assert!(matches!(plan, Plan::Serve { status: 200, .. }));
    let tag = plan.headers().iter().find(|(name, _)| *name == "etag");
    tag.unwrap().1.clone().into_owned()
}

fn main() {
    let case = std::env::args().nth(1).unwrap_or_default();
    match case.as_str() {
        "hit" => answer(&REQUEST, 200),
        "range" => {
            let range = Some("bytes=100-199");
            answer(&Request { range, ..REQUEST }, 206);
        }
        "not-modified" => {
            let tag = tag();
            let if_none_match = Some(tag.as_str());
            answer(
                &Request {
                    if_none_match,
                    ..REQUEST
                },
                304,
            );
        }
        "decode-10000" => {
            let record = index(10_000).encode();
            assert_eq!(measured(|| Index::decode(&record)).unwrap().len(), 10_000);
        }
        "put-1000" => {
            let mut index = index(10_000);
            let change = put(1000, "more");
            measured(|| index.apply(&change)).unwrap();
            assert_eq!(index.len(), 11_000);
        }
        "pack-1000" => {
            let packs = measured(|| pack::plan((0..1000).map(|file| file * 64)));
            assert_eq!(packs.iter().map(Vec::len).sum::<usize>(), 1000);
        }
        // Cargo runs it without a case, too, to see that it runs.
        _ => {}
    }
}
