//! What routes and plans promise: every request has an answer that holds together, no session reaches another's files, and a
//! redirect stays on the origin.
//!
//! An input is lines: method, host name, path, query, the client's path, destination, then the four conditional headers.
//! A missing or empty line is a plain GET's.

use std::sync::LazyLock;

use url::Url;
use virtual_files_core::change::{Change, Mode, NewFile};
use virtual_files_core::config::{Config, Layout};
use virtual_files_core::edge::{EdgePlan, EdgeRequest, edge};
use virtual_files_core::http::asked::{Asked, client_path};
use virtual_files_core::http::{Destination, Headers, Request};
use virtual_files_core::index::Index;
use virtual_files_core::path::FilePath;
use virtual_files_core::plan::{self, Plan};
use virtual_files_core::route::{Route, is_reserved, route};
use virtual_files_core::session::SessionId;
use virtual_files_core::store::BytesBody;

const HOST: &str = "vfs.test";
const ORIGIN: &str = "https://vfs.test";

/// The files of every session, with their lengths.
const FILES: &[(&str, u64)] = &[
    ("index.html", 100),
    ("main.js", 200),
    ("empty", 0),
    ("docs/index.html", 30),
    ("docs/a b.txt", 31),
    ("both", 5),
    ("both/index.html", 6),
    ("sw.js", 7),
    ("_vf/own.js", 8),
    ("%2e%2e", 9),
    ("404.html", 10),
    ("spa.html", 11),
];

static CONFIG: LazyLock<Config> = LazyLock::new(|| Config::new(HOST, ["https://app.test"]).expect("a configuration"));

static SESSIONS: LazyLock<Vec<Index>> = LazyLock::new(|| {
    [
        "{}",
        r#"{"listing":true,"topLevel":true,"crossOriginIsolated":true}"#,
        r#"{"spa":"spa.html","topLevel":true,"network":"open"}"#,
    ]
    .map(session)
    .into()
});

fn session(options: &str) -> Index {
    let mut change = Change::new(Mode::Replace, 784_111_777_000);
    change.options = Some(serde_json::from_str(options).expect("options"));
    let total: u64 = FILES.iter().map(|(_, length)| length).sum();
    change.packs.push(BytesBody::from(vec![b'x'; total as usize]));
    let mut offset = 0;
    for (path, length) in FILES {
        change.files.push(NewFile {
            path: FilePath::parse(path).expect("a path"),
            pack: 0,
            offset,
            length: *length,
            media_type: String::new(),
            etag: [0xab; 16],
            modified: 784_111_777_000,
            imports: Vec::new(),
        });
        offset += length;
    }
    let mut index = Index::new(0);
    index.apply(&change).expect("a change");
    index
}

/// Panics unless the promises hold for the request of an input, as it is and as a browser's URL parser would have it.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut line = || lines.next().filter(|line| !line.is_empty());
    let method = line().unwrap_or("GET");
    let hostname = line().unwrap_or(HOST);
    let path = line().unwrap_or("/");
    let query = line().unwrap_or_default();
    let client_path = line();
    let destination = line().unwrap_or_default();
    let request = Request {
        method,
        query,
        destination: Destination::parse(destination),
        navigate: matches!(destination, "document" | "iframe" | "frame"),
        client_path,
        range: line(),
        if_range: line(),
        if_none_match: line(),
        if_modified_since: line(),
        ..Request::get(hostname, path)
    };
    answered(&request);
    told_anything(&text);
    at_the_edge(&request, destination);
    let url = format!("http://{hostname}/{}{query}", path.strip_prefix('/').unwrap_or(path));
    if let Ok(url) = Url::parse(&url)
        && let Some(hostname) = url.host_str()
    {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let request = Request {
            hostname,
            path: url.path(),
            query: &query,
            ..request
        };
        answered(&request);
        told(&request, destination);
    }
}

/// What a worker tells of a request reads as that request.
fn told(request: &Request<'_>, destination: &str) {
    let header = |value: Option<&str>| value.map(|value| format!("={value}")).unwrap_or_default();
    let client = request.client_path.map(|path| format!("{ORIGIN}{path}"));
    let client = client.as_deref().unwrap_or_default();
    let url = [ORIGIN, request.path, request.query, "#fragment"].concat();
    let lines = [
        url.as_str(),
        if request.navigate { "navigate" } else { "cors" },
        destination,
        client,
        client,
        &header(request.range),
        &header(request.if_range),
        &header(request.if_none_match),
        &header(request.if_modified_since),
    ];
    let text = lines.join("\n");
    let (asked, url) = Asked::told(&text, ORIGIN);
    assert_eq!(url.unwrap_or_default(), client);
    let path = url.and_then(|url| client_path(url, ORIGIN));
    assert_eq!(path, asked.referrer);
    let read = Request {
        method: request.method,
        live: request.live,
        preload: request.preload,
        client_path: request.client_path,
        ..asked.request(request.hostname, None)
    };
    assert_eq!(format!("{read:?}"), format!("{request:?}"));
}

/// Whatever is told, it is a request of this origin.
fn told_anything(text: &str) {
    let (asked, client) = Asked::told(text, ORIGIN);
    assert!(asked.path.starts_with('/') && !asked.path.contains(['?', '#']));
    assert!(asked.query.is_empty() || asked.query.starts_with('?'));
    let client = client.and_then(|url| client_path(url, ORIGIN));
    answered(&asked.request(HOST, client.as_deref()));
}

