//! The configuration of one VFS origin: its host name, and who may embed it.
//!
//! The edge injects it into the pages and the worker; the host name of a request together with it says which layout the
//! request belongs to.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::origin::OriginPattern;
use crate::session::SessionId;

/// How long a stored session stays that nobody uses, unless a deployment has it otherwise: 90 days.
pub const SESSION_TTL_SECONDS: u64 = 90 * 24 * 60 * 60;

/// What one deployment of the VFS origin is set up with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Config {
    host: String,
    allowed_hosts: Vec<OriginPattern>,
    frame_ancestors: String,
    session_ttl_seconds: u64,
}

/// Where a request's session is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// By the host name: the session has an origin of its own.
    Origin(SessionId),
    /// By the first segment of the path: sessions share the origin.
    Shared,
}

impl Config {
    /// A configuration from its parts; the host name has no port.
    pub fn new<'a>(host: &str, allowed_hosts: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let allowed = allowed_hosts
            .into_iter()
            .map(OriginPattern::parse)
            .collect::<Result<_>>()?;
        Self::build(host, allowed)
    }

    fn build(host: &str, allowed_hosts: Vec<OriginPattern>) -> Result<Self> {
        let host = host.to_ascii_lowercase();
        if !crate::origin::is_host_name(&host) {
            return Err(Error::new(ErrorCode::InvalidMessage, "not a host name"));
        }
        let mut frame_ancestors = String::from("'self'");
        for pattern in &allowed_hosts {
            frame_ancestors.push(' ');
            frame_ancestors.push_str(pattern.as_str());
        }
        Ok(Self {
            host,
            allowed_hosts,
            frame_ancestors,
            session_ttl_seconds: SESSION_TTL_SECONDS,
        })
    }

    /// The same with another time for which a stored session stays that nobody uses; 0 for ever.
    pub fn with_session_ttl(mut self, seconds: u64) -> Self {
        self.session_ttl_seconds = seconds;
        self
    }

    /// How long a stored session stays that nobody uses, in milliseconds. `None` where that is for ever.
    pub fn session_ttl(&self) -> Option<u64> {
        (self.session_ttl_seconds > 0).then(|| self.session_ttl_seconds.saturating_mul(1000))
    }

    /// How long after a use the next one is noted, in milliseconds: a day, or less where sessions do not stay for long.
    pub fn use_interval(&self) -> u64 {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        self.session_ttl().map_or(DAY, |ttl| (ttl / 8).min(DAY))
    }

    /// The bare host name, without a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The patterns of the origins that may embed.
    pub fn allowed_hosts(&self) -> &[OriginPattern] {
        &self.allowed_hosts
    }

    /// Which layout a host name (no port) belongs to. Names that are not one label below the bare host are shared.
    pub fn layout(&self, hostname: &str) -> Layout {
        match self.label(hostname).map(SessionId::parse) {
            Some(Ok(id)) => Layout::Origin(id),
            _ => Layout::Shared,
        }
    }

    /// What stands before `.{host}`. Browsers give host names in small letters.
    fn label<'a>(&self, hostname: &'a str) -> Option<&'a str> {
        hostname.strip_suffix(self.host.as_str())?.strip_suffix('.')
    }

    /// Whether an origin matches one of the allowed patterns.
    pub fn allows(&self, origin: &str) -> bool {
        self.allowed_hosts.iter().any(|pattern| pattern.matches(origin))
    }

    /// Whether the hub at `own_origin` takes messages from `origin`: it is allowed, and it is not a VFS origin itself. A
    /// wide pattern such as `http://*.virtual-files.localhost:*` would otherwise let a preview act as a host.
    pub fn accepts(&self, origin: &str, own_origin: &str) -> bool {
        let split = |origin| -> Option<(&str, &str, &str)> {
            let (scheme, rest) = str::split_once(origin, ':')?;
            let rest = rest.strip_prefix("//")?;
            let (host, port) = rest.split_once(':').unwrap_or((rest, ""));
            Some((scheme, host, port))
        };
        let (Some((scheme, host, port)), Some((own_scheme, own_host, own_port))) = (split(origin), split(own_origin))
        else {
            return false;
        };
        let is_vfs = |host: &str| host == self.host || self.label(host).is_some();
        let same_server =
            scheme == own_scheme && port == own_port && (host == own_host || is_vfs(host) && is_vfs(own_host));
        !same_server && self.allows(origin)
    }

    /// The sources of a `frame-ancestors` directive: the origin itself and the allowed hosts.
    pub fn frame_ancestors(&self) -> &str {
        &self.frame_ancestors
    }
}

