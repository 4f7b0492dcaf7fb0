//! A request's own copy, where the one who asks is not there while the answer is made; and what a worker tells of one.

use super::{Destination, Request};

/// A request's own copy. Its fields are those of [`Request`].
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method, in capitals.
    pub method: String,
    /// The path of the URL: percent-encoded, beginning with `/`.
    pub path: String,
    /// The query of the URL: empty, or beginning with `?`.
    pub query: String,
    /// What the answer is for.
    pub destination: Destination,
    /// Whether the request is a navigation.
    pub navigate: bool,
    /// The path of the document that the request came from, as the Referer says, if it is of this origin.
    pub referrer: Option<String>,
    /// `Range`
    pub range: Option<String>,
    /// `If-Range`
    pub if_range: Option<String>,
    /// `If-None-Match`
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`
    pub if_modified_since: Option<String>,
}

impl Asked {
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
            referrer: referrer.and_then(|url| client_path(url, origin)),
            range: header(),
            if_range: header(),
            if_none_match: header(),
            if_modified_since: header(),
        };
        (asked, client)
    }

    /// Whether the answer becomes a document or a worker.
    pub fn makes_client(&self) -> bool {
        self.navigate || self.destination == Destination::Worker
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
            preload: true,
            client_path,
            range: self.range.as_deref(),
            if_range: self.if_range.as_deref(),
            if_none_match: self.if_none_match.as_deref(),
            if_modified_since: self.if_modified_since.as_deref(),
        }
    }
}

/// What follows the origin in a URL of that origin.
pub fn local<'a>(url: &'a str, origin: &str) -> Option<&'a str> {
    url.strip_prefix(origin).filter(|rest| rest.starts_with('/'))
}

/// Path and query of a URL's local part; the fragment is nobody's business.
pub fn split(local: &str) -> (&str, &str) {
    let local = local.split_once('#').map_or(local, |(local, _)| local);
    let path = local.split('?').next().unwrap_or_default();
    (path, local.get(path.len()..).unwrap_or_default())
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
        assert_eq!((asked.referrer.as_deref(), client), (Some("/id/"), None));
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
        assert_eq!((asked.navigate, asked.referrer.as_deref()), (false, None));
        assert_eq!(client, Some("blob:https://vfs.example/1"));
        assert_eq!(client_path("blob:https://vfs.example/1", ORIGIN), None);
        assert_eq!(Asked::told("", ORIGIN).0.path, "/");
    }
}
