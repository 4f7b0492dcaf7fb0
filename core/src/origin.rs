//! Patterns of web origins: who may embed the VFS origin, and where a session may connect to.
//!
//! A pattern is a host source of a Content-Security-Policy with a scheme, and nothing else: `scheme://host[:port|:*]`, the
//! host may start with `*.`. What has been parsed is therefore safe to stand in that header as it is.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode};

/// A pattern that web origins match or do not, in its canonical text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginPattern(Box<str>);

impl OriginPattern {
    /// Reads a pattern; letters become small.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.to_ascii_lowercase();
        let valid = Parts::split(&text).is_some_and(|parts| parts.valid());
        if valid {
            Ok(Self(text.into_boxed_str()))
        } else {
            Err(refused())
        }
    }

    /// The pattern as text, valid as a source in a Content-Security-Policy.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an origin, in the form a browser writes it, matches. The opaque origin `null` never does.
    pub fn matches(&self, origin: &str) -> bool {
        let (Some(pattern), Some(origin)) = (Parts::split(&self.0), Parts::split(origin)) else {
            return false;
        };
        if pattern.scheme != origin.scheme || origin.port == Some("*") || !origin.valid() {
            return false;
        }
        let port = match pattern.port {
            Some("*") => true,
            port => port.or(default_port(pattern.scheme)) == origin.port.or(default_port(origin.scheme)),
        };
        port && match pattern.host.strip_prefix('*') {
            // The rest begins with a dot: `*.a.com` is every name below `a.com`, and not `a.com`.
            Some(below) => origin.host.ends_with(below),
            None => origin.host == pattern.host,
        } && !origin.host.starts_with('*')
    }
}

/// A pattern or origin, taken apart but not yet checked.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Option<Self> {
        // Not by "://": searching for text costs the SDK's wasm four kilobytes.
        let (scheme, rest) = text.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        Some(Self { scheme, host, port })
    }

    fn valid(&self) -> bool {
        let name = self.host.strip_prefix("*.").unwrap_or(self.host);
        default_port(self.scheme).is_some()
            && is_host_name(name)
            && match self.port {
                None | Some("*") => true,
                // No sign, no leading zero: the browser's own form.
                Some(port) => !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok(),
            }
    }
}

/// Whether the text is a host name in small letters, in the form a Content-Security-Policy takes.
pub(crate) fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        })
}

fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" | "ws" => Some("80"),
        "https" | "wss" => Some("443"),
        _ => None,
    }
}

fn refused() -> Error {
    Error::new(
        ErrorCode::InvalidMessage,
        "not an origin of the form scheme://host[:port]",
    )
}

impl FromStr for OriginPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for OriginPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OriginPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| D::Error::custom("not an origin of the form scheme://host[:port]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_a_content_security_policy_does() {
        for (pattern, yes, no) in [
            (
                "http://localhost:*",
                &["http://localhost", "http://localhost:3000"][..],
                &[
                    "https://localhost",
                    "http://localhost.evil.com",
                    "http://a.localhost",
                    "http://localhost:*",
                ][..],
            ),
            (
                "http://*.virtual-files.localhost:*",
                &[
                    "http://app.virtual-files.localhost:8788",
                    "http://a.b.virtual-files.localhost",
                ],
                &[
                    "http://virtual-files.localhost:1",
                    "http://xvirtual-files.localhost",
                    "http://.virtual-files.localhost",
                    "http://*.virtual-files.localhost:8788",
                ],
            ),
            (
                "https://my-app.com",
                &["https://my-app.com", "https://my-app.com:443"],
                &[
                    "https://my-app.com:444",
                    "http://my-app.com",
                    "https://my-app.com.",
                    "https://my-app.com:*",
                ],
            ),
            (
                "HTTPS://My-App.com:8443",
                &["https://my-app.com:8443"],
                &["https://my-app.com", "null", "", "https://", "https://my-app.com:8443/"],
            ),
            ("http://127.0.0.1:*", &["http://127.0.0.1:5173"], &["http://127.0.0.2"]),
        ] {
            let pattern = OriginPattern::parse(pattern).unwrap();
            for origin in yes {
                assert!(pattern.matches(origin), "{pattern} {origin}");
            }
            for origin in no {
                assert!(!pattern.matches(origin), "{pattern} {origin}");
            }
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "*",
            "https:",
            "https://",
            "https://*",
            "https://*.",
            "https://a*.com",
            "https://a..com",
            "https://a.com.",
            "https://a.com/",
            "https://a.com/x",
            "https://a.com:",
            "https://a.com:0",
            "https://a.com:080",
            "https://a.com:+1",
            "https://a.com:65536",
            "https://a.com:1:2",
            "https://a b.com",
            "https://a.com;",
            "https://a.com,b",
            "https://a.com\n",
            "https://user@a.com",
            "ftp://a.com",
            "'self'",
            "data:",
            "https://ä.com",
            "https://[::1]",
            "https://*.*.com",
        ] {
            assert_eq!(
                OriginPattern::parse(text).unwrap_err().code(),
                ErrorCode::InvalidMessage,
                "{text}"
            );
        }
    }
}
