//! The modules that a document loads, known before it asks for them.
//!
//! A browser finds a module's imports when it has the module, so that a chain of a hundred takes a hundred round trips. A hub that stores a bundle has the text of all of them: it reads what each module imports (`imports`) and which modules a document
//! begins with (`scripts`), and the index keeps that. A document is then served with the addresses of all modules that will be
//! asked for ([`preloads`]), in a `Link` header: the browser asks for all at once, and the document's bytes stay as they are.
//!
//! What it keeps true: nothing is named that the document's static imports do not reach; no specifier of an index is anything
//! but a plain path; all of it takes time in proportion to what is read.

#[cfg(feature = "modules")]
mod document;
mod graph;
#[cfg(feature = "modules")]
mod lexer;
mod specifier;
#[cfg(all(test, feature = "modules"))]
mod tests;

#[cfg(feature = "modules")]
pub use document::scripts;
pub use graph::{MAX_PRELOADS, preloads};
#[cfg(feature = "modules")]
pub use lexer::imports;
pub(crate) use specifier::bytes_of;
pub use specifier::{MAX_IMPORTS, MAX_INDEX_IMPORT_BYTES, are_imports, is_plain};

/// The longest text that is read for what it imports, in bytes: a larger one is a bundle, and has next to no imports.
#[cfg(feature = "modules")]
pub const MAX_TEXT: u64 = 1 << 20;

/// Whether a file of this media type and length is read for what it loads.
#[cfg(feature = "modules")]
pub fn is_read(media_type: &str, length: u64) -> bool {
    length <= MAX_TEXT && (specifier::is_script(media_type) || specifier::is_document(media_type))
}

/// What a file loads first: a module's imports, a document's modules, each once, and no more than an index takes; nothing of what is
/// no UTF-8. Of a module that must not be fetched in advance, [`preloads`] is told by the one address that no module has.
#[cfg(feature = "modules")]
pub fn loaded_by(media_type: &str, bytes: &[u8]) -> Vec<String> {
    let found = match core::str::from_utf8(bytes) {
        Ok(text) if specifier::is_document(media_type) => scripts(text),
        Ok(text) => match imports(text) {
            Some(found) => found.into_iter().map(str::to_owned).collect(),
            None => vec![specifier::NEVER.to_owned()],
        },
        Err(_) => Vec::new(),
    };
    let (mut known, mut kept, mut room) = (Vec::new(), Vec::new(), specifier::MAX_IMPORT_BYTES);
    for specifier in &found {
        let Err(at) = known.binary_search(&specifier) else {
            continue;
        };
        if specifier.len() > room || kept.len() == MAX_IMPORTS {
            break;
        }
        room -= specifier.len();
        known.insert(at, specifier);
        kept.push(specifier.clone());
    }
    if are_imports(&kept) { kept } else { Vec::new() }
}
