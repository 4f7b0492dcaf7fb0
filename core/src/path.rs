//! File paths: what names a file in a session, and how it stands in a URL.
//!
//! A path is decoded UTF-8, relative, with `/` between its segments. It has one spelling only: no empty, `.` or `..`
//! segments, no backslash, no control characters; so two paths are the same file exactly where they are the same bytes.
//! Unicode is not normalised: `é` in one and in two code points are two files, as on most servers.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};

/// The longest path, in bytes of UTF-8.
pub const MAX_PATH_BYTES: usize = 1024;

/// The longest segment of a path, in bytes of UTF-8.
pub const MAX_SEGMENT_BYTES: usize = 255;

/// What a path's characters must not be in a URL: what the URL parser would encode or take for something else, and the
/// quotes and brackets that could end an attribute or a header parameter.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The path of a file in its session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Box<str>);

impl FilePath {
    /// Reads a path as people write it: one leading `/` or `./` is passed over.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text
            .strip_prefix('/')
            .or_else(|| text.strip_prefix("./"))
            .unwrap_or(text);
        check(text)?;
        Ok(Self(text.into()))
    }

    /// Reads a path that was one before: in the one spelling that it has.
    pub(crate) fn stored(text: &str) -> Result<Self> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// Reads the path of a URL, without its leading `/`. A `%2F` inside a segment is refused: it would be another file
    /// than the same URL names in a browser's eyes. A `%` that encodes nothing stands for itself, as it does there.
    pub fn from_url_path(url_path: &str) -> Result<Self> {
        let decoded: Cow<'_, [u8]> = percent_decode_str(url_path).into();
        let slashes = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'/').count();
        if slashes(&decoded) != slashes(url_path.as_bytes()) {
            return Err(refused("A path's segment holds an encoded \"/\"."));
        }
        let Ok(text) = String::from_utf8(decoded.into_owned()) else {
            return Err(refused("A path is not UTF-8."));
        };
        check(&text)?;
        Ok(Self(text.into_boxed_str()))
    }

    /// The path as it stands in a URL after a `/`, percent-encoded.
    pub fn to_url_path(&self) -> String {
        utf8_percent_encode(&self.0, ENCODED).collect()
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        &self.0[self.parent_dir().len()..]
    }

    /// What follows the last dot of the file name; none where the name only begins with its dot.
    pub fn extension(&self) -> Option<&str> {
        let (stem, extension) = self.file_name().rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then_some(extension)
    }

    /// The directory that holds the file, with its closing `/`; empty at the session's root.
    pub fn parent_dir(&self) -> &str {
        match self.0.rfind('/') {
            Some(slash) => &self.0[..=slash],
            None => "",
        }
    }
}

fn check(text: &str) -> Result<()> {
    if text.len() > MAX_PATH_BYTES {
        return Err(refused("A path is longer than 1024 bytes."));
    }
    // By bytes, and once: an index has one for each of its files. The control characters beside ASCII's, C1, are two bytes each
    // in UTF-8, 0xC2 and 0x80 to 0x9F, which are in no other character.
    let (mut length, mut dots, mut last) = (0, 0, 0);
    for byte in text.bytes().chain([b'/']) {
        match byte {
            b'/' if length == 0 => return Err(refused("A path is empty, or has an empty segment.")),
            b'/' if length == dots && length <= 2 => {
                return Err(refused("A path has a \".\" or \"..\" segment."));
            }
            b'/' if length > MAX_SEGMENT_BYTES => {
                return Err(refused("A path has a segment of more than 255 bytes."));
            }
            b'/' => (length, dots) = (0, 0),
            b'\\' | 0..=0x1f | 0x7f => return Err(not_plain()),
            0x80..=0x9f if last == 0xc2 => return Err(not_plain()),
            byte => {
                length += 1;
                dots += usize::from(byte == b'.');
            }
        }
        last = byte;
    }
    Ok(())
}

fn not_plain() -> Error {
    refused("A path holds a backslash or a control character.")
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorCode::InvalidPath, message)
}

