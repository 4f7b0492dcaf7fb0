//! The corpora of the fuzzer, replayed: what it once found interesting stays true without it.

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("the corpus of {target} should be in {}: {error}", folder.display());
    });
    let mut count = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if std::panic::catch_unwind(|| check(&bytes)).is_err() {
            panic!("{} breaks a promise", path.display());
        }
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[cfg(feature = "html")]
#[test]
fn html() {
    replay("html", crate::html::check);
}

#[test]
fn index() {
    replay("index", crate::index::check);
}

#[cfg(feature = "mime")]
#[test]
fn media_type() {
    replay("media_type", crate::media_type::check);
}

#[cfg(feature = "modules")]
#[test]
fn modules() {
    replay("modules", crate::modules::check);
}

#[test]
fn path() {
    replay("path", crate::path::check);
}

#[test]
fn protocol() {
    replay("protocol", crate::protocol::check);
}

#[test]
fn range() {
    replay("range", crate::range::check);
}

#[test]
fn route() {
    replay("route", crate::route::check);
}
