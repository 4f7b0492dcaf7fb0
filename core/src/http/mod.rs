//! One HTTP request, as the worker and the edge describe it, and the parts of HTTP's grammar that answers depend on.
//!
//! Nothing here does I/O or knows the browser; [`crate::route`] finds the session of a request, [`crate::plan`] its answer.

pub mod asked;
pub mod date;
pub mod headers;
pub mod range;
pub mod validators;

pub use headers::Headers;

/// A request, in the words of the Fetch standard. Absent headers are `None`.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The host name of the URL, without a port.
    pub hostname: &'a str,
    /// The path of the URL: percent-encoded, beginning with `/`.
    pub path: &'a str,
    /// The query of the URL: empty, or beginning with `?`.
    pub query: &'a str,
    /// What the answer is for.
    pub destination: Destination,
    /// Whether the request is a navigation.
    pub navigate: bool,
    /// Whether the answer may be a redirect to the slash of a directory: what is behind the slash is answered in its place
    /// otherwise. Documents and workers need the redirect, since their URL is what relative ones are resolved against.
    pub may_redirect: bool,
    /// Whether documents of this origin hear of changes of a session: pages of our own load again then.
    pub live: bool,
    /// Whether a document's modules may be fetched in advance.
    pub preload: bool,
    /// The path of the URL of the document or worker that asks, if it is of this origin; of the referrer where the client
    /// has no URL of its own or a navigation has no client.
    pub client_path: Option<&'a str>,
    /// `Range`
    pub range: Option<&'a str>,
    /// `If-Range`
    pub if_range: Option<&'a str>,
    /// `If-None-Match`
    pub if_none_match: Option<&'a str>,
    /// `If-Modified-Since`
    pub if_modified_since: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A plain GET by nobody in particular, to be refined field by field.
    pub const fn get(hostname: &'a str, path: &'a str) -> Self {
        Self {
            method: "GET",
            hostname,
            path,
            query: "",
            destination: Destination::Other,
            navigate: false,
            may_redirect: true,
            live: false,
            preload: false,
            client_path: None,
            range: None,
            if_range: None,
            if_none_match: None,
            if_modified_since: None,
        }
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

/// What an answer is for: the Fetch standard's destinations, as far as answers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// A tab's own document: a top-level navigation.
    Document,
    /// A document in a frame of any kind.
    Frame,
    /// The script that a worker starts from.
    Worker,
    /// Every subresource.
    #[default]
    Other,
}

impl Destination {
    /// Reads the Fetch standard's name, as in `request.destination` and `Sec-Fetch-Dest`.
    pub fn parse(name: &str) -> Self {
        match name {
            "document" => Self::Document,
            "iframe" | "frame" | "object" | "embed" | "fencedframe" => Self::Frame,
            "worker" | "sharedworker" => Self::Worker,
            _ => Self::Other,
        }
    }
}
