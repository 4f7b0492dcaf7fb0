//! From what a host calls an entry to the URL that a frame loads.

use crate::convert;
use crate::error::{Error, Result};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::session::SessionId;

/// The URL of a session's root, with its closing `/`.
pub(crate) fn root(origin: &str, session: &SessionId) -> String {
    [origin, "/", session.as_str(), "/"].concat()
}

/// The URL of an entry: a relative reference against the session's root. Where the session has an origin of its own, a
/// leading `/` means that origin's root, so that a router needs no base path. Refuses what is not of the session.
pub(crate) fn resolve(root: &str, own_origin: bool, entry: &str) -> Result<String> {
    let relative = match own_origin {
        true => entry,
        // The origin's root is nobody's here; browsers take a backslash for a slash.
        false => entry.trim_start_matches(['/', '\\']),
    };
    let base = convert::url(root, None).map(|url| url.origin());
    let url = convert::url(relative, Some(root)).filter(|url| {
        let inside = own_origin || url.href().starts_with(root);
        inside && Some(url.origin()) == base && url.username().is_empty() && url.password().is_empty()
    });
    match url {
        Some(url) => Ok(url.href()),
        None => Err(Error::of(
            ErrorCode::InvalidPath,
            &[
                "The entry \"",
                entry,
                "\" is not of this session. Give a path below its root, such as \"docs/index.html\".",
            ],
        )),
    }
}
