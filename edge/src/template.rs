//! The assets that are not sent as they lie: the pages and the worker get the configuration, the pages a nonce.

use virtual_files_core::pack::etag_of;

/// Whether an asset has marks: the pages and the worker, whose names hold no hash.
pub(crate) fn has_marks(path: &str) -> bool {
    path == "/sw.js" || path.ends_with(".html")
}

/// The strong validator of some bytes.
pub(crate) fn etag(bytes: &[u8]) -> String {
    let hex: String = etag_of(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

/// Whether an `If-None-Match` names this validator. A proxy that compresses may have made it a weak one.
pub(crate) fn matches(if_none_match: &str, etag: &str) -> bool {
    if_none_match
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_match_in_lists_and_weakened() {
        let etag = etag(b"a");
        assert!(matches(&etag, &etag));
        assert!(matches(&format!("\"x\", W/{etag}"), &etag));
        assert!(matches("*", &etag));
        assert!(!matches("\"x\"", &etag));
    }
}
