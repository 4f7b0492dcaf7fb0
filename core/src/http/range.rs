//! The `Range` header (RFC 9110 §14): one range of bytes, first to last or a suffix.
//!
//! What cannot be understood, another unit, and a list of several ranges are ignored, as the RFC allows: the answer is then
//! the whole file with status 200. Several ranges would need a multipart body, which no browser asks for.

/// What a `Range` header asks of a file of a known length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// All of it, with status 200.
    Whole,
    /// The bytes from the first number to before the second: never empty, never beyond the file.
    Part(u64, u64),
    /// Nothing that the file has.
    Unsatisfiable,
}

/// Reads a `Range` header against the length of the file.
pub fn resolve(header: &str, length: u64) -> Requested {
    parse(header).map_or(Requested::Whole, |range| match range {
        Spec::Suffix(0) => Requested::Unsatisfiable,
        // The suffix of an empty file is all of it, and an empty part has no Content-Range.
        Spec::Suffix(_) if length == 0 => Requested::Whole,
        Spec::Suffix(count) => Requested::Part(length.saturating_sub(count), length),
        Spec::From(first, _) if first >= length => Requested::Unsatisfiable,
        Spec::From(first, last) => Requested::Part(first, last.saturating_add(1).min(length)),
    })
}

enum Spec {
    /// From the first byte to the last, both included.
    From(u64, u64),
    /// So many bytes at the end.
    Suffix(u64),
}

fn parse(header: &str) -> Option<Spec> {
    const SPACE: [char; 2] = [' ', '\t'];
    let (unit, list) = header.trim_matches(SPACE).split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut ranges = list
        .split(',')
        .map(|range| range.trim_matches(SPACE))
        .filter(|range| !range.is_empty());
    let (Some(range), None) = (ranges.next(), ranges.next()) else {
        return None;
    };
    let (first, last) = range.split_once('-')?;
    match (first, last) {
        ("", last) => Some(Spec::Suffix(number(last)?)),
        (first, "") => Some(Spec::From(number(first)?, u64::MAX)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From(first, last))
        }
    }
}

/// Digits only. A number that is too large to hold is larger than any file.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0u64, |sum, b| {
        b.is_ascii_digit()
            .then(|| sum.saturating_mul(10).saturating_add(u64::from(b - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::Requested::{Part, Unsatisfiable, Whole};
    use super::*;

    #[test]
    fn ranges() {
        for (header, length, expected) in [
            ("bytes=0-499", 1000, Part(0, 500)),
            ("bytes=500-999", 1000, Part(500, 1000)),
            ("bytes=999-", 1000, Part(999, 1000)),
            ("bytes=0-", 1000, Part(0, 1000)),
            ("bytes=0-0", 1000, Part(0, 1)),
            ("bytes=-1", 1000, Part(999, 1000)),
            ("bytes=-1000", 1000, Part(0, 1000)),
            ("bytes=-5000", 1000, Part(0, 1000)),
            ("bytes=900-5000", 1000, Part(900, 1000)),
            ("bytes=0-99999999999999999999999999", 1000, Part(0, 1000)),
            ("bytes=-99999999999999999999999999", 1000, Part(0, 1000)),
            ("Bytes=0-1", 1000, Part(0, 2)),
            (" bytes=0-1 ", 1000, Part(0, 2)),
            ("bytes= 0-1 , ", 1000, Part(0, 2)),
            ("bytes=,0-1", 1000, Part(0, 2)),
            ("bytes=007-008", 1000, Part(7, 9)),
            ("bytes=1000-", 1000, Unsatisfiable),
            ("bytes=1000-2000", 1000, Unsatisfiable),
            ("bytes=99999999999999999999999999-", u64::MAX, Unsatisfiable),
            ("bytes=-0", 1000, Unsatisfiable),
            ("bytes=-0", 0, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=0-0", 0, Unsatisfiable),
            ("bytes=-1", 0, Whole),
            ("bytes=0-1,5-6", 1000, Whole),
            ("bytes=5-1", 1000, Whole),
            ("bytes=", 1000, Whole),
            ("bytes=-", 1000, Whole),
            ("bytes=a-b", 1000, Whole),
            ("bytes=+1-2", 1000, Whole),
            ("bytes=1--2", 1000, Whole),
            ("bytes=1 - 2", 1000, Whole),
            ("bytes=0x1-2", 1000, Whole),
            ("bytes 0-1", 1000, Whole),
            ("bytes =0-1", 1000, Whole),
            ("items=0-1", 1000, Whole),
            ("", 1000, Whole),
        ] {
            assert_eq!(resolve(header, length), expected, "{header:?} of {length}");
        }
    }
}
