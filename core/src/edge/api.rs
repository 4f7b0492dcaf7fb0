//! The write API of edge sessions: which request means what, who may send it, and how it is refused.
//!
//! `/_vf/sessions/{id}` and what is below it, for hosts' pages only. Whoever writes first to an id claims it with a key of
//! their own; from then on nobody without the key learns by it even that the session is there.

use std::borrow::Cow;

use serde::Serialize;

use super::{EdgePlan, EdgeRequest};
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::http::headers::{ALWAYS, Headers, NO_DOCUMENT, QUIET, add};
use crate::session::SessionId;

/// The version of the manifest and of everything else here.
pub const API_VERSION: u32 = 1;

/// The most bytes of one part of an upload.
pub const MAX_PART_BYTES: u64 = 8 << 20;

/// The most bytes of a manifest.
pub const MAX_MANIFEST_BYTES: u64 = 8 << 20;

const PATH: &str = "/_vf/sessions";

/// What is asked of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// What there is.
    Inspect,
    /// The session's end.
    Delete,
    /// A manifest: the beginning of an upload.
    Begin,
    /// A part of an upload.
    Append {
        /// The upload.
        upload: &'a str,
        /// How many bytes were sent before.
        offset: u64,
    },
    /// The end of an upload: what was sent becomes the session.
    Commit {
        /// The upload.
        upload: &'a str,
    },
    /// The upload is given up.
    Abort {
        /// The upload.
        upload: &'a str,
    },
}

/// A request to be carried out.
#[derive(Clone, Debug)]
pub struct Write<'a> {
    /// The session, under an id of the edge's.
    pub id: SessionId,
    /// What is asked of it.
    pub operation: Operation<'a>,
    /// The key: 43 characters, as they were sent.
    pub key: &'a str,
    /// The headers of every answer.
    pub headers: Headers<'a>,
}

/// Why a request is not carried out. As JSON it is the answer's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The status of the answer.
    #[serde(skip)]
    pub status: u16,
    /// Seconds for `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u64>,
    /// What went wrong.
    pub code: ErrorCode,
    /// The same in a sentence.
    pub message: Cow<'static, str>,
    /// How many bytes of an upload are here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: u16, code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            retry_after: None,
            code,
            message: message.into(),
            received: None,
        }
    }

    /// The one answer to a wrong key, no key and no session.
    pub fn not_found() -> Self {
        Self::new(
            404,
            ErrorCode::NotFound,
            "There is no such session, or this is not its key.",
        )
    }

    /// The part does not follow what is here.
    pub fn out_of_step(received: u64) -> Self {
        Self {
            received: Some(received),
            ..Self::new(
                409,
                ErrorCode::InvalidMessage,
                "A part of an upload does not follow those before it.",
            )
        }
    }

    /// More is sent than may be.
    pub fn too_large(message: &'static str) -> Self {
        Self::new(413, ErrorCode::TooLarge, message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match error.code() {
            ErrorCode::VersionMismatch => 400,
            ErrorCode::Aborted => 409,
            code => code.status(),
        };
        Self::new(status, error.code(), error.message().to_owned())
    }
}