impl FromStr for FilePath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Borrow<str> for FilePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for FilePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Takes the canonical text only where the format is not for people: what was stored was parsed before.
impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let lenient = deserializer.is_human_readable();
        let text = String::deserialize(deserializer)?;
        if lenient {
            return Self::parse(&text).map_err(|error| D::Error::custom(error.message()));
        }
        Self::stored(&text).map_err(|error| D::Error::custom(error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> FilePath {
        FilePath::parse(text).expect(text)
    }

    #[test]
    fn one_leading_mark_is_passed_over() {
        for text in ["a/b.txt", "/a/b.txt", "./a/b.txt"] {
            assert_eq!(path(text).as_str(), "a/b.txt");
        }
        for text in ["//a", "/./a", ".//a", "././a", "/", "./", ".", ""] {
            assert_eq!(
                FilePath::parse(text).unwrap_err().code(),
                ErrorCode::InvalidPath,
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_could_mean_another_file_is_refused() {
        let (long, long_segment) = (vec!["a".repeat(200); 6].join("/"), "é".repeat(128));
        for text in [
            "a/",
            "a//b",
            "a/./b",
            "a/../b",
            "..",
            "../a",
            "a/..",
            "a\\b",
            "\\",
            "a\0",
            "a\nb",
            "\t",
            "\u{7f}",
            "\u{80}",
            "a\u{9f}b",
            &long,
            &long_segment,
        ] {
            assert_eq!(
                FilePath::parse(text).unwrap_err().code(),
                ErrorCode::InvalidPath,
                "{text:?}"
            );
            assert!(serde_json::from_value::<FilePath>(text.into()).is_err(), "{text:?}");
            assert!(
                postcard::from_bytes::<FilePath>(&postcard::to_allocvec(text).unwrap()).is_err(),
                "{text:?}"
            );
        }
        let longest = vec!["a".repeat(204); 5].join("/");
        assert_eq!(path(&longest).as_str().len(), MAX_PATH_BYTES);
        assert!(FilePath::parse(&[&longest, "a"].concat()).is_err());
        assert!(FilePath::parse(&"a".repeat(255)).is_ok() && FilePath::parse(&"a".repeat(256)).is_err());
    }

    proptest! {
        #[test]
        fn a_path_is_what_its_characters_and_segments_say(text in r"([a-z.é\u{80}-\u{a5}\x00-\x20\x7f\\]{0,3}(/|\.|\.\.|a{250})){0,3}[a.]{0,3}") {
            let plain = text.len() <= MAX_PATH_BYTES
                && !text.chars().any(|char| char == '\\' || char.is_control())
                && text.split('/').all(|part| !["", ".", ".."].contains(&part) && part.len() <= MAX_SEGMENT_BYTES);
            prop_assert_eq!(FilePath::stored(&text).is_ok(), plain, "{:?}", text);
        }
    }

    #[test]
    fn the_store_takes_the_one_spelling_only() {
        for text in ["/a", "./a"] {
            assert_eq!(serde_json::from_value::<FilePath>(text.into()).unwrap().as_str(), "a");
            assert!(
                postcard::from_bytes::<FilePath>(&postcard::to_allocvec(text).unwrap()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_url_path_is_decoded_once() {
        for (url, text) in [
            ("a/b.txt", "a/b.txt"),
            ("a%20b/%E6%97%A5.png", "a b/日.png"),
            ("100%", "100%"),
            ("100%25", "100%"),
            ("%zz%2", "%zz%2"),
            ("%252e%252e/a", "%2e%2e/a"),
            ("a%3Fb%23c", "a?b#c"),
            ("a+b", "a+b"),
            ("日.png", "日.png"),
            ("...", "..."),
        ] {
            assert_eq!(FilePath::from_url_path(url).expect(url).as_str(), text);
        }
        for url in [
            "",
            "/a",
            "./a",
            "a/",
            "%2e%2e/a",
            "a/%2E%2e",
            "a/.%2e",
            "%2e",
            "a%2Fb",
            "%2f",
            "a%5Cb",
            "a\\b",
            "a%00",
            "%0a",
            "%C2%80",
            "%ff",
            "%ED%A0%80",
            "a//b",
        ] {
            assert_eq!(
                FilePath::from_url_path(url).unwrap_err().code(),
                ErrorCode::InvalidPath,
                "{url}"
            );
        }
    }

    #[test]
    fn unicode_is_not_normalised() {
        let (composed, decomposed) = (path("caf\u{e9}"), path("cafe\u{301}"));
        assert_ne!(composed, decomposed);
        assert_eq!(FilePath::from_url_path("caf%C3%A9").unwrap(), composed);
        assert_eq!(FilePath::from_url_path("cafe%CC%81").unwrap(), decomposed);
    }

    #[test]
    fn paths_are_taken_apart() {
        for (text, dir, name, extension) in [
            ("a", "", "a", None),
            ("a.tar.gz", "", "a.tar.gz", Some("gz")),
            ("d/e.f/g", "d/e.f/", "g", None),
            ("d/.env", "d/", ".env", None),
            ("d/a.", "d/", "a.", None),
            (".a.b", "", ".a.b", Some("b")),
        ] {
            let path = path(text);
            assert_eq!(
                (path.parent_dir(), path.file_name(), path.extension()),
                (dir, name, extension)
            );
        }
    }

    /// Anything of characters that matter: separators, dots, what is forbidden, accents in both forms, far planes.
    fn tricky() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[a-zA-Z0-9._~-]{1,6}",
            2 => Just("/".to_owned()),
            1 => prop_oneof![Just(".."), Just("."), Just("./"), Just("../"), Just("%2e"), Just("%2F"), Just("%"), Just("\\")]
                .prop_map(str::to_owned),
            2 => prop_oneof![Just("é"), Just("e\u{301}"), Just("日本"), Just("👩\u{200d}💻"), Just("אב"), Just("\u{212b}")]
                .prop_map(str::to_owned),
            2 => "[ !\"#$&'()*+,:;<=>?@\\[\\]^`{|}]{1,3}",
            1 => any::<char>().prop_map(String::from),
            1 => any::<u8>().prop_map(|byte| char::from(byte).to_string()),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn check_promises(path: &FilePath) -> std::result::Result<(), TestCaseError> {
        let text = path.as_str();
        prop_assert!(!text.is_empty() && text.len() <= MAX_PATH_BYTES);
        let forbidden = |char| char == '\\' || char < ' ' || ('\u{7f}'..='\u{9f}').contains(&char);
        prop_assert!(!text.contains(forbidden));
        prop_assert!(
            text.split('/')
                .all(|segment| !matches!(segment, "" | "." | "..") && segment.len() <= 255)
        );
        prop_assert_eq!([path.parent_dir(), path.file_name()].concat(), text);
        prop_assert_eq!(&FilePath::parse(text).unwrap(), path);
        prop_assert_eq!(
            &postcard::from_bytes::<FilePath>(&postcard::to_allocvec(path).unwrap()).unwrap(),
            path
        );

        let url = path.to_url_path();
        prop_assert_eq!(&FilePath::from_url_path(&url).unwrap(), path);
        // A browser's parser leaves the path as it is, so what it asks for is what was linked to.
        let parsed = url::Url::parse(&["http://h/", &url, "?q#f"].concat()).unwrap();
        prop_assert_eq!(parsed.path(), ["/", &url].concat());
        // However much of it is encoded, it is the same file.
        let all: String = text
            .split('/')
            .map(|segment| segment.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>())
            .collect::<Vec<_>>()
            .join("/");
        prop_assert_eq!(&FilePath::from_url_path(&all).unwrap(), path);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn accepted_paths_keep_their_promises(text in tricky()) {
            if let Ok(path) = FilePath::parse(&text) {
                check_promises(&path)?;
            }
        }

        #[test]
        fn accepted_url_paths_keep_their_promises(url in tricky()) {
            if let Ok(path) = FilePath::from_url_path(&url) {
                check_promises(&path)?;
            }
        }

        #[test]
        fn any_unicode_that_is_no_control_makes_a_path(text in "[^\\p{Cc}/\\\\.][^\\p{Cc}/\\\\]{0,60}") {
            let path = FilePath::parse(&text);
            prop_assert!(path.is_ok(), "{path:?}");
            check_promises(&path.unwrap())?;
        }
    }
}
