//! A base URL, and a content policy, put into an HTML document: as the first thing in its head, byte-exact elsewhere.
//!
//! A document that is shown by `srcdoc` has no URL of its own to resolve its links against, and no header to carry a policy.
//! Both can stand in the document, as a `<base>` and a `<meta>`; but a policy counts only in the head, and only for what
//! follows it, so the place matters: whatever the document says, our elements are the first in the head that a browser makes
//! of it.
//!
//! The place, and the base that the document has itself, are found by the rules of the HTML Standard: html5gum tokenizes, and
//! the tree construction stage is followed, with scripting enabled, as far as it decides where base elements go. Nothing
//! here resolves URLs: the caller does, with whatever it has.

mod body;
mod foreign;
mod formatting;
mod names;
mod prelude;
mod rules;
mod tables;
mod tokens;
mod tree;

use std::cell::Cell;

use html5gum::Tokenizer;

use self::rules::Builder;
use self::tokens::{Counted, Tokens};

/// What [`scan`] finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Where the head's first element goes, in bytes.
    pub offset: usize,
    /// What to write there first: it closes a comment or doctype that only the document's end closes; usually empty.
    pub closing: &'static str,
    /// The `href` of the document's own base: of the first base element in the tree that has one.
    pub own_base: Option<String>,
}

/// The byte order mark. It is no part of a document: where bytes are decoded, it is left out. In a string that is parsed as
/// it is, it would be text, which belongs to a body, and what follows it could not be in the head.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Finds the place for the first element of the head, and the document's own base, in linear time.
///
/// The place is exact whatever comes. The own base is what a browser finds in a document by `srcdoc`, where there is no
/// quirks mode, with two limits: scripts may change everything, and in a document that is thousands of elements deep, or
/// built to take long, the search may end without it.
pub fn scan(html: &str) -> Head {
    let document = html.strip_prefix(BYTE_ORDER_MARK).unwrap_or(html);
    let position = Cell::new(0);
    let tokens = Tokens::new(Builder::new(document), &position);
    let mut tokenizer = Tokenizer::new_with_emitter(Counted::new(document, &position), tokens);
    // The one item of the iterator comes when nothing that follows matters, at the end at the latest.
    let mut head = tokenizer.next().and_then(Result::ok).unwrap_or_default();
    head.offset += html.len() - document.len();
    head
}

/// Gives a document a base URL, and a content policy if one is named, as the first things in its head.
///
/// `resolve` resolves the `href` of a document's own base against `base`, and answers with an absolute URL. Where the
/// document has a base, and a browser would take what it resolves to, that becomes the base; the document's own element
/// stays, and its `target` goes on to count. A byte order mark is left out.
///
/// The policy comes first, so its `base-uri`, if it has one, must allow the base.
///
/// ```
/// # use virtual_files_core::html::with_base;
/// let html = "<!doctype html>\n<title>A</title><base href=img/ target=_blank>";
/// let resolve = |href: &str| Some(format!("https://vfs.test/s/{href}"));
/// assert_eq!(
///     with_base(html, "https://vfs.test/s/", None, resolve),
///     "<!doctype html>\n<base href=\"https://vfs.test/s/img/\"><title>A</title><base href=img/ target=_blank>"
/// );
/// ```
pub fn with_base(html: &str, base: &str, policy: Option<&str>, resolve: impl FnOnce(&str) -> Option<String>) -> String {
    let head = scan(html);
    let own = head
        .own_base
        .as_deref()
        .and_then(resolve)
        .filter(|url| may_be_base(url));
    let base = own.as_deref().unwrap_or(base);
    let (before, after) = html.split_at_checked(head.offset).unwrap_or(("", html));

    let mut text = String::with_capacity(html.len() + base.len() + policy.map_or(0, str::len) + 128);
    text.push_str(before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before));
    text.push_str(head.closing);
    if let Some(policy) = policy {
        text.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"");
        push_attribute_value(&mut text, policy);
        text.push_str("\">");
    }
    text.push_str("<base href=\"");
    push_attribute_value(&mut text, base);
    text.push_str("\">");
    text.push_str(after);
    text
}

/// Whether a browser takes a URL as a document's base.
fn may_be_base(url: &str) -> bool {
    // As the URL parser reads a scheme: without the space in front of it, and without any tabs and line breaks.
    let mut rest = url
        .chars()
        .skip_while(|char| *char <= ' ')
        .filter(|char| !matches!(char, '\t' | '\n' | '\r'));
    let scheme: String = rest.by_ref().take_while(|char| *char != ':').take(11).collect();
    !scheme.eq_ignore_ascii_case("data") && !scheme.eq_ignore_ascii_case("javascript")
}

/// Writes text into a quoted attribute value, so that it is read as it was, and nothing in it ends the value or the line.
fn push_attribute_value(text: &mut String, value: &str) {
    for char in value.chars() {
        match char {
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\t' => text.push_str("&#9;"),
            '\n' => text.push_str("&#10;"),
            '\r' => text.push_str("&#13;"),
            // No document can hold one: this is what it would be read as.
            '\0' => text.push('\u{fffd}'),
            _ => text.push(char),
        }
    }
}

#[cfg(test)]
mod tests;
