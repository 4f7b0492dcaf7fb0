//! What ranges and validators promise: a part lies within the file, and a condition is read as it was written.
//!
//! An input is lines: a `Range` header, the file's length, a header with tags or a date, and seconds.

use virtual_files_core::http::range::{Requested, resolve};
use virtual_files_core::http::{date, validators};

/// Panics unless the promises hold for the headers of an input.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (header, length) = (line(), line().parse().unwrap_or(1000));
    let (condition, seconds) = (line(), line().parse().unwrap_or(784_111_777_u64));
    range(header, length);
    conditions(condition, seconds);
    conditions(header, seconds);
}

fn range(header: &str, length: u64) {
    let requested = resolve(header, length);
    match requested {
        Requested::Whole => {}
        Requested::Part(start, end) => {
            assert!(start < end && end <= length, "{header:?} of {length}");
            // The part is the same when it is asked for by its own numbers.
            assert_eq!(resolve(&format!("bytes={start}-{}", end - 1), length), requested);
        }
        Requested::Unsatisfiable => {
            // No byte of the file is meant, so none of a shorter one is.
            assert!(
                !matches!(resolve(header, length / 2), Requested::Part(..)),
                "{header:?}"
            );
        }
    }
    if !header.contains('=') {
        assert_eq!(requested, Requested::Whole, "{header:?}");
    }
}

fn conditions(header: &str, seconds: u64) {
    let tag = validators::etag(&u128::from(seconds).to_be_bytes());
    let named = validators::names_etag(header, &tag);
    // Without its tag or a star, a header cannot name it; with the tag in front, it does.
    if !header.contains(&tag) && header.trim_matches([' ', '\t']) != "*" {
        assert!(!named, "{header:?} names {tag}");
    }
    assert!(validators::names_etag(&format!("{tag}, {header}"), &tag));
    assert!(validators::names_etag(&format!("W/\"x\", W/{tag}"), &tag));

    let seconds = seconds.min(date::LAST_SECOND);
    let written = date::write(seconds);
    assert_eq!(date::read(&written), Some(seconds), "{written}");
    assert!(validators::is_same(&written, &tag, seconds) && validators::is_same(&tag, &tag, seconds));
    assert!(validators::is_unmodified_since(&written, seconds));
    // The space around a header's value is no part of it.
    match date::read(header.trim_matches([' ', '\t'])) {
        Some(read) => {
            assert!(read <= date::LAST_SECOND, "{header:?}");
            assert_eq!(date::read(&date::write(read)), Some(read), "{header:?}");
            assert_eq!(validators::is_unmodified_since(header, seconds), seconds <= read);
            assert_eq!(validators::is_same(header, &tag, seconds), seconds == read);
        }
        None => assert!(!validators::is_unmodified_since(header, 0), "{header:?}"),
    }
}
