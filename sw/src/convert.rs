//! Between the browser's types and the core's; no other file of this crate looks inside a request or makes a response.

use js_sys::Array;
use virtual_files_core::config::{Config, SESSION_TTL_SECONDS};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::http::{Destination, Headers, Request};
use virtual_files_store::BlobBody;
use virtual_files_web::envelope::get;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{RequestMode, Response, ResponseInit};

/// The configuration that the edge has written into the shell.
pub(crate) fn config(value: &JsValue) -> Result<Config> {
    let invalid = || Error::new(ErrorCode::InvalidMessage, "The worker has no configuration.");
    let host = get(value, "host").as_string().ok_or_else(invalid)?;
    let allowed = get(value, "allowedHosts").dyn_into::<Array>().map_err(|_| invalid())?;
    let allowed: Vec<String> = allowed.iter().filter_map(|pattern| pattern.as_string()).collect();
    let config = Config::new(&host, allowed.iter().map(String::as_str))?;
    let ttl = get(value, "sessionTtlSeconds").as_f64();
    Ok(config.with_session_ttl(ttl.map_or(SESSION_TTL_SECONDS, |ttl| ttl as u64)))
}

/// A request's own copy of what the core needs of it.
#[derive(Debug)]
pub(crate) struct Asked {
    method: String,
    path: String,
    query: String,
    destination: Destination,
    navigate: bool,
    referrer: Option<String>,
    range: Option<String>,
    if_range: Option<String>,
    if_none_match: Option<String>,
    if_modified_since: Option<String>,
}

impl Asked {
    /// Reads a request to `origin`; the shell has checked that its URL is of that origin.
    pub(crate) fn new(request: &web_sys::Request, origin: &str) -> Self {
        let url = request.url();
        let (path, query) = split(local(&url, origin).unwrap_or("/"));
        let headers = request.headers();
        // Reading a well-formed name cannot throw.
        let header = |name| headers.get(name).ok().flatten();
        Self {
            method: request.method(),
            path: path.into(),
            query: query.into(),
            destination: Destination::parse(get(request, "destination").as_string().as_deref().unwrap_or_default()),
            navigate: request.mode() == RequestMode::Navigate,
            referrer: local(&request.referrer(), origin).map(|path| split(path).0.into()),
            range: header("range"),
            if_range: header("if-range"),
            if_none_match: header("if-none-match"),
            if_modified_since: header("if-modified-since"),
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn navigate(&self) -> bool {
        self.navigate
    }

    /// Whether the answer becomes a document or a worker.
    pub(crate) fn makes_client(&self) -> bool {
        self.navigate || self.destination == Destination::Worker
    }

    /// The path of the document that the request came from, as the Referer says.
    pub(crate) fn referrer(&self) -> Option<&str> {
        self.referrer.as_deref()
    }

    /// As the core wants it.
    pub(crate) fn request<'a>(&'a self, hostname: &'a str, client_path: Option<&'a str>) -> Request<'a> {
        Request {
            method: &self.method,
            hostname,
            path: &self.path,
            query: &self.query,
            destination: self.destination,
            navigate: self.navigate,
            may_redirect: true,
            live: true,
            client_path,
            range: self.range.as_deref(),
            if_range: self.if_range.as_deref(),
            if_none_match: self.if_none_match.as_deref(),
            if_modified_since: self.if_modified_since.as_deref(),
        }
    }
}

/// Whether the engine is WebKit, as far as a worker is told: Chromium names itself beside it.
pub(crate) fn is_webkit(scope: &JsValue) -> bool {
    let agent = get(&get(scope, "navigator"), "userAgent")
        .as_string()
        .unwrap_or_default();
    agent.contains("AppleWebKit/") && !agent.contains("Chrome/")
}

/// What follows the origin in a URL of that origin.
fn local<'a>(url: &'a str, origin: &str) -> Option<&'a str> {
    url.strip_prefix(origin).filter(|rest| rest.starts_with('/'))
}

/// Path and query of a URL's local part; the fragment is nobody's business.
fn split(local: &str) -> (&str, &str) {
    let local = local.split_once('#').map_or(local, |(local, _)| local);
    local.find('?').map_or((local, ""), |at| local.split_at(at))
}

/// The path of a client's URL, if it is of this origin.
pub(crate) fn client_path(url: &str, origin: &str) -> Option<String> {
    local(url, origin).map(|path| split(path).0.into())
}

/// What a response carries.
pub(crate) enum Payload<'a> {
    Nothing,
    Text(&'a str),
    Blob(&'a BlobBody),
}

/// Makes a response of the core's numbers and headers.
pub(crate) fn response(
    status: u16,
    headers: &Headers<'_>,
    payload: &Payload<'_>,
) -> std::result::Result<Response, JsValue> {
    let map = web_sys::Headers::new()?;
    for (name, value) in headers {
        map.append(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&map);
    match payload {
        Payload::Nothing => Response::new_with_opt_str_and_init(None, &init),
        Payload::Text(text) => Response::new_with_opt_str_and_init(Some(text), &init),
        Payload::Blob(body) => Response::new_with_opt_blob_and_init(Some(body.blob()), &init),
    }
}
