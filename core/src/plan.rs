//! The answer to a request of a session, as data: which file, which part of it, which headers; or which page.
//!
//! What it keeps true: a plan names no file but the one that the path means, its `index.html`, or the bundle's own fallback
//! files; lengths in the headers are those of the part that is served; nothing here fails or panics.

use std::borrow::Cow;

use crate::config::Config;
use crate::error::ErrorCode;
use crate::http::headers::{self, Headers};
use crate::http::range::{self, Requested};
use crate::http::{Destination, Request, date, validators};
use crate::index::{FileEntry, Index};
use crate::modules;
use crate::pages;
use crate::path::FilePath;

/// What to answer.
#[derive(Clone, Debug)]
pub enum Plan<'i> {
    /// A file of the session, or a part of it.
    Serve {
        /// Its path.
        path: &'i str,
        /// Where its bytes are.
        entry: &'i FileEntry,
        /// 200, 206, or 404 for the bundle's own `404.html`.
        status: u16,
        /// From the first byte to before the second number; `None` is the whole file.
        range: Option<(u64, u64)>,
        /// Whether the bytes are sent: not so for HEAD.
        with_body: bool,
        /// The headers, `content-length` among them.
        headers: Headers<'i>,
    },
    /// An answer without content: 304, 307 or 308.
    Empty {
        /// The status.
        status: u16,
        /// The headers.
        headers: Headers<'i>,
    },
    /// A page of our own.
    Page {
        /// The status.
        status: u16,
        /// The headers.
        headers: Headers<'i>,
        /// The HTML; empty for HEAD.
        body: String,
    },
}

/// Answers a request to a session. The path is the route's; the index is `None` where there is no such session.
pub fn plan<'i>(config: &Config, request: &Request<'_>, path: &str, index: Option<&'i Index>) -> Plan<'i> {
    if !matches!(request.method, "GET" | "HEAD") {
        let mut plan = page(config, request, 405, pages::method_not_allowed(request.method));
        plan.push_header("allow", "GET, HEAD".into());
        return plan;
    }
    let Some(index) = index else {
        return live_page(config, request, 404, pages::no_session(request.live));
    };
    let options = index.options();
    if request.destination == Destination::Document && !options.top_level {
        return page(config, request, 403, pages::access_denied());
    }
    let Some(target) = Target::read(path) else {
        return page(config, request, 404, pages::bad_name());
    };
    let answer = Answer {
        config,
        request,
        index,
        path,
    };
    if let Some(file) = index.get_key_value(&target.file()) {
        return answer.file(file);
    }
    let index_file = index.get_key_value(&target.index_file());
    let lists = || options.listing && (target.name.is_empty() || index.under(&target.prefix()).next().is_some());
    if index_file.is_some() || lists() {
        if request.may_redirect && !target.directory {
            return redirect(config, 308, headers::location(&[request.path, "/", request.query]));
        }
        return match index_file {
            Some(file) => answer.file(file),
            None => {
                let listing = pages::listing(&target.name, index.under(&target.prefix()));
                page(config, request, 200, listing)
            }
        };
    }
    let spa = options
        .spa
        .as_ref()
        .filter(|_| request.navigate)
        .and_then(|spa| index.get_key_value(spa.as_str()));
    if let Some(file) = spa {
        return answer.file(file);
    }
    if let Some(file) = index.get_key_value("404.html") {
        return answer.content(file, 404, answer.headers(), None);
    }
    page(config, request, 404, pages::no_file(&target.name))
}

/// Sends a request on, with the location of [`Route::Redirect`](crate::route::Route::Redirect).
pub fn redirect(config: &Config, status: u16, location: String) -> Plan<'static> {
    let mut headers = headers::page(config, 0);
    // A redirect that was stored would outlive the file that it leads to.
    headers.retain(|(name, _)| !name.starts_with("content-type"));
    headers.push(("location", location.into()));
    Plan::Empty { status, headers }
}