/// What follows the API's path in one that is of the API: nothing, or something that begins with a slash.
pub fn below(path: &str) -> Option<&str> {
    path.strip_prefix(PATH)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request to the API.
pub fn plan<'a>(config: &Config, request: &EdgeRequest<'a>, rest: &'a str) -> EdgePlan<'a> {
    let mut headers = common_headers();
    // The hub writes for the hosts that it listens to. Where it only looks, the browser does not say that it is the hub, but
    // a page of another origin could not send a key without being named.
    let origin = request
        .origin
        .or_else(|| (request.method == "GET").then_some(request.own_origin))
        .filter(|origin| *origin == request.own_origin || config.accepts(origin, request.own_origin));
    let Some(origin) = origin else {
        let refusal = Refusal::new(
            403,
            ErrorCode::OriginNotAllowed,
            "Only the hub and pages of an allowed host may write sessions.",
        );
        return EdgePlan::Refusal { refusal, headers };
    };
    headers.push(("access-control-allow-origin", origin.into()));
    if request.method == "OPTIONS" {
        add(
            &mut headers,
            &[
                ("access-control-allow-methods", "GET, POST, PUT, DELETE"),
                ("access-control-allow-headers", "authorization, content-type"),
                ("access-control-max-age", "600"),
            ],
        );
        return EdgePlan::Page {
            status: 204,
            headers,
            body: String::new(),
        };
    }
    add(&mut headers, &[("access-control-expose-headers", "retry-after")]);
    match read(request, rest) {
        Ok((id, operation, key)) => EdgePlan::Write(Write {
            id,
            operation,
            key,
            headers,
        }),
        Err(refusal) => EdgePlan::Refusal { refusal, headers },
    }
}

fn read<'a>(request: &EdgeRequest<'a>, rest: &'a str) -> Result<(SessionId, Operation<'a>, &'a str), Refusal> {
    let mut segments = rest.strip_prefix('/').unwrap_or_default().split('/');
    let id = SessionId::parse(segments.next().unwrap_or_default())
        .ok()
        .filter(SessionId::is_edge);
    let Some(id) = id else {
        return Err(Refusal::new(
            400,
            ErrorCode::InvalidSession,
            "The id of an edge session is \"e-\" and 26 of a-z and 2-7.",
        ));
    };
    let parts = [segments.next(), segments.next(), segments.next(), segments.next()];
    let operation = match (request.method, parts) {
        ("GET", [None, ..]) => Operation::Inspect,
        ("DELETE", [None, ..]) => Operation::Delete,
        ("POST", [Some("uploads"), None, ..]) => Operation::Begin,
        ("PUT", [Some("uploads"), Some(upload), None, _]) if is_upload(upload) => Operation::Append {
            upload,
            offset: offset(request.query)?,
        },
        ("DELETE", [Some("uploads"), Some(upload), None, _]) if is_upload(upload) => Operation::Abort { upload },
        ("POST", [Some("uploads"), Some(upload), Some("commit"), None]) if is_upload(upload) => {
            Operation::Commit { upload }
        }
        _ => return Err(Refusal::not_found()),
    };
    // Sessions are stored as they come; what a few bytes could blow up to is nobody's guess.
    let encoding = request.content_encoding.unwrap_or_default().trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Refusal::new(
            415,
            ErrorCode::InvalidMessage,
            "Uploads are taken without a Content-Encoding.",
        ));
    }
    let key = request.authorization.and_then(key).ok_or_else(Refusal::not_found)?;
    Ok((id, operation, key))
}

/// Ids of uploads are random UUIDs.
fn is_upload(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn offset(query: &str) -> Result<u64, Refusal> {
    query
        .strip_prefix("?offset=")
        .filter(|digits| digits.len() < 16 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| {
            Refusal::new(
                400,
                ErrorCode::InvalidMessage,
                "A part of an upload says where it belongs by ?offset=BYTES.",
            )
        })
}

/// The key in an `Authorization`: 32 bytes as base64url.
fn key(authorization: &str) -> Option<&str> {
    let (scheme, key) = authorization.split_once(' ')?;
    let digits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (scheme.eq_ignore_ascii_case("bearer") && key.len() == 43 && key.bytes().all(digits)).then_some(key)
}

fn common_headers<'a>() -> Headers<'a> {
    let mut headers = Headers::with_capacity(12);
    add(
        &mut headers,
        &[("cache-control", "no-store"), ("vary", "Origin"), QUIET, NO_DOCUMENT],
    );
    add(&mut headers, &ALWAYS);
    headers
}

/// Who an address is, for the quotas of addresses: of IPv6, what one customer has at least, or one attacker could be
/// 2⁶⁴.
pub fn address_group(address: &str) -> String {
    match address.trim().parse() {
        Ok(std::net::IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(address) => address.to_canonical().to_string(),
        Err(_) => "local".to_owned(),
    }
}
