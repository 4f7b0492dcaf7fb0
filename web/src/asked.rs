//! Reading a request: what the core needs of it, of a `Request` or of a message about one.

use crate::envelope;
use virtual_files_core::http::{Destination, Request};
use web_sys::RequestMode;

/// A request's own copy of what the core needs of it.
#[derive(Debug)]
pub struct Asked {
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
    /// Reads a request to `origin`; who calls has checked that its URL is of that origin.
    pub fn new(request: &web_sys::Request, origin: &str) -> Self {
        let url = request.url();
        let (path, query) = split(local(&url, origin).unwrap_or("/"));
        let headers = request.headers();
        // Reading a well-formed name cannot throw.
        let header = |name| headers.get(name).ok().flatten();
        let destination = envelope::get(request, "destination").as_string();
        Self {
            method: request.method(),
            path: path.into(),
            query: query.into(),
            destination: Destination::parse(destination.as_deref().unwrap_or_default()),
            navigate: request.mode() == RequestMode::Navigate,
            referrer: local(&request.referrer(), origin).map(|path| split(path).0.into()),
            range: header("range"),
            if_range: header("if-range"),
            if_none_match: header("if-none-match"),
            if_modified_since: header("if-modified-since"),
        }
    }

    /// Reads what a worker tells of a GET, and the URL of the page that asks, if it is known. A line each: the request's URL,
    /// its mode, destination and referrer; the page's URL; the headers `Range`, `If-Range`, `If-None-Match` and
    /// `If-Modified-Since`, each after a `=`. None of these can have line breaks of its own, and what is not there is an empty
    /// line.
    pub fn told<'a>(text: &'a str, origin: &str) -> (Self, Option<&'a str>) {
        let mut lines = text.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let (path, query) = split(line().and_then(|url| local(url, origin)).unwrap_or("/"));
        let (mode, destination, referrer, client) = (line(), line(), line(), line());
        let mut header = || line()?.strip_prefix('=').map(str::to_owned);
        let asked = Self {
            method: "GET".into(),
            path: path.into(),
            query: query.into(),
            destination: Destination::parse(destination.unwrap_or_default()),
            navigate: mode == Some("navigate"),
            referrer: referrer
                .and_then(|url| local(url, origin))
                .map(|path| split(path).0.into()),
            range: header(),
            if_range: header(),
            if_none_match: header(),
            if_modified_since: header(),
        };
        (asked, client)
    }

    /// The path of its URL, percent-encoded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is a navigation.
    pub fn navigate(&self) -> bool {
        self.navigate
    }

    /// Whether the answer becomes a document or a worker.
    pub fn makes_client(&self) -> bool {
        self.navigate || self.destination == Destination::Worker
    }

    /// The path of the document that the request came from, as the Referer says.
    pub fn referrer(&self) -> Option<&str> {
        self.referrer.as_deref()
    }

    /// As the core wants it.
    pub fn request<'a>(&'a self, hostname: &'a str, client_path: Option<&'a str>) -> Request<'a> {
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
pub fn client_path(url: &str, origin: &str) -> Option<String> {
    local(url, origin).map(|path| split(path).0.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://vfs.example";

    #[test]
    fn what_is_told_of_a_request() {
        let text =
            "https://vfs.example/id/a.js?x=1#f\nnavigate\niframe\nhttps://vfs.example/id/?q\n\n=bytes=0-1\n=\n=\"a\"\n";
        let (asked, client) = Asked::told(text, ORIGIN);
        let request = asked.request("vfs.example", None);
        assert_eq!(
            (request.method, request.path, request.query),
            ("GET", "/id/a.js", "?x=1")
        );
        assert_eq!(
            (request.navigate, request.destination),
            (true, Destination::parse("iframe"))
        );
        assert_eq!((asked.referrer(), client), (Some("/id/"), None));
        let headers = [
            request.range,
            request.if_range,
            request.if_none_match,
            request.if_modified_since,
        ];
        assert_eq!(headers, [Some("bytes=0-1"), Some(""), Some("\"a\""), None]);
    }

    #[test]
    fn what_is_told_of_a_client_and_of_other_origins() {
        let text = "https://vfs.example/id/a\ncors\n\nhttps://other.example/x\nblob:https://vfs.example/1";
        let (asked, client) = Asked::told(text, ORIGIN);
        assert_eq!((asked.navigate(), asked.referrer()), (false, None));
        assert_eq!(client, Some("blob:https://vfs.example/1"));
        assert_eq!(client_path("blob:https://vfs.example/1", ORIGIN), None);
        assert_eq!(Asked::told("", ORIGIN).0.path(), "/");
    }
}
