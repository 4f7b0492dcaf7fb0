//! Media types as header values: which ones are allowed, and the charset that text gets.
//!
//! A type comes from outside (a user's `type`, a Blob's) and goes into a header, so it is checked by the grammar of
//! RFC 9110 §8.3.1 when a file is put.

use crate::error::{Error, ErrorCode, Result};

/// The longest type that is kept.
pub const MAX_LENGTH: usize = 255;

/// The type of bytes of which nothing is known.
pub const UNKNOWN: &str = "application/octet-stream";

/// Whether the text is a media type with its parameters, in printable ASCII.
pub fn is_valid(text: &str) -> bool {
    read(text).is_some()
}

/// Reads a media type as far as it matters: the type without parameters, and whether one of them is a charset.
fn read(text: &str) -> Option<(&str, bool)> {
    // Nothing may trail the last parameter, so that the text is the header's value as it is.
    if text.len() > MAX_LENGTH || text.contains('\t') || text.ends_with([' ', ';']) {
        return None;
    }
    let mut rest = text;
    let whole = token(&mut rest) && eat(&mut rest, '/') && token(&mut rest);
    let essence = text.strip_suffix(rest).filter(|_| whole)?;
    let mut has_charset = false;
    loop {
        rest = rest.trim_start_matches(' ');
        if rest.is_empty() {
            return Some((essence, has_charset));
        }
        if !eat(&mut rest, ';') {
            return None;
        }
        let parameter = rest.trim_start_matches(' ');
        rest = parameter;
        if !(token(&mut rest) && eat(&mut rest, '=')) {
            return None;
        }
        let name = parameter.split('=').next().unwrap_or_default();
        has_charset |= name.eq_ignore_ascii_case("charset");
        if !(token(&mut rest) || quoted(&mut rest)) {
            return None;
        }
    }
}

/// The type as it is stored and served: checked, and with `charset=utf-8` where text names no charset.
pub fn normalise(text: &str) -> Result<String> {
    let text = text.trim_matches([' ', '\t']);
    let Some((essence, has_charset)) = read(text) else {
        return Err(Error::new(
            ErrorCode::InvalidMessage,
            "A media type is not of the form \"type/subtype\".",
        ));
    };
    let is_text = is_text(&essence.to_ascii_lowercase());
    let mut text = String::from(text);
    const CHARSET: &str = "; charset=utf-8";
    if is_text && !has_charset && text.len() + CHARSET.len() <= MAX_LENGTH {
        text.push_str(CHARSET);
    }
    Ok(text)
}

/// Whether a type without parameters, in small letters, is text that people write in UTF-8.
pub fn is_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "application/json"
                | "application/json5"
                | "application/javascript"
                | "application/x-javascript"
                | "application/ecmascript"
                | "application/xml"
                | "application/yaml"
                | "application/toml"
        )
}

/// Takes a non-empty token off the front.
fn token(rest: &mut &str) -> bool {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let end = rest.bytes().position(|b| !is_token(b)).unwrap_or(rest.len());
    *rest = rest.get(end..).unwrap_or_default();
    end > 0
}

/// Takes a quoted string of printable ASCII off the front.
fn quoted(rest: &mut &str) -> bool {
    if !eat(rest, '"') {
        return false;
    }
    let mut escaped = false;
    for (at, b) in rest.bytes().enumerate() {
        match b {
            b'"' if !escaped => {
                *rest = rest.get(at + 1..).unwrap_or_default();
                return true;
            }
            b' '..=b'~' => escaped = b == b'\\' && !escaped,
            _ => return false,
        }
    }
    false
}

fn eat(rest: &mut &str, expected: char) -> bool {
    match rest.strip_prefix(expected) {
        Some(left) => {
            *rest = left;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_those_of_the_grammar() {
        for text in [
            "text/html",
            "text/html; charset=utf-8",
            "text/html;charset=utf-8",
            "Text/HTML ; Charset=\"utf-8\"",
            "application/vnd.api+json",
            "video/mp4; codecs=\"avc1.42E01E, mp4a.40.2\"",
            "x/y; a=\"\\\"\"; b=c",
        ] {
            assert!(is_valid(text), "{text}");
        }
        for text in [
            "",
            "text",
            "text/",
            "/html",
            "text/html;",
            "text/html; ",
            "text/html; charset",
            "text/html; charset=",
            "text/html; =x",
            "text/html\r\nX-Evil: 1",
            "text/html; a=\"\r\n\"",
            "text/html; a=\"x",
            "text/html\0",
            "text/html, text/plain",
            "téxt/html",
            "text/html; a=\"é\"",
            " text/html",
            "text/html ",
            "text/html;\tcharset=utf-8",
            "text /html",
        ] {
            assert!(!is_valid(text), "{text:?}");
        }
        assert!(!is_valid(&format!("text/{}", "x".repeat(300))));
    }

    #[test]
    fn text_gets_a_charset_unless_it_names_one() {
        for (given, kept) in [
            ("text/html", "text/html; charset=utf-8"),
            (" application/json ", "application/json; charset=utf-8"),
            ("image/svg+xml", "image/svg+xml; charset=utf-8"),
            ("text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1"),
            ("text/plain;CHARSET=latin1", "text/plain;CHARSET=latin1"),
            (
                "text/plain; a=\"; charset=b\"",
                "text/plain; a=\"; charset=b\"; charset=utf-8",
            ),
            ("image/png", "image/png"),
            ("application/wasm", "application/wasm"),
        ] {
            assert_eq!(normalise(given).unwrap(), kept);
        }
        assert_eq!(normalise("no type").unwrap_err().code(), ErrorCode::InvalidMessage);
    }
}
