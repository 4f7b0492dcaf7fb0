//! What the edge Worker answers: the origin's own assets, the boot page for a session's documents, edge sessions, real
//! errors for the rest.
//!
//! The service worker answers what a session's documents ask for; the edge is asked only where no worker controls the
//! client: at first sight, after a forced reload, after an eviction; and for the sessions that it serves by itself, to
//! frames of an opaque origin, which no worker ever controls. Decisions only, the Worker fetches and stores.

pub mod access;
pub mod api;
pub mod upload;

use crate::config::{Config, Layout};
use crate::http::headers::{ALWAYS, EMBEDDABLE, Headers, NO_DOCUMENT, QUIET, add};
use crate::http::{Destination, Request};
use crate::plan::{self, Plan};
use crate::protocol::PROTOCOL_VERSION;
use crate::route::{self, Route};
use serde::Serialize;

/// The text in `hub.html`, the boot page and `sw.js` that the configuration replaces.
pub const CONFIG_PLACEHOLDER: &str = "__VF_CONFIG__";

/// The text in `hub.html` and the boot page that the nonce of the answer's policy replaces.
pub const NONCE_PLACEHOLDER: &str = "__VF_NONCE__";

/// Fills the marks of an asset. The configuration takes the place of a whole string literal, so that an asset is valid as it
/// lies.
pub fn fill(text: &str, config_json: &str, nonce: &str) -> String {
    let literal = ["\"", CONFIG_PLACEHOLDER, "\""].concat();
    text.replace(&literal, config_json).replace(NONCE_PLACEHOLDER, nonce)
}

/// The asset behind [`EdgePlan::Boot`].
pub const BOOT_PAGE: &str = "/_vf/boot.html";

/// A request to the edge. Absent headers are `None`.
#[derive(Clone, Copy, Debug)]
pub struct EdgeRequest<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The host name of the URL, without a port.
    pub hostname: &'a str,
    /// The path of the URL: percent-encoded, beginning with `/`.
    pub path: &'a str,
    /// The query of the URL: empty, or beginning with `?`.
    pub query: &'a str,
    /// The origin of the URL, in the form a browser writes it.
    pub own_origin: &'a str,
    /// `Origin`
    pub origin: Option<&'a str>,
    /// `Referer`
    pub referer: Option<&'a str>,
    /// `Sec-Fetch-Dest`
    pub fetch_dest: Option<&'a str>,
    /// `Sec-Fetch-Mode`
    pub fetch_mode: Option<&'a str>,
    /// Whether `Service-Worker` says that the answer is to be a service worker's script.
    pub service_worker: bool,
    /// `Accept`
    pub accept: Option<&'a str>,
    /// `Range`
    pub range: Option<&'a str>,
    /// `If-Range`
    pub if_range: Option<&'a str>,
    /// `If-None-Match`
    pub if_none_match: Option<&'a str>,
    /// `If-Modified-Since`
    pub if_modified_since: Option<&'a str>,
    /// `Authorization`
    pub authorization: Option<&'a str>,
    /// `Content-Encoding`
    pub content_encoding: Option<&'a str>,
    /// Letters and digits that nobody can guess, new for every answer.
    pub nonce: &'a str,
}

impl<'a> EdgeRequest<'a> {
    /// A plain GET by nobody in particular, to be refined field by field.
    pub const fn get(hostname: &'a str, path: &'a str) -> Self {
        Self {
            method: "GET",
            hostname,
            path,
            query: "",
            own_origin: "",
            origin: None,
            referer: None,
            fetch_dest: None,
            fetch_mode: None,
            service_worker: false,
            accept: None,
            range: None,
            if_range: None,
            if_none_match: None,
            if_modified_since: None,
            authorization: None,
            content_encoding: None,
            nonce: "",
        }
    }
}

