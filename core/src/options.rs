//! What a host may ask of a session: the fallback page, the network policy, isolation and access.
//!
//! Options travel in two shapes. Where names are kept (messages, JSON) they have the names of the public API and may be
//! left out; in the store they are a few bytes. Everything that later becomes part of a header is checked here, when it is
//! decoded, so that no header can be injected when a file is served.

use std::fmt;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::origin::OriginPattern;
use crate::path::FilePath;

/// The most origins a session may name: their list is part of every answer's header.
pub const MAX_ORIGINS: usize = 64;

/// The options of one session, as the host gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionOptions {
    /// The file that answers navigations to paths that have no file, with status 200.
    pub spa: Option<FilePath>,
    /// Where the session's documents may connect to.
    #[serde(deserialize_with = "network_or_default")]
    pub network: Network,
    /// Serve with the headers that make documents cross-origin isolated.
    #[serde(deserialize_with = "flag")]
    pub cross_origin_isolated: bool,
    /// Allow a session's page as a tab of its own, not only in a frame.
    #[serde(deserialize_with = "flag")]
    pub top_level: bool,
    /// Answer a directory that has no `index.html` with a list of its files.
    #[serde(deserialize_with = "flag")]
    pub listing: bool,
}

/// Where the documents of a session may connect to, beside the session itself, `data:` and `blob:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nowhere.
    #[default]
    None,
    /// Anywhere.
    Open,
    /// To these origins; never empty, an empty list is [`Network::None`].
    Origins(Vec<OriginPattern>),
}

impl Network {
    /// The policy for a list of origins; none for an empty list, `None` for one that is too long.
    pub fn from_origins(origins: Vec<OriginPattern>) -> Option<Self> {
        match origins.len() {
            0 => Some(Network::None),
            1..=MAX_ORIGINS => Some(Network::Origins(origins)),
            _ => None,
        }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return match self {
                Network::None => serializer.serialize_str("none"),
                Network::Open => serializer.serialize_str("open"),
                Network::Origins(origins) => origins.serialize(serializer),
            };
        }
        // In the store an absent list means anywhere, an empty one nowhere.
        let wire: Option<&[OriginPattern]> = match self {
            Network::None => Some(&[]),
            Network::Open => None,
            Network::Origins(origins) => Some(origins),
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(NetworkVisitor);
        }
        match Option::<Vec<OriginPattern>>::deserialize(deserializer)? {
            None => Ok(Network::Open),
            Some(origins) => Network::from_origins(origins).ok_or_else(|| D::Error::custom(TOO_MANY)),
        }
    }
}

const TOO_MANY: &str = "network names too many origins";

struct NetworkVisitor;

impl<'de> Visitor<'de> for NetworkVisitor {
    type Value = Network;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("\"none\", \"open\" or a list of origins")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Network, E> {
        match text {
            "none" => Ok(Network::None),
            "open" => Ok(Network::Open),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Network, E> {
        Ok(Network::None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Network, A::Error> {
        let mut origins = Vec::new();
        // One more than there may be tells as much as all of them would.
        while origins.len() <= MAX_ORIGINS
            && let Some(origin) = list.next_element()?
        {
            origins.push(origin);
        }
        Network::from_origins(origins).ok_or_else(|| A::Error::custom(TOO_MANY))
    }
}

/// JavaScript's `{ listing: undefined }` means the same as leaving it out.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    if deserializer.is_human_readable() {
        Ok(Option::<bool>::deserialize(deserializer)?.unwrap_or(false))
    } else {
        bool::deserialize(deserializer)
    }
}

fn network_or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Network, D::Error> {
    Network::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<SessionOptions, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn everything_may_be_left_out() {
        assert_eq!(json("{}").unwrap(), SessionOptions::default());
        let nulls = r#"{"spa":null,"network":null,"crossOriginIsolated":null,"topLevel":null,"listing":null}"#;
        assert_eq!(json(nulls).unwrap(), SessionOptions::default());
    }

    #[test]
    fn origins_are_counted() {
        let list = |count: usize| vec!["https://api.example.com"; count];
        let told = |count| json(&serde_json::json!({"network": list(count)}).to_string());
        assert!(matches!(told(MAX_ORIGINS).unwrap().network, Network::Origins(all) if all.len() == MAX_ORIGINS));
        assert!(told(MAX_ORIGINS + 1).unwrap_err().to_string().starts_with(TOO_MANY));
        assert!(told(MAX_ORIGINS + 9).unwrap_err().to_string().starts_with(TOO_MANY));
        let stored = postcard::to_allocvec(&Some(list(MAX_ORIGINS + 1))).unwrap();
        assert!(postcard::from_bytes::<Network>(&stored).is_err());
        assert!(
            json(r#"{"network":7}"#)
                .unwrap_err()
                .to_string()
                .contains("a list of origins")
        );
    }

    #[test]
    fn both_shapes_round_trip() {
        for network in [
            r#""none""#,
            r#""open""#,
            r#"["https://api.example.com","wss://*.example.com:*"]"#,
        ] {
            let text = format!(
                r#"{{"spa":"app/index.html","network":{network},"crossOriginIsolated":true,"topLevel":true,"listing":true}}"#
            );
            let options = json(&text).unwrap();
            assert_eq!(serde_json::to_string(&options).unwrap(), text);
            let bytes = postcard::to_allocvec(&options).unwrap();
            assert_eq!(postcard::from_bytes::<SessionOptions>(&bytes).unwrap(), options);
        }
    }

    #[test]
    fn an_empty_list_is_no_network() {
        assert_eq!(json(r#"{"network":[]}"#).unwrap().network, Network::None);
    }

    #[test]
    fn what_could_break_a_header_is_refused() {
        for network in [
            r#""all""#,
            "1",
            "{}",
            r#"["*"]"#,
            r#"["https://a.com; script-src *"]"#,
            r#"["https://a.com, default-src *"]"#,
            r#"["https://a.com\r\nX: y"]"#,
            r#"["https://a.com/path"]"#,
            r#"["'unsafe-inline'"]"#,
        ] {
            assert!(json(&format!(r#"{{"network":{network}}}"#)).is_err(), "{network}");
        }
        assert!(json(r#"{"spa":"../index.html"}"#).is_err());
    }

    #[test]
    fn too_many_origins_are_refused_in_both_shapes() {
        let many: Vec<OriginPattern> = (0..65)
            .map(|n| OriginPattern::parse(&format!("https://h{n}.example.com")).unwrap())
            .collect();
        let text = format!(r#"{{"network":{}}}"#, serde_json::to_string(&many).unwrap());
        assert!(json(&text).is_err());
        let wire = postcard::to_allocvec(&Some(&many)).unwrap();
        assert!(postcard::from_bytes::<Network>(&wire).is_err());
    }
}
