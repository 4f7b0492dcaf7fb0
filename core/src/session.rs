//! Session ids: the name of one bundle, and the right to read it.
//!
//! An id is one DNS label, because in the origin layout it is a label of the host name. What has been parsed may stand
//! in a URL, a host name, a header or a database key as it is.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};

/// The id of a session: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`, without `--` as its third and fourth byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// Reads an id. Capital letters are refused, not lowered: an id has one spelling.
    pub fn parse(text: &str) -> Result<Self> {
        if valid(text.as_bytes()) {
            Ok(Self(text.into()))
        } else {
            Err(refused())
        }
    }

    /// The default id: 128 random bits in 26 letters and digits, which nobody guesses.
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(random_text("", bits).into_boxed_str())
    }

    /// The id of an edge session: [`EDGE_PREFIX`], and 128 random bits as in [`from_random`](Self::from_random).
    pub fn edge_from_random(bits: [u8; 16]) -> Self {
        Self(random_text(EDGE_PREFIX, bits).into_boxed_str())
    }

    /// Whether this is the id of a session that the edge serves.
    ///
    /// Nobody but the id stands between a stranger and such a session's files, so its form leaves no room for names that
    /// people choose: it is [`EDGE_PREFIX`] and 26 of `a-z2-7`, as only random bits come to.
    pub fn is_edge(&self) -> bool {
        let digits = self.0.strip_prefix(EDGE_PREFIX).unwrap_or_default();
        digits.len() == RANDOM_DIGITS && digits.bytes().all(|byte| DIGITS.contains(&byte))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the ids of edge sessions begin with.
pub const EDGE_PREFIX: &str = "e-";

const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// So many digits of five bits hold 128.
const RANDOM_DIGITS: usize = 26;

fn random_text(prefix: &str, bits: [u8; 16]) -> String {
    let mut rest = u128::from_be_bytes(bits);
    let mut text = String::with_capacity(prefix.len() + RANDOM_DIGITS);
    text.push_str(prefix);
    for _ in 0..RANDOM_DIGITS {
        text.push(char::from(DIGITS[(rest & 31) as usize]));
        rest >>= 5;
    }
    text
}

fn valid(text: &[u8]) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    text.len() <= 63
        && text.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && edge(text.first())
        && edge(text.last())
        // Browsers give such labels a meaning of their own (`xn--`), and refuse the others.
        && text.get(2..4) != Some(b"--")
}

fn refused() -> Error {
    Error::new(
        ErrorCode::InvalidSession,
        "A session id is 1 to 63 of a-z, 0-9 and \"-\", with no \"-\" at its ends and no \"--\" in third place.",
    )
}

impl FromStr for SessionId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SessionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if valid(text.as_bytes()) {
            Ok(Self(text.into_boxed_str()))
        } else {
            Err(D::Error::custom("not a session id"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_ids() {
        for text in [
            "a",
            "0",
            "abc",
            "a-b",
            "a--b",
            "abc--d",
            "x-y-z",
            "123",
            &"a".repeat(63),
        ] {
            let id: SessionId = text.parse().unwrap();
            assert_eq!((id.as_str(), id.as_ref()), (text, text));
        }
    }

    #[test]
    fn other_text_is_refused() {
        let long = "a".repeat(64);
        for text in [
            "", "-", "-a", "a-", "A", "aB", "a.b", "a_b", "a/b", "a b", " a", "a\n", "é", "xn--a", "ab--c", "..",
            "sw.js", "_vf", "hub.html", "a\0", "%61", &long,
        ] {
            assert_eq!(
                SessionId::parse(text).unwrap_err().code(),
                ErrorCode::InvalidSession,
                "{text:?}"
            );
            assert!(serde_json::from_value::<SessionId>(text.into()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_random_id_keeps_every_bit() {
        assert_eq!(SessionId::from_random([0; 16]).as_str(), "a".repeat(26));
        let ids: std::collections::BTreeSet<SessionId> = (0..128)
            .map(|bit| SessionId::from_random((1_u128 << bit).to_be_bytes()))
            .collect();
        assert_eq!(ids.len(), 128);
    }

    #[test]
    fn edge_sessions_have_ids_of_their_own() {
        let tail = "abcdefghijklmnopqrstuvwxyz";
        assert!(SessionId::parse(&format!("e-{tail}")).unwrap().is_edge());
        for text in [
            tail.to_owned(),
            "e".to_owned(),
            "e-a".to_owned(),
            format!("e-{}", &tail[1..]),
            format!("e-{tail}a"),
            format!("f-{tail}"),
            format!("e-{}1", &tail[1..]),
            format!("e-{}0", &tail[1..]),
            format!("e-{}8", &tail[1..]),
            format!("e-{}-{}", &tail[..12], &tail[13..]),
            "e-my-preview".to_owned(),
        ] {
            assert!(!SessionId::parse(&text).unwrap().is_edge(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn random_edge_ids_are_edge_ids_and_keep_every_bit(bits: [u8; 16]) {
            let id = SessionId::edge_from_random(bits);
            prop_assert!(id.is_edge());
            prop_assert_eq!(SessionId::parse(id.as_str()).unwrap(), id.clone());
            let plain = SessionId::from_random(bits);
            prop_assert_eq!(id.as_str().strip_prefix("e-").unwrap(), plain.as_str());
            prop_assert!(!SessionId::from_random(bits).is_edge());
        }

        #[test]
        fn the_grammar_is_the_documented_one(text in "[a-z0-9-]{0,6}|[aA-zZ0-9._-]{1,5}|[a-z-]{60,65}") {
            let bytes = text.as_bytes();
            let inner = bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
            let expected = inner
                && (1..=63).contains(&text.len())
                && !text.starts_with('-')
                && !text.ends_with('-')
                && !(text.len() >= 4 && &text[2..4] == "--");
            prop_assert_eq!(SessionId::parse(&text).is_ok(), expected);
        }

        #[test]
        fn random_ids_are_ids(bits: [u8; 16]) {
            let id = SessionId::from_random(bits);
            prop_assert_eq!(id.as_str().len(), 26);
            prop_assert_eq!(SessionId::parse(id.as_str()).unwrap(), id.clone());
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<SessionId>(&json).unwrap(), id.clone());
            let bytes = postcard::to_allocvec(&id).unwrap();
            prop_assert_eq!(postcard::from_bytes::<SessionId>(&bytes).unwrap(), id);
        }
    }
}
