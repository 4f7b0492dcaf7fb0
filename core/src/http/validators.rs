//! Validators and the conditions that name them (RFC 9110 §8.8, §13): entity tags and modification dates.
//!
//! Entity tags are strong, a hash of the file's bytes. A condition that cannot be understood counts as not given.

use crate::http::date;

/// The entity tag of a hash, in its quotes.
pub fn etag(hash: &[u8; 16]) -> String {
    let mut text = String::with_capacity(34);
    text.push('"');
    for byte in hash {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.push('"');
    text
}

/// A date in milliseconds as the whole seconds that HTTP knows.
pub fn seconds(milliseconds: u64) -> u64 {
    (milliseconds / 1000).min(date::LAST_SECOND)
}

fn read_date(header: &str) -> Option<u64> {
    date::read(header.trim_matches([' ', '\t']))
}

/// Whether an `If-None-Match` list names the tag, by weak comparison.
pub fn names_etag(header: &str, etag: &str) -> bool {
    let own = etag.trim_matches('"');
    let mut rest = header.trim_matches([' ', '\t']);
    if rest == "*" {
        return true;
    }
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let strong = rest.strip_prefix("W/").unwrap_or(rest);
        let Some((tag, after)) = strong.strip_prefix('"').and_then(|text| text.split_once('"')) else {
            return false;
        };
        if tag == own {
            return true;
        }
        rest = after;
    }
}

/// Whether an `If-Modified-Since` date is not before the file's.
pub fn is_unmodified_since(header: &str, modified: u64) -> bool {
    read_date(header).is_some_and(|since| modified <= since)
}

/// Whether an `If-Range` validator is the file's: the same strong tag, or exactly the same date.
pub fn is_same(header: &str, etag: &str, modified: u64) -> bool {
    let header = header.trim_matches([' ', '\t']);
    header == etag || read_date(header) == Some(modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"0123456789abcdef0123456789abcdef\"";

    #[test]
    fn tags_are_quoted_hashes() {
        let hash = [
            0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
        ];
        assert_eq!(etag(&hash), TAG);
    }

    #[test]
    fn lists_of_tags() {
        let weak = format!("W/{TAG}");
        for (header, named) in [
            (TAG, true),
            ("*", true),
            (" * ", true),
            (&weak, true),
            (&format!("\"a\", {TAG}"), true),
            (&format!("\"a\",W/\"b\",{weak} , \"c\""), true),
            (&format!(", ,{TAG}"), true),
            (&format!("\"a,b\", {TAG}"), true),
            ("", false),
            ("\"a\"", false),
            ("0123456789abcdef0123456789abcdef", false),
            (&format!("a, {TAG}"), false),
            (&format!("w/{TAG}"), false),
            ("\"*\"", false),
            ("*, \"a\"", false),
            (&TAG[..10], false),
            ("\"", false),
            ("W/", false),
        ] {
            assert_eq!(names_etag(header, TAG), named, "{header:?}");
        }
    }

    #[test]
    fn dates() {
        let modified = 784_111_777;
        for (header, unmodified) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", true),
            ("Sun, 06 Nov 1994 08:49:36 GMT", false),
            ("Sunday, 06-Nov-94 08:49:37 GMT", true),
            ("Sun Nov  6 08:49:37 1994", true),
            ("Fri, 31 Dec 9999 23:59:59 GMT", true),
            ("yesterday", false),
            ("", false),
            ("784111777", false),
        ] {
            assert_eq!(is_unmodified_since(header, modified), unmodified, "{header:?}");
        }
        assert_eq!((seconds(1999), seconds(u64::MAX)), (1, date::LAST_SECOND));
    }

    #[test]
    fn if_range_is_strict() {
        let modified = 784_111_777;
        for (header, same) in [
            (TAG, true),
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            (&format!("W/{TAG}"), false),
            ("\"other\"", false),
            ("Sun, 06 Nov 1994 08:49:38 GMT", false),
            ("Sun, 06 Nov 1994 08:49:36 GMT", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(is_same(header, TAG, modified), same, "{header:?}");
        }
    }
}