/// The configuration as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    host: String,
    #[serde(default)]
    allowed_hosts: Vec<OriginPattern>,
    #[serde(default = "session_ttl_seconds")]
    session_ttl_seconds: u64,
}

fn session_ttl_seconds() -> u64 {
    SESSION_TTL_SECONDS
}

impl TryFrom<Wire> for Config {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self> {
        let config = Self::build(&wire.host, wire.allowed_hosts)?;
        Ok(config.with_session_ttl(wire.session_ttl_seconds))
    }
}

impl From<Config> for Wire {
    fn from(config: Config) -> Self {
        Self {
            host: config.host,
            allowed_hosts: config.allowed_hosts,
            session_ttl_seconds: config.session_ttl_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::new(
            "virtual-files.localhost",
            ["http://localhost:*", "http://*.virtual-files.localhost:*"],
        )
        .unwrap()
    }

    #[test]
    fn the_host_name_gives_the_layout() {
        let id = |text| Layout::Origin(SessionId::parse(text).unwrap());
        for (hostname, layout) in [
            ("abc.virtual-files.localhost", id("abc")),
            ("virtual-files.localhost", Layout::Shared),
            (".virtual-files.localhost", Layout::Shared),
            ("a.b.virtual-files.localhost", Layout::Shared),
            ("xvirtual-files.localhost", Layout::Shared),
            ("abc.example.com", Layout::Shared),
            ("a_b.virtual-files.localhost", Layout::Shared),
            ("", Layout::Shared),
        ] {
            assert_eq!(config().layout(hostname), layout, "{hostname}");
        }
    }

    #[test]
    fn a_preview_cannot_play_host() {
        let own = "http://abc.virtual-files.localhost:8787";
        for (origin, yes) in [
            ("http://localhost:8788", true),
            ("http://app.virtual-files.localhost:8788", true),
            ("http://abc.virtual-files.localhost:8787", false),
            ("http://other.virtual-files.localhost:8787", false),
            ("http://a.b.virtual-files.localhost:8787", false),
            ("http://virtual-files.localhost:8787", false),
            ("http://evil.example", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(config().accepts(origin, own), yes, "{origin}");
        }
        // A VFS origin that is reached by another name still refuses itself.
        let local = Config::new("vfs.test", ["http://localhost:*"]).unwrap();
        assert!(!local.accepts("http://localhost:8787", "http://localhost:8787"));
        assert!(local.accepts("http://localhost:8788", "http://localhost:8787"));
    }

    #[test]
    fn json_is_the_edges_format() {
        let text = r#"{"host":"virtual-files.localhost","allowedHosts":["http://localhost:*","http://*.virtual-files.localhost:*"],"sessionTtlSeconds":7776000}"#;
        let read: Config = serde_json::from_str(text).unwrap();
        assert_eq!(read, config());
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(
            read.frame_ancestors(),
            "'self' http://localhost:* http://*.virtual-files.localhost:*"
        );
    }

    #[test]
    fn sessions_expire_where_they_are_to() {
        let read = |text| serde_json::from_str::<Config>(text).unwrap().session_ttl();
        assert_eq!(read(r#"{"host":"a"}"#), Some(90 * 24 * 60 * 60 * 1000));
        assert_eq!(read(r#"{"host":"a","sessionTtlSeconds":60}"#), Some(60_000));
        assert_eq!(read(r#"{"host":"a","sessionTtlSeconds":0}"#), None);
        assert_eq!(config().use_interval(), 24 * 60 * 60 * 1000);
        assert_eq!(config().with_session_ttl(8).use_interval(), 1000);
    }

    #[test]
    fn what_could_break_a_header_is_refused() {
        for text in [
            r#"{"host":""}"#,
            r#"{"host":"a b"}"#,
            r#"{"host":"a;b"}"#,
            r#"{"host":"a:8787"}"#,
            r#"{"host":"*.a"}"#,
            r#"{"host":"a","allowedHosts":["http://a; script-src *"]}"#,
        ] {
            assert!(serde_json::from_str::<Config>(text).is_err(), "{text}");
        }
    }
}
