//! The one error of the core: a stable code and a sentence for people.
//!
//! Codes are public API: hosts match on them, so a code is never renamed and never changes its meaning. Messages may
//! change at any time. Nothing here captures a backtrace or a source: the text must survive a `postMessage`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// What went wrong, as hosts tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// A session id that is not one DNS label of the allowed form.
    InvalidSession,
    /// A path that is empty, too long, or could mean another file than it says.
    InvalidPath,
    /// A message of a wrong shape, or one whose parts contradict each other.
    InvalidMessage,
    /// The sender's origin is not among the allowed ones.
    OriginNotAllowed,
    /// The two sides are of different releases.
    VersionMismatch,
    /// The session is not at the version that a change was for.
    Conflict,
    /// No such session or file.
    NotFound,
    /// More files or bytes than this origin takes.
    TooLarge,
    /// The browser gives no more storage.
    QuotaExceeded,
    /// The browser's storage cannot be had or is damaged.
    StorageUnavailable,
    /// The browser gives no service worker here.
    ServiceWorkerUnavailable,
    /// The edge is needed and is not there.
    EdgeUnavailable,
    /// No answer in time.
    Timeout,
    /// Given up by the one who asked.
    Aborted,
    /// A mistake of ours.
    Internal,
}

impl ErrorCode {
    /// Every code there is.
    pub const ALL: &[ErrorCode] = &[
        Self::InvalidSession,
        Self::InvalidPath,
        Self::InvalidMessage,
        Self::OriginNotAllowed,
        Self::VersionMismatch,
        Self::Conflict,
        Self::NotFound,
        Self::TooLarge,
        Self::QuotaExceeded,
        Self::StorageUnavailable,
        Self::ServiceWorkerUnavailable,
        Self::EdgeUnavailable,
        Self::Timeout,
        Self::Aborted,
        Self::Internal,
    ];

    /// The code in messages and on error pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSession => "INVALID_SESSION",
            Self::InvalidPath => "INVALID_PATH",
            Self::InvalidMessage => "INVALID_MESSAGE",
            Self::OriginNotAllowed => "ORIGIN_NOT_ALLOWED",
            Self::VersionMismatch => "VERSION_MISMATCH",
            Self::Conflict => "CONFLICT",
            Self::NotFound => "NOT_FOUND",
            Self::TooLarge => "TOO_LARGE",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::StorageUnavailable => "STORAGE_UNAVAILABLE",
            Self::ServiceWorkerUnavailable => "SERVICE_WORKER_UNAVAILABLE",
            Self::EdgeUnavailable => "EDGE_UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
            Self::Aborted => "ABORTED",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status that a request answered with this error gets.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidSession | Self::InvalidPath | Self::InvalidMessage => 400,
            Self::OriginNotAllowed => 403,
            Self::NotFound => 404,
            Self::VersionMismatch | Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Internal => 500,
            Self::StorageUnavailable | Self::ServiceWorkerUnavailable | Self::EdgeUnavailable | Self::Aborted => 503,
            Self::Timeout => 504,
            Self::QuotaExceeded => 507,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for ErrorCode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.iter().copied().find(|code| code.as_str() == text);
        known.ok_or(Error::new(
            ErrorCode::InvalidMessage,
            "An error's code is not one that is known.",
        ))
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|error: Error| D::Error::custom(error.message))
    }
}

/// An error: its code, and a message that says what happened and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    code: ErrorCode,
    message: Cow<'static, str>,
}

/// What everything in this crate that can fail returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with a message for people.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// What went wrong.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The same in a sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status that a request answered with this error gets.
    pub const fn status(&self) -> u16 {
        self.code.status()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code.as_str())?;
        out.write_str(": ")?;
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_list_once_and_in_order() {
        for (place, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(*code as usize, place, "{code}");
        }
        assert_eq!(ErrorCode::Internal as usize + 1, ErrorCode::ALL.len());
    }

    #[test]
    fn every_code_has_a_name_and_an_error_status() {
        for code in ErrorCode::ALL {
            let name = code.as_str();
            assert!(name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'_')), "{name}");
            assert_eq!(name.parse::<ErrorCode>().unwrap(), *code);
            assert!((400..600).contains(&code.status()), "{name}");
        }
        assert_eq!(
            "internal".parse::<ErrorCode>().unwrap_err().code(),
            ErrorCode::InvalidMessage
        );
    }

    #[test]
    fn errors_travel_as_code_and_message() {
        let error = Error::new(ErrorCode::NotFound, "No file \"a\".");
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(json, r#"{"code":"NOT_FOUND","message":"No file \"a\"."}"#);
        assert_eq!(serde_json::from_str::<Error>(&json).unwrap(), error);
        assert_eq!(
            postcard::from_bytes::<Error>(&postcard::to_allocvec(&error).unwrap()).unwrap(),
            error
        );
        assert_eq!(error.to_string(), "NOT_FOUND: No file \"a\".");
        assert_eq!(error.status(), 404);
        assert!(serde_json::from_str::<Error>(r#"{"code":"NONSENSE","message":""}"#).is_err());
    }
}