/// What the edge answers. The headers stand in for all those that the asset has by itself.
#[derive(Clone, Debug)]
pub enum EdgePlan<'a> {
    /// One of the origin's assets; where there is none of that path, [`not_found`].
    Asset {
        /// Its path.
        path: &'a str,
        /// The headers.
        headers: Headers<'static>,
    },
    /// The boot page.
    Boot {
        /// The headers.
        headers: Headers<'static>,
    },
    /// A sign of life, in JSON: that there is an edge, and whether the origin that asks may embed.
    Hello {
        /// The headers.
        headers: Headers<'static>,
    },
    /// A file of an edge session: [`access::Read::answer`] says what to send, once the session's index is there.
    Session(access::Read<'a>),
    /// A request that the write API does not take.
    Refusal {
        /// What is wrong.
        refusal: api::Refusal,
        /// The headers.
        headers: Headers<'a>,
    },
    /// A request of the write API, to be carried out.
    Write(api::Write<'a>),
    /// A page of our own.
    Page {
        /// The status.
        status: u16,
        /// The headers.
        headers: Headers<'a>,
        /// The HTML; empty for HEAD, and for answers without content.
        body: String,
    },
}

/// Answers a request.
pub fn edge<'a>(config: &Config, request: &EdgeRequest<'a>) -> EdgePlan<'a> {
    if request.hostname == config.host() {
        if let Some(rest) = api::below(request.path) {
            return api::plan(config, request, rest);
        }
        if let Some((id, path)) = access::session(request.path) {
            return access::plan(config, request, id, path);
        }
    }
    if let Layout::Origin(id) = config.layout(request.hostname)
        && id.is_edge()
    {
        // On the session's own name every path is the session's, with its id in front or without.
        let path = route::own_path(request.path, &id);
        return access::plan(config, request, id, path);
    }
    if !matches!(request.method, "GET" | "HEAD") {
        // The plan of no session, for its 405.
        return page(plan::plan(config, &as_request(request), "", None));
    }
    if request.path == "/_vf/hello" {
        return EdgePlan::Hello {
            headers: hello_headers(),
        };
    }
    if route::is_reserved(request.path) {
        return match asset_headers(config, request) {
            Some(headers) => EdgePlan::Asset {
                path: request.path,
                headers,
            },
            None => not_found(config, request),
        };
    }
    let is_session = match config.layout(request.hostname) {
        // On a session's own host any path may be a document of it, as routers make them.
        Layout::Origin(_) => true,
        Layout::Shared => !matches!(
            route::route(config, &as_request(request)),
            Route::NotFound | Route::Network
        ),
    };
    if is_session && is_navigation(request) {
        EdgePlan::Boot {
            headers: boot_headers(config, request.nonce),
        }
    } else {
        not_found(config, request)
    }
}

/// The answer where there is nothing, or where only a service worker could answer.
pub fn not_found(config: &Config, request: &EdgeRequest<'_>) -> EdgePlan<'static> {
    page(plan::not_found(config, &as_request(request)))
}

/// The answer where the edge failed.
pub fn internal_error(config: &Config, request: &EdgeRequest<'_>) -> EdgePlan<'static> {
    page(plan::internal_error(config, &as_request(request)))
}

/// The body of [`EdgePlan::Hello`]: which protocol the hub speaks, whether the origin that asks may embed, and whether
/// edge sessions can be had.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Hello {
    /// The version of [`crate::protocol`].
    pub version: u32,
    /// Whether the origin that asks is an allowed host.
    pub allowed: bool,
    /// Whether there are edge sessions.
    pub sessions: bool,
}

/// Says hello.
pub fn hello(config: &Config, request: &EdgeRequest<'_>) -> Hello {
    Hello {
        version: PROTOCOL_VERSION,
        allowed: request
            .origin
            .is_some_and(|origin| config.accepts(origin, request.own_origin)),
        sessions: true,
    }
}

fn page(plan: Plan<'static>) -> EdgePlan<'static> {
    match plan {
        Plan::Page { status, headers, body } => EdgePlan::Page { status, headers, body },
        Plan::Serve { status, headers, .. } | Plan::Empty { status, headers } => EdgePlan::Page {
            status,
            headers,
            body: String::new(),
        },
    }
}

fn as_request<'a>(request: &EdgeRequest<'a>) -> Request<'a> {
    Request {
        method: request.method,
        navigate: true,
        ..Request::get(request.hostname, request.path)
    }
}

