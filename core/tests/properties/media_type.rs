//! What a media type promises: it is a header value, kept as it is, and text has a charset.

use virtual_files_core::media_type::{MAX_LENGTH, is_valid, normalise};
use virtual_files_core::mime::media_type_for;
use virtual_files_core::path::FilePath;

/// Panics unless the promises hold for a text, taken as a type and as a file's name.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if is_valid(&text) {
        header_value(&text);
        assert!(normalise(&text).is_ok(), "{text:?}");
    }
    if let Ok(kept) = normalise(&text) {
        header_value(&kept);
        assert!(
            kept.starts_with(text.trim_matches([' ', '\t'])),
            "{text:?} became {kept:?}"
        );
        assert_eq!(normalise(&kept).as_ref(), Ok(&kept), "{text:?} has two forms");
    }
    if let Ok(path) = FilePath::parse(&text) {
        let guessed = media_type_for(&path);
        header_value(&guessed);
        assert_eq!(normalise(&guessed).as_ref(), Ok(&guessed), "{text:?}");
    }
}

fn header_value(text: &str) {
    assert!(is_valid(text) && text.len() <= MAX_LENGTH, "{text:?}");
    assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text:?}");
    assert_eq!(text.trim(), text);
    let (kind, rest) = text.split_once('/').expect("a type has a subtype");
    assert!(!kind.is_empty() && !rest.is_empty());
}
