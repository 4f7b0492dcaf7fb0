//! Which walls stand around a preview, and which origin serves it under them.

use crate::convert;
use crate::error::{Error, Result};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::session::SessionId;

/// The walls around a session's previews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// From the host and from every other session: the session has an origin of its own.
    Origin,
    /// From the host only: sessions share an origin and can reach each other.
    Shared,
    /// No origin at all: answered by the edge, which is given the session's files.
    Opaque,
}

impl Isolation {
    /// The name in options.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Shared => "shared",
            Self::Opaque => "opaque",
        }
    }
}

/// The VFS origin as the host gave it: one name, or a name for each session.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    /// As given.
    pub(crate) pattern: String,
    scheme: String,
    /// The bare host with its port.
    host: String,
    wildcard: bool,
}

impl Origins {
    /// Reads `https://vfs.my-app.com` or `https://{session}.vfs.my-app.com`.
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        let (mut bare, mut wildcard) = (pattern.to_owned(), false);
        for scheme in ["https://", "http://"] {
            if let Some(host) = pattern
                .strip_prefix(scheme)
                .and_then(|rest| rest.strip_prefix("{session}."))
            {
                (bare, wildcard) = ([scheme, host].concat(), true);
            }
        }
        let url = convert::url(&bare, None).filter(|url| {
            let (scheme, path) = (url.protocol(), url.pathname());
            (scheme == "http:" || scheme == "https:")
                && path == "/"
                // A `{session}` that stands elsewhere, which browsers take for a part of the name.
                && !bare.contains('{')
                && (url.username() + &url.password() + &url.search() + &url.hash()).is_empty()
        });
        let Some(url) = url else {
            return Err(Error::of(
                ErrorCode::InvalidMessage,
                &[
                    "`origin` is like \"https://{session}.vfs.example.com\" or \"https://vfs.example.com\", not \"",
                    pattern,
                    "\".",
                ],
            ));
        };
        Ok(Self {
            pattern: pattern.to_owned(),
            scheme: url.protocol(),
            host: url.host(),
            wildcard,
        })
    }

    /// Whether each session has a host name of its own.
    pub(crate) fn wildcard(&self) -> bool {
        self.wildcard
    }

    /// The isolation that is meant where none is named.
    pub(crate) fn resolve(&self, asked: Option<Isolation>) -> Result<Isolation> {
        match asked {
            None if self.wildcard => Ok(Isolation::Origin),
            None => Ok(Isolation::Opaque),
            Some(Isolation::Origin) if !self.wildcard => Err(Error::of(
                ErrorCode::InvalidMessage,
                &[
                    "Isolation \"origin\" needs a host name for each session: write the origin with \"{session}.\", not as \"",
                    &self.pattern,
                    "\".",
                ],
            )),
            Some(isolation) => Ok(isolation),
        }
    }

    /// The origin whose hub keeps a session, and which serves it but where the edge does.
    pub(crate) fn origin(&self, isolation: Isolation, session: &SessionId) -> String {
        match isolation {
            Isolation::Origin => [&self.scheme, "//", session.as_str(), ".", &self.host].concat(),
            _ => [&self.scheme, "//", &self.host].concat(),
        }
    }
}
