//! Who may read an edge session, decided before anything is looked up, and how its answers are dressed.
//!
//! Edge sessions are for documents of an opaque origin. Their id is the right to read; these rules keep what is read from
//! becoming more than that: a page with the VFS origin's name in the address bar, a frame in a site that may not embed,
//! a script or a service worker of the VFS origin.
//!
//! What it keeps true: a refusal says nothing about whether the session exists; every answer makes its document's origin
//! opaque by itself. On the bare name a root-absolute URL (`/main.js`) is nobody's, as requests of an opaque client carry no
//! path of the document that asks; where sessions have names of their own, it is the session's that is named.

use super::{EdgePlan, EdgeRequest, is_navigation};
use crate::config::Config;
use crate::http::headers::{Headers, OPAQUE_SANDBOX, add, location, opaque_policy_header};
use crate::http::{Destination, Request};
use crate::index::Index;
use crate::options::Network;
use crate::plan::{self, Plan};
use crate::session::SessionId;

/// A request to read a session, which may be answered.
#[derive(Clone, Debug)]
pub struct Read<'a> {
    /// The session.
    pub id: SessionId,
    /// The path in the session as it stands in the URL: percent-encoded, without a leading slash, possibly empty.
    pub path: &'a str,
}

/// The edge session that a path names, and what follows its id: nothing, or something that begins with a slash.
pub fn session(path: &str) -> Option<(SessionId, &str)> {
    let path = path.strip_prefix('/')?;
    let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let id = SessionId::parse(first).ok().filter(SessionId::is_edge)?;
    Some((id, rest))
}

/// Answers a request below an edge session's id.
pub fn plan<'a>(config: &Config, request: &EdgeRequest<'a>, id: SessionId, rest: &'a str) -> EdgePlan<'a> {
    if request.method == "OPTIONS" && request.origin == Some("null") {
        return EdgePlan::Page {
            status: 204,
            headers: preflight_headers(),
            body: String::new(),
        };
    }
    let asked = as_request(request);
    let refusal = if !matches!(request.method, "GET" | "HEAD") {
        // The plan of no session, for its 405.
        Some(plan::plan(config, &asked, "", None))
    } else if !allowed(config, request) {
        Some(plan::denied(config, &asked))
    } else if rest.is_empty() {
        // `/{id}` is a directory as any other.
        let root = location(&["/", id.as_str(), "/", request.query]);
        Some(plan::redirect(config, 308, root))
    } else {
        None
    };
    match (refusal, rest.strip_prefix('/')) {
        (None, Some(path)) => EdgePlan::Session(Read { id, path }),
        (refusal, _) => {
            let plan = refusal.unwrap_or_else(|| plan::not_found(config, &asked));
            super::page(dress(request, &id, plan, &Network::None))
        }
    }
}

/// Whether a request may be answered at all.
fn allowed(config: &Config, request: &EdgeRequest<'_>) -> bool {
    // Firefox names a style sheet's own origin where that imports another one.
    let by_style_sheet = |origin| origin == request.own_origin && matches!(request.fetch_dest, Some("style"));
    if request
        .origin
        .is_some_and(|origin| origin != "null" && !by_style_sheet(origin))
    {
        return false;
    }
    let navigates = is_navigation(request);
    match request.fetch_dest {
        // Only a document of the VFS origin itself could start a worker from here, and would give the session's code
        // an origin by it.
        Some("worker" | "sharedworker" | "serviceworker") => false,
        _ if request.service_worker => false,
        Some(name) if Destination::parse(name) == Destination::Frame => embedded_by_a_host(config, request),
        Some(name) => Destination::parse(name) != Destination::Document && !navigates,
        // There is no telling a frame from a tab: the frame loses, but for one whose embedder says so where no browser could
        // say more.
        None => {
            let host = || request.referer.is_some() && embedded_by_a_host(config, request);
            !navigates || !is_told_more(request) && host()
        }
    }
}

/// Whether browsers send Fetch Metadata: to potentially trustworthy URLs, so not without encryption to anything but this
/// machine.
fn is_told_more(request: &EdgeRequest<'_>) -> bool {
    let local = request.hostname == "localhost" || request.hostname.ends_with(".localhost");
    local || !request.own_origin.starts_with("http:")
}

