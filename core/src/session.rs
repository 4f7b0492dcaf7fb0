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
        const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut rest = u128::from_be_bytes(bits);
        let mut text = String::with_capacity(26);
        for _ in 0..26 {
            text.push(char::from(DIGITS[(rest & 31) as usize]));
            rest >>= 5;
        }
        Self(text.into_boxed_str())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
            assert_eq!(SessionId::parse(text).unwrap().as_str(), text);
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

    proptest! {
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
