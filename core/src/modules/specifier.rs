//! Specifiers that are plain paths, and the media types that have them.

/// The most specifiers that an index keeps of a file.
pub const MAX_IMPORTS: usize = 1024;

/// How many bytes they may have together.
#[cfg(feature = "modules")]
pub(super) const MAX_IMPORT_BYTES: usize = 32 << 10;

/// How many bytes those of all files of an index may have: what is beyond is not kept.
pub const MAX_INDEX_IMPORT_BYTES: usize = 4 << 20;

/// Stands for what a file loads that must not be fetched in advance: no module has this address.
pub(super) const NEVER: &str = "/";

/// The longest specifier that is kept, in bytes.
const MAX_LENGTH: usize = 1024;

/// Whether a specifier is a relative or root-absolute path of a file, with a query perhaps, which a URL parser changes only by its
/// `.` and `..` segments: no import map's name, no other origin, nothing to encode.
pub fn is_plain(specifier: &str) -> bool {
    let relative = specifier.starts_with("./") || specifier.starts_with("../");
    if !relative && !specifier.starts_with('/')
        || specifier.as_bytes().windows(2).any(|pair| pair == b"//")
        || specifier.len() > MAX_LENGTH
    {
        return false;
    }
    let (path, query) = specifier.split_once('?').unwrap_or((specifier, ""));
    if path.ends_with("/.") || path.ends_with("/..") {
        return false;
    }
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+');
    path.bytes().all(plain) && query.bytes().all(|byte| plain(byte) || matches!(byte, b'=' | b'&'))
}

/// Whether a specifier is one that only an import map gives a meaning. What has a colon is taken for a URL.
#[cfg(feature = "modules")]
pub(super) fn is_bare(specifier: &str) -> bool {
    !specifier.starts_with(['/', '.']) && !specifier.as_bytes().contains(&b':')
        || matches!(specifier, "." | "..")
        || specifier.starts_with('.') && !specifier.starts_with("./") && !specifier.starts_with("../")
}

/// How many bytes specifiers take.
pub(crate) fn bytes_of<S: AsRef<str>>(specifiers: &[S]) -> usize {
    specifiers.iter().map(|specifier| specifier.as_ref().len()).sum()
}

/// Whether an index takes these as what a file imports.
pub fn are_imports<S: AsRef<str>>(specifiers: &[S]) -> bool {
    specifiers.len() <= MAX_IMPORTS && specifiers.iter().all(|specifier| is_plain(specifier.as_ref()))
}

/// Whether a browser runs modules of this type: the HTML Standard's JavaScript MIME types, as far as anybody sends them.
pub(super) fn is_script(media_type: &str) -> bool {
    is_essence(media_type, "text/javascript") || is_essence(media_type, "application/javascript")
}

/// Whether it is HTML.
pub(super) fn is_document(media_type: &str) -> bool {
    is_essence(media_type, "text/html")
}

fn is_essence(media_type: &str, essence: &str) -> bool {
    let found = media_type.split(';').next().unwrap_or_default();
    found.trim_ascii().eq_ignore_ascii_case(essence)
}
