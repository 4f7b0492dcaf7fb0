//! Whatever a script or a document holds, what is found in it are plain paths that stand in it, and their number is bounded.

use virtual_files_core::modules::{MAX_IMPORTS, imports, is_plain, loaded_by, scripts};

/// Checks the promises for any bytes.
pub(crate) fn check(data: &[u8]) {
    for media_type in ["text/javascript", "text/html"] {
        let found = loaded_by(media_type, data);
        assert!(found.len() <= MAX_IMPORTS && found.iter().all(|path| is_plain(path)));
    }
    let Ok(text) = core::str::from_utf8(data) else { return };
    for found in imports(text).into_iter().flatten() {
        assert!(is_plain(found) && text.contains(found), "{found}");
        // What follows a module's end changes nothing in what stands before it, if both are whole.
        let after = format!("{text}\n;import './last.js'");
        assert_eq!(imports(&after).unwrap_or_default().last(), Some(&"./last.js"));
    }
    for found in scripts(text) {
        let written = found.strip_prefix("./").unwrap_or(&found);
        assert!(is_plain(&found) && text.contains(written), "{found}");
    }
}