/// The answer where the URL belongs to no session.
pub fn not_found(config: &Config, request: &Request<'_>) -> Plan<'static> {
    page(config, request, 404, pages::no_address())
}

/// The answer to who may not see the session, whether there is one or not.
pub fn denied(config: &Config, request: &Request<'_>) -> Plan<'static> {
    page(config, request, 403, pages::access_denied())
}

/// The answer where something that is needed cannot be had at the moment.
pub fn unavailable(config: &Config, request: &Request<'_>, code: ErrorCode) -> Plan<'static> {
    let mut plan = live_page(config, request, 503, pages::unavailable(code, request.live));
    plan.push_header("retry-after", "1".into());
    plan
}

/// The answer where we failed.
pub fn internal_error(config: &Config, request: &Request<'_>) -> Plan<'static> {
    page(config, request, 500, pages::internal_error())
}

/// A page that may have the script of [`pages::AGAIN_SOURCE`], and nothing of a request or a bundle.
fn live_page(config: &Config, request: &Request<'_>, status: u16, body: String) -> Plan<'static> {
    let mut plan = page(config, request, status, body);
    for (name, value) in plan.headers_mut() {
        if request.live && *name == "content-security-policy" {
            *value = [&**value, "; script-src ", pages::AGAIN_SOURCE].concat().into();
        }
    }
    plan
}

fn page(config: &Config, request: &Request<'_>, status: u16, mut body: String) -> Plan<'static> {
    let headers = headers::page(config, body.len());
    if request.is_head() {
        body.clear();
    }
    Plan::Page { status, headers, body }
}

impl<'i> Plan<'i> {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Plan::Serve { status, .. } | Plan::Empty { status, .. } | Plan::Page { status, .. } => *status,
        }
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &Headers<'i> {
        match self {
            Plan::Serve { headers, .. } | Plan::Empty { headers, .. } | Plan::Page { headers, .. } => headers,
        }
    }

    pub(crate) fn headers_mut(&mut self) -> &mut Headers<'i> {
        match self {
            Plan::Serve { headers, .. } | Plan::Empty { headers, .. } | Plan::Page { headers, .. } => headers,
        }
    }

    fn push_header(&mut self, name: &'static str, value: Cow<'i, str>) {
        self.headers_mut().push((name, value));
    }
}

/// What a path in a session means.
struct Target {
    /// The decoded path without a closing slash; empty for the session's root.
    name: String,
    /// Whether it had a closing slash, or is the root.
    directory: bool,
}

impl Target {
    fn read(path: &str) -> Option<Self> {
        if path.is_empty() {
            return Some(Self {
                name: String::new(),
                directory: true,
            });
        }
        let (name, directory) = match path.strip_suffix('/') {
            Some(name) => (name, true),
            None => (path, false),
        };
        let name = FilePath::from_url_path(name).ok()?.as_str().to_owned();
        Some(Self { name, directory })
    }

    /// The path of the file that answers, if it is there.
    fn file(&self) -> Cow<'_, str> {
        if self.directory {
            Cow::Owned(self.index_file())
        } else {
            Cow::Borrowed(&self.name)
        }
    }

    fn index_file(&self) -> String {
        self.prefix() + "index.html"
    }

    /// What all paths below it begin with.
    fn prefix(&self) -> String {
        if self.name.is_empty() {
            String::new()
        } else {
            [&self.name, "/"].concat()
        }
    }
}

/// A file as the index has it.
type File<'i> = (&'i FilePath, &'i FileEntry);

/// Answers with files of a session that is there.
struct Answer<'r, 'i> {
    config: &'r Config,
    request: &'r Request<'r>,
    index: &'i Index,
    /// The path in the session, as it stands in the URL.
    path: &'r str,
}

impl<'i> Answer<'_, 'i> {
    fn headers(&self) -> Headers<'i> {
        headers::session(self.config, self.index.options())
    }

    /// A file that is what was asked for: conditions first, then the range.
    fn file(&self, file: File<'i>) -> Plan<'i> {
        let (_, entry) = file;
        let request = self.request;
        let etag = validators::etag(&entry.etag);
        let modified = validators::seconds(entry.modified);
        let fresh = match (request.if_none_match, request.if_modified_since) {
            (Some(tags), _) => validators::names_etag(tags, &etag),
            (None, Some(since)) => validators::is_unmodified_since(since, modified),
            (None, None) => false,
        };
        // Ranges are defined for GET only.
        let range = request.range.filter(|_| {
            let unchanged = |validator| validators::is_same(validator, &etag, modified);
            request.method == "GET" && request.if_range.is_none_or(unchanged)
        });
        let mut headers = self.headers();
        headers.push(("etag", etag.into()));
        headers.push(("last-modified", date::write(modified).into()));
        if fresh {
            return Plan::Empty { status: 304, headers };
        }
        headers.push(("accept-ranges", "bytes".into()));
        let requested = range.map_or(Requested::Whole, |range| range::resolve(range, entry.length));
        match requested {
            Requested::Whole => self.content(file, 200, headers, None),
            Requested::Part(start, end) => {
                let mut text = String::from("bytes ");
                push_number(&mut text, start);
                text.push('-');
                push_number(&mut text, end.saturating_sub(1));
                text.push('/');
                push_number(&mut text, entry.length);
                headers.push(("content-range", text.into()));
                self.content(file, 206, headers, Some((start, end)))
            }
            Requested::Unsatisfiable => {
                let mut plan = page(self.config, request, 416, pages::range_not_satisfiable(entry.length));
                let mut text = String::from("bytes */");
                push_number(&mut text, entry.length);
                plan.push_header("content-range", text.into());
                plan.push_header("accept-ranges", "bytes".into());
                plan
            }
        }
    }

    /// A file or a part of it, with the headers that describe the content.
    fn content(
        &self,
        (path, entry): File<'i>,
        status: u16,
        mut headers: Headers<'i>,
        range: Option<(u64, u64)>,
    ) -> Plan<'i> {
        let length = range.map_or(entry.length, |(start, end)| end.saturating_sub(start));
        if self.request.navigate && self.request.preload {
            let modules = modules::preloads(self.index, self.request.path, self.path, entry);
            if !modules.is_empty() {
                headers.push(("link", headers::module_preloads(&modules).into()));
            }
        }
        // An index holds no type that could not stand in a header.
        headers.push(("content-type", self.index.media_type(entry).into()));
        headers.push(("content-length", length.to_string().into()));
        Plan::Serve {
            path: path.as_str(),
            entry,
            status,
            range,
            with_body: !self.request.is_head(),
            headers,
        }
    }
}

fn push_number(text: &mut String, number: u64) {
    text.push_str(&number.to_string());
}