/// Whether a frame's navigation began in a document of an allowed host, or in one of the session's own: frames in frames.
///
/// Chromium sends no `Referer` for a frame in an opaque frame, so its absence says nothing. What a stranger gets who hides
/// theirs is what they could have had by the id anyway: the files, and no origin to run them in.
fn embedded_by_a_host(config: &Config, request: &EdgeRequest<'_>) -> bool {
    let Some(referer) = request.referer else { return true };
    let origin = origin_of(referer).unwrap_or_default();
    origin == request.own_origin || config.accepts(origin, request.own_origin)
}

/// The origin of an absolute URL.
fn origin_of(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |end| host + end);
    Some(&url[..end])
}

impl Read<'_> {
    /// The answer by the session's index; `None` where there is no such session.
    pub fn answer<'i>(&self, config: &Config, request: &EdgeRequest<'_>, index: Option<&'i Index>) -> Plan<'i> {
        let plan = plan::plan(config, &as_request(request), self.path, index);
        let network = index.map_or(&Network::None, |index| &index.options().network);
        dress(request, &self.id, plan, network)
    }

    /// The answer where the edge failed.
    pub fn internal_error(&self, config: &Config, request: &EdgeRequest<'_>) -> Plan<'static> {
        let plan = plan::internal_error(config, &as_request(request));
        dress(request, &self.id, plan, &Network::None)
    }
}

fn as_request<'a>(request: &EdgeRequest<'a>) -> Request<'a> {
    Request {
        method: request.method,
        query: request.query,
        // Never a document of its own: those are refused, whatever the session's options say.
        destination: match request.fetch_dest.map(Destination::parse) {
            Some(Destination::Frame) => Destination::Frame,
            _ => Destination::Other,
        },
        navigate: is_navigation(request),
        range: request.range,
        if_range: request.if_range,
        if_none_match: request.if_none_match,
        if_modified_since: request.if_modified_since,
        ..Request::get(request.hostname, request.path)
    }
}

/// Gives an answer the headers of an edge session.
fn dress<'i>(request: &EdgeRequest<'_>, id: &SessionId, mut plan: Plan<'i>, network: &Network) -> Plan<'i> {
    let root = ["/", id.as_str(), "/"].concat();
    let (own, policy) = match &mut plan {
        Plan::Page { body, .. } => {
            // The pages' link to the start page.
            *body = body.replace("href=\"/\"", &["href=\"", &root, "\""].concat());
            (true, own_policy())
        }
        Plan::Empty { .. } | Plan::Serve { .. } => {
            // On its own name the session has all of the origin.
            let own = request
                .hostname
                .strip_prefix(id.as_str())
                .is_some_and(|rest| rest.starts_with('.'));
            let base = [request.own_origin, if own { "/" } else { &root }].concat();
            (false, opaque_policy_header(&base, network))
        }
    };
    let headers = plan.headers_mut();
    headers.retain(|(name, value)| match *name {
        "content-security-policy" | "referrer-policy" | "cross-origin-resource-policy" | "vary" => false,
        // A redirect has it of a page of ours; what is worth keeping may be kept by the reader alone.
        "cache-control" => own || value == "no-store",
        // Its length has just changed.
        "content-length" => !own,
        _ => true,
    });
    if !headers.iter().any(|(name, _)| *name == "cache-control") {
        add(headers, &[("cache-control", "private, no-cache")]);
    }
    headers.push(("content-security-policy", policy.into()));
    add(
        headers,
        &[
            ("cross-origin-resource-policy", "cross-origin"),
            // A frame in a frame has to be able to say where it comes from.
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("vary", "Origin"),
        ],
    );
    if request.origin == Some("null") {
        add(headers, &READABLE);
    }
    plan
}

/// What lets a document of an opaque origin read the answer by script.
const READABLE: [(&str, &str); 2] = [
    ("access-control-allow-origin", "null"),
    ("access-control-expose-headers", "*"),
];

fn own_policy() -> String {
    [
        OPAQUE_SANDBOX,
        "; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ]
    .concat()
}

fn preflight_headers() -> Headers<'static> {
    let mut headers = Headers::new();
    add(
        &mut headers,
        &[
            ("access-control-allow-origin", "null"),
            ("access-control-allow-methods", "GET, HEAD"),
            // The wildcard leaves out this one.
            ("access-control-allow-headers", "*, authorization"),
            ("access-control-max-age", "600"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("content-security-policy", OPAQUE_SANDBOX),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("cache-control", "private, no-cache"),
            ("vary", "Origin"),
        ],
    );
    add(&mut headers, &crate::http::headers::ALWAYS);
    headers
}