/// Browsers say so by Fetch Metadata; those that are old, or ask without encryption, by what they accept.
fn is_navigation(request: &EdgeRequest<'_>) -> bool {
    match (request.fetch_mode, request.fetch_dest) {
        (Some(mode), _) => mode == "navigate",
        (None, Some(name)) => matches!(Destination::parse(name), Destination::Document | Destination::Frame),
        (None, None) => request.accept.is_some_and(|accept| accept.contains("text/html")),
    }
}

/// Headers by the name of an asset; `None` for names that no asset has, the boot page's own among them: opened under its
/// own name it would find no session to boot.
fn asset_headers(config: &Config, request: &EdgeRequest<'_>) -> Option<Headers<'static>> {
    let path = request.path;
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_');
    if path == BOOT_PAGE || stem.is_empty() || path.contains("..") || path.contains("//") || !path.bytes().all(plain) {
        return None;
    }
    if extension == "html" {
        return Some(document_headers(
            request.nonce,
            config.allowed_hosts().iter().map(|pattern| pattern.as_str()),
        ));
    }
    let mut headers = common_headers(content_type(extension));
    // A name that holds a hash of the content never means anything else.
    let hashed = stem
        .rsplit_once('-')
        .is_some_and(|(_, hash)| hash.len() >= 8 && hash.bytes().all(|b| b.is_ascii_alphanumeric()));
    let cache = if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.push(("cache-control", cache.into()));
    headers.push(("cross-origin-resource-policy", "same-origin".into()));
    if path == "/sw.js" {
        headers.push(("service-worker-allowed", "/".into()));
        headers.push((
            "content-security-policy",
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'"
                .into(),
        ));
    } else {
        add(&mut headers, &[NO_DOCUMENT]);
    }
    Some(headers)
}

/// The boot page stands where a session's document will: whoever may embed that may embed it, from any of our own names.
fn boot_headers(config: &Config, nonce: &str) -> Headers<'static> {
    let host = config.host();
    let own = [["'self' ", host, ":*"].concat(), ["*.", host, ":*"].concat()];
    let allowed = config.allowed_hosts().iter().map(|pattern| pattern.as_str());
    document_headers(nonce, own.iter().map(String::as_str).chain(allowed))
}

/// The headers of a document that holds one script of ours and shows itself to its ancestors only.
fn document_headers<'a>(nonce: &str, ancestors: impl Iterator<Item = &'a str>) -> Headers<'static> {
    let mut policy = String::from("default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-");
    // Whatever the shell hands in, it cannot end the source.
    policy.extend(
        nonce
            .chars()
            .filter(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '/' | '-' | '_' | '=')),
    );
    policy.push_str(
        "'; style-src 'unsafe-inline'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors",
    );
    let length = policy.len();
    for source in ancestors {
        policy.push(' ');
        policy.push_str(source);
    }
    if policy.len() == length {
        policy.push_str(" 'none'");
    }
    let mut headers = common_headers("text/html; charset=utf-8");
    headers.push(("content-security-policy", policy.into()));
    // The nonce is of this answer only.
    headers.push(("cache-control", "no-store".into()));
    add(&mut headers, &EMBEDDABLE);
    headers
}

/// Anyone may read it: a host that is not allowed has to be able to find that out.
fn hello_headers() -> Headers<'static> {
    let mut headers = common_headers("application/json");
    headers.push(("cache-control", "no-store".into()));
    headers.push(("vary", "Origin".into()));
    headers.push(("access-control-allow-origin", "*".into()));
    add(&mut headers, &[NO_DOCUMENT]);
    headers
}

fn common_headers(content_type: &'static str) -> Headers<'static> {
    let mut headers: Headers<'static> = Vec::with_capacity(10);
    add(&mut headers, &[("content-type", content_type), QUIET]);
    add(&mut headers, &ALWAYS);
    headers
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        _ => crate::media_type::UNKNOWN,
    }
}