fn answered(request: &Request<'_>) {
    match route(&CONFIG, request) {
        Route::Session { id, path } => {
            stays_in_its_session(request, &id);
            assert!(request.path.ends_with(path), "{path:?} for {request:?}");
            for index in SESSIONS.iter().map(Some).chain([None]) {
                holds_together(request, path, index, &plan::plan(&CONFIG, request, path, index));
            }
        }
        Route::Redirect { status, location } => {
            assert!(matches!(status, 307 | 308));
            stays_on_the_origin(&location);
            if let Some(id) = location
                .split(['/', '?'])
                .nth(1)
                .and_then(|id| SessionId::parse(id).ok())
            {
                stays_in_its_session(request, &id);
            }
            holds_together(request, "", None, &plan::redirect(&CONFIG, status, location));
        }
        Route::Network => assert!(is_reserved(request.path), "{request:?}"),
        Route::NotFound => holds_together(request, "", None, &plan::not_found(&CONFIG, request)),
    }
}

/// The session is the one of the host name, or else that of the client, if it has one.
fn stays_in_its_session(request: &Request<'_>, id: &SessionId) {
    let own = match CONFIG.layout(request.hostname) {
        Layout::Origin(id) => Some(id),
        Layout::Shared => request
            .client_path
            .filter(|path| !is_reserved(path))
            .and_then(|path| path.strip_prefix('/')?.split('/').next())
            .and_then(|first| SessionId::parse(first).ok()),
    };
    if let Some(own) = own {
        assert_eq!(id, &own, "{request:?} reached another session");
    }
}

fn stays_on_the_origin(location: &str) {
    let base = Url::parse("https://vfs.test/any/where").expect("a URL");
    let url = base.join(location).expect("a location is a URL");
    assert_eq!(url.origin(), base.origin(), "{location:?}");
    assert!(location.starts_with('/') && location.bytes().all(|byte| byte.is_ascii_graphic()));
}

fn header<'p>(plan: &'p Plan<'_>, name: &str) -> Option<&'p str> {
    let found = plan.headers().iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| &**value)
}

fn are_headers(headers: &Headers<'_>) {
    for (index, (name, value)) in headers.iter().enumerate() {
        assert!(
            value.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "{name}: {value:?}"
        );
        let twice = headers.iter().skip(index + 1).any(|(other, _)| other == name);
        assert!(!twice, "{name} stands there twice");
    }
}

fn holds_together(request: &Request<'_>, path: &str, index: Option<&Index>, plan: &Plan<'_>) {
    are_headers(plan.headers());
    match plan {
        Plan::Serve {
            path: served,
            entry,
            status,
            range,
            with_body,
            ..
        } => {
            let index = index.expect("a file has a session");
            assert_eq!(index.get(served), Some(*entry), "{served:?} is of no session");
            assert!(may_serve(path, served, index), "{served:?} for {path:?}");
            assert_eq!(*with_body, request.method == "GET");
            assert!(*with_body || request.method == "HEAD");
            assert!(matches!(status, 200 | 206 | 404) && (*status == 206) == range.is_some());
            let (start, end) = range.unwrap_or((0, entry.length));
            assert!(start <= end && end <= entry.length);
            assert_eq!(header(plan, "content-length"), Some(&*(end - start).to_string()));
        }
        Plan::Empty { status, .. } => {
            assert!(matches!(status, 304 | 307 | 308));
            assert_eq!(*status == 304, header(plan, "location").is_none());
            if let Some(location) = header(plan, "location") {
                stays_on_the_origin(location);
            }
        }
        Plan::Page { status, body, .. } => {
            assert!(matches!(status, 200 | 403 | 404 | 405 | 416), "{status}");
            assert_eq!(body.is_empty(), request.method == "HEAD");
        }
    }
}

/// The file that the path means, its index, or one of the bundle's fallbacks.
fn may_serve(path: &str, served: &str, index: &Index) -> bool {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let name = decoded.strip_suffix('/').unwrap_or(&decoded);
    served == decoded
        || served == format!("{name}/index.html").trim_start_matches('/')
        || served == "404.html"
        || index.options().spa.as_ref().is_some_and(|spa| spa.as_str() == served)
}

fn at_the_edge(request: &Request<'_>, destination: &str) {
    let request = EdgeRequest {
        method: request.method,
        hostname: request.hostname,
        path: request.path,
        query: request.query,
        own_origin: ORIGIN,
        origin: request.if_range,
        referer: request.if_modified_since,
        fetch_dest: Some(destination),
        fetch_mode: request.range,
        accept: request.if_none_match,
        authorization: request.range,
        content_encoding: request.if_none_match,
        nonce: "nonce",
        ..EdgeRequest::get(request.hostname, request.path)
    };
    match edge(&CONFIG, &request) {
        EdgePlan::Asset { path, headers } => {
            assert!(
                path.bytes().all(|byte| byte.is_ascii_graphic()) && !path.contains(".."),
                "{path:?}"
            );
            are_headers(&headers);
        }
        EdgePlan::Boot { headers } | EdgePlan::Hello { headers } => are_headers(&headers),
        EdgePlan::Page { headers, .. } => are_headers(&headers),
        EdgePlan::Session(read) => {
            let plan = read.answer(&CONFIG, &request, None);
            are_headers(plan.headers());
        }
        EdgePlan::Refusal { headers, .. } => are_headers(&headers),
        EdgePlan::Write(write) => are_headers(&write.headers),
    }
}
