//! What a path promises: one spelling, and the same file on the way through a URL and a record.

use url::Url;
use virtual_files_core::path::{FilePath, MAX_PATH_BYTES, MAX_SEGMENT_BYTES};

/// Panics unless the promises hold for a text, read as a path and as that of a URL.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(path) = FilePath::parse(&text) {
        holds(&path);
        let bare = text.strip_prefix('/').or_else(|| text.strip_prefix("./"));
        assert_eq!(path.as_str(), bare.unwrap_or(&text));
    }
    if let Ok(path) = FilePath::from_url_path(&text) {
        holds(&path);
    }
    // What a browser makes of a URL names a file within the session, or none.
    if let Ok(url) = Url::parse("https://vfs.test/session/").expect("a URL").join(&text)
        && let Some(below) = url.path().strip_prefix("/session/")
        && let Ok(path) = FilePath::from_url_path(below)
    {
        holds(&path);
    }
}

fn holds(path: &FilePath) {
    let text = path.as_str();
    assert!(!text.is_empty() && text.len() <= MAX_PATH_BYTES);
    assert!(
        !text.contains(|char: char| char == '\\' || char.is_control()),
        "{text:?}"
    );
    for segment in text.split('/') {
        assert!(
            !matches!(segment, "" | "." | "..") && segment.len() <= MAX_SEGMENT_BYTES,
            "{text:?}"
        );
    }
    assert_eq!([path.parent_dir(), path.file_name()].concat(), text);
    if let Some(extension) = path.extension() {
        assert!(text.ends_with(extension) && !extension.contains(['.', '/']));
    }
    assert_eq!(FilePath::parse(text).as_ref(), Ok(path));

    let encoded = path.to_url_path();
    assert_eq!(FilePath::from_url_path(&encoded).as_ref(), Ok(path));
    let url = Url::parse(&format!("https://vfs.test/{encoded}?q#f")).expect("a URL");
    assert_eq!(url.path(), format!("/{encoded}"), "a browser asks for another path");
    let record = virtual_files_core::protocol::encode(path);
    assert_eq!(virtual_files_core::protocol::decode(&record).as_ref(), Ok(path));
}
