//! What holds for every request, however strange.

use std::sync::LazyLock;

use proptest::prelude::*;
use virtual_files_core::config::Config;
use virtual_files_core::edge::{EdgePlan, EdgeRequest, edge};
use virtual_files_core::http::range::{Requested, resolve};
use virtual_files_core::http::{Destination, Headers, Request};
use virtual_files_core::index::Index;
use virtual_files_core::plan::{self, Plan};
use virtual_files_core::route::{Route, route};

use crate::fixture::{A, B, HOST, bundle, config, header, index, options};

/// The RFC, spelled out byte by byte: the set of positions that the one range names.
fn model(first: Option<u64>, last: Option<u64>, length: u64) -> Requested {
    let positions: Vec<u64> = match (first, last) {
        (Some(first), Some(last)) if last < first => return Requested::Whole,
        (Some(first), last) => (0..length)
            .filter(|at| *at >= first && last.is_none_or(|last| *at <= last))
            .collect(),
        (None, Some(count)) if length == 0 && count > 0 => return Requested::Whole,
        (None, Some(count)) => (0..length).filter(|at| at + count >= length).collect(),
        (None, None) => return Requested::Whole,
    };
    match (positions.first(), positions.last()) {
        (Some(first), Some(last)) => Requested::Part(*first, last + 1),
        _ => Requested::Unsatisfiable,
    }
}

proptest! {
    #[test]
    fn ranges_equal_the_model(
        first in proptest::option::of(0u64..40),
        last in proptest::option::of(0u64..40),
        length in 0u64..30,
    ) {
        let text = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        let header = format!("bytes={}-{}", text(first), text(last));
        prop_assert_eq!(resolve(&header, length), model(first, last, length));
    }

    #[test]
    fn any_range_lies_within_the_file(
        header in prop_oneof![any::<String>(), "[bB]ytes ?= ?[-0-9, \t]{0,50}", "bytes=[0-9]{0,25}-[0-9]{0,25}"],
        length in prop_oneof![0u64..100, any::<u64>()],
    ) {
        if let Requested::Part(start, end) = resolve(&header, length) {
            prop_assert!(start < end && end <= length);
        }
    }
}

/// Paths that come near to what routing looks at, and paths of anything.
fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("/"),
        Just("aaaa"),
        Just("bbbb"),
        Just("main.js"),
        Just("docs"),
        Just("index.html"),
        Just("bare"),
        Just("both"),
        Just("sw.js"),
        Just("hub.html"),
        Just("_vf"),
        Just(".."),
        Just("."),
        Just("%2e%2e"),
        Just("%2F"),
        Just("%5C"),
        Just("\\"),
        Just("%00"),
        Just("%0d%0a"),
        Just("%"),
        Just("%FF"),
        Just("?"),
        Just("#"),
        Just("404.html"),
        Just("\r\n"),
        Just("ж"),
    ];
    prop_oneof![
        4 => proptest::collection::vec(part, 0..8).prop_map(|parts| format!("/{}", parts.concat())),
        2 => "/(aaaa|bbbb)/[a-z./%0-9]{0,20}",
        1 => any::<String>(),
    ]
}

fn text() -> impl Strategy<Value = Option<String>> {
    let known = prop_oneof![
        Just("bytes=0-9"),
        Just("bytes=5-"),
        Just("bytes=-3"),
        Just("bytes=9999-"),
        Just("*"),
        Just("\"abababababababababababababababab\""),
        Just("Sun, 06 Nov 1994 08:49:37 GMT"),
        Just("Sun, 06 Nov 1994 08:49:36 GMT"),
        Just("Fri, 31 Dec 9999 23:59:59 GMT"),
    ];
    proptest::option::of(prop_oneof![3 => known.prop_map(str::to_owned), 1 => any::<String>()])
}

#[derive(Debug)]
struct Asked {
    method: String,
    hostname: String,
    path: String,
    query: String,
    destination: Destination,
    navigate: bool,
    may_redirect: bool,
    client_path: Option<String>,
    conditions: [Option<String>; 4],
}

impl Asked {
    fn request(&self) -> Request<'_> {
        let [range, if_range, if_none_match, if_modified_since] = &self.conditions;
        Request {
            method: &self.method,
            hostname: &self.hostname,
            path: &self.path,
            query: &self.query,
            destination: self.destination,
            navigate: self.navigate,
            may_redirect: self.may_redirect,
            live: self.may_redirect,
            preload: self.may_redirect,
            client_path: self.client_path.as_deref(),
            range: range.as_deref(),
            if_range: if_range.as_deref(),
            if_none_match: if_none_match.as_deref(),
            if_modified_since: if_modified_since.as_deref(),
        }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let destination = prop_oneof![
        3 => Just(Destination::Other), 3 => Just(Destination::Frame), 1 => Just(Destination::Worker),
        1 => Just(Destination::Document),
    ];
    let method = prop_oneof![8 => Just("GET".to_owned()), 2 => Just("HEAD".to_owned()), 1 => any::<String>()];
    let hostname = prop_oneof![
        Just(HOST.to_owned()),
        Just(format!("{A}.{HOST}")),
        Just(format!("{B}.{HOST}")),
        any::<String>()
    ];
    let query = prop_oneof![Just(String::new()), Just("?a=b".to_owned()), any::<String>()];
    let client = proptest::option::of(prop_oneof![
        Just("/aaaa/index.html".to_owned()),
        Just("/hub.html".to_owned()),
        path()
    ]);
    let conditions = (text(), text(), text(), text());
    (
        method,
        hostname,
        path(),
        query,
        destination,
        any::<(bool, bool)>(),
        client,
        conditions,
    )
        .prop_map(
            |(method, hostname, path, query, destination, flags, client_path, (range, if_range, tags, since))| {
                let (navigate, may_redirect) = flags;
                Asked {
                    method,
                    hostname,
                    path,
                    query,
                    destination,
                    navigate,
                    may_redirect,
                    client_path,
                    conditions: [range, if_range, tags, since],
                }
            },
        )
}

fn no_control_characters(headers: &Headers<'_>) -> Result<(), TestCaseError> {
    for (index, (name, value)) in headers.iter().enumerate() {
        prop_assert!(
            value.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "{name}: {value:?}"
        );
        prop_assert!(
            headers.iter().skip(index + 1).all(|(other, _)| other != name),
            "{name} stands there twice"
        );
    }
    Ok(())
}

/// Which files a path may be answered with, by the rule in words: itself, its index, or a fallback.
fn may_serve(path: &str, served: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned();
    let trimmed = decoded.strip_suffix('/').unwrap_or(&decoded);
    served == decoded
        || served == format!("{trimmed}/index.html")
        || (decoded.is_empty() || decoded == "/") && served == "index.html"
        || served == "404.html"
        || served == "spa.html"
}

fn consistent(request: &Request<'_>, path: &str, plan: &Plan<'_>) -> Result<(), TestCaseError> {
    no_control_characters(plan.headers())?;
    let length = header(plan, "content-length");
    match plan {
        Plan::Serve {
            path: served,
            entry,
            status,
            range,
            with_body,
            ..
        } => {
            prop_assert!(may_serve(path, served), "{served} for {path}");
            prop_assert_eq!(*with_body, request.method == "GET");
            prop_assert!(matches!(request.method, "GET" | "HEAD"));
            prop_assert!(matches!(status, 200 | 206 | 404));
            prop_assert_eq!(*status == 206, range.is_some());
            let (start, end) = range.unwrap_or((0, entry.length));
            prop_assert!(start <= end && end <= entry.length);
            prop_assert_eq!(length, Some(&*(end - start).to_string()));
            let expected = range.map(|(start, end)| format!("bytes {start}-{}/{}", end - 1, entry.length));
            prop_assert_eq!(header(plan, "content-range"), expected.as_deref());
            prop_assert!(header(plan, "content-type").is_some());
        }
        Plan::Empty { status, .. } => {
            prop_assert!(matches!(status, 304 | 307 | 308));
            prop_assert!(*status != 308 || request.may_redirect);
            prop_assert_eq!(*status == 304, header(plan, "location").is_none());
            if let Some(location) = header(plan, "location") {
                prop_assert!(location.starts_with('/') && !location.starts_with("//") && !location.contains('\\'));
            }
        }
        Plan::Page { status, body, .. } => {
            prop_assert!(matches!(status, 200 | 403 | 404 | 405 | 416 | 500 | 503));
            prop_assert_eq!(body.is_empty(), request.method == "HEAD");
            if request.method != "HEAD" {
                prop_assert_eq!(length, Some(&*body.len().to_string()));
                prop_assert!(!body.contains('\0') && !body.contains('\r'));
            }
        }
    }
    Ok(())
}

/// Sessions of several shapes, made once.
static SESSIONS: LazyLock<Vec<Index>> = LazyLock::new(|| {
    let files = [
        ("spa.html", 7),
        ("404.html", 8),
        ("docs/index.html", 9),
        ("a", 20),
        ("a/b", 0),
        ("%00", 3),
    ];
    vec![
        bundle("{}"),
        bundle(r#"{"listing":true,"topLevel":true,"crossOriginIsolated":true,"network":["https://a.test:*"]}"#),
        index(
            &files,
            options(r#"{"spa":"spa.html","network":"open","topLevel":true}"#),
        ),
        index(&files, options(r#"{"listing":true}"#)),
        index(&[], options("{}")),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_request_has_a_plan_that_holds_together(asked in asked(), own_path in path()) {
        let (config, request) = (config(), asked.request());
        for index in SESSIONS.iter().map(Some).chain([None]) {
            match route(&config, &request) {
                Route::Session { path, .. } => {
                    consistent(&request, path, &plan::plan(&config, &request, path, index))?;
                }
                Route::Redirect { status, location } => {
                    consistent(&request, "", &plan::redirect(&config, status, location))?;
                }
                Route::NotFound | Route::Network => consistent(&request, "", &plan::not_found(&config, &request))?,
            }
            // Also where the shell hands in another path than the route's.
            consistent(&request, &own_path, &plan::plan(&config, &request, &own_path, index))?;
        }
    }

    /// Its first segment may name any session: a client of A in the shared layout stays in A.
    #[test]
    fn a_client_of_one_session_never_reaches_another(mut asked in asked(), rest in path()) {
        asked.hostname = HOST.to_owned();
        asked.client_path = Some(format!("/{A}/{rest}"));
        let request = asked.request();
        match route(&config(), &request) {
            Route::Session { id, .. } => prop_assert_eq!(id.as_str(), A),
            Route::Redirect { location, .. } => {
                let below = format!("/{A}/");
                prop_assert!(location.starts_with(&below), "{location}");
            }
            Route::Network => prop_assert!(request.navigate),
            Route::NotFound => prop_assert!(false, "nobody"),
        }
    }

    /// In the origin layout nothing but the host name matters.
    #[test]
    fn an_origin_has_one_session(mut asked in asked()) {
        asked.hostname = format!("{A}.{HOST}");
        match route(&config(), &asked.request()) {
            Route::Session { id, .. } => prop_assert_eq!(id.as_str(), A),
            Route::Redirect { location, .. } => {
                prop_assert_eq!(location.split(['/', '?']).nth(1), Some(A));
            }
            Route::Network => {}
            Route::NotFound => prop_assert!(false, "nobody"),
        }
    }

    /// A redirect is not met by another one to the same place, and leads to the same session.
    #[test]
    fn redirects_end(asked in asked()) {
        let mut request = asked.request();
        if let Route::Redirect { location, .. } = route(&config(), &request) {
            let (path, query) = location.split_at(location.find('?').unwrap_or(location.len()));
            (request.path, request.query) = (path, query);
            match route(&config(), &request) {
                Route::Redirect { location: next, .. } => prop_assert_eq!(next, format!("{path}/{query}")),
                end => prop_assert!(matches!(end, Route::Session { .. }), "{:?}", end),
            }
        }
    }

    #[test]
    fn the_edge_answers_everything(
        asked in asked(),
        origin in proptest::option::of(any::<String>()),
        dest in text(),
        mode in proptest::option::of(prop_oneof![Just("navigate".to_owned()), any::<String>()]),
        nonce in any::<String>(),
    ) {
        let request = EdgeRequest {
            method: &asked.method,
            origin: origin.as_deref(),
            fetch_dest: dest.as_deref(),
            fetch_mode: mode.as_deref(),
            accept: asked.conditions[0].as_deref(),
            nonce: &nonce,
            ..EdgeRequest::get(&asked.hostname, &asked.path)
        };
        match edge(&config(), &request) {
            EdgePlan::Asset { path, headers } => {
                prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic()) && !path.contains(".."));
                no_control_characters(&headers)?;
            }
            EdgePlan::Boot { headers } | EdgePlan::Hello { headers } => no_control_characters(&headers)?,
            EdgePlan::Page { headers, status, .. } => {
                prop_assert!(matches!(status, 404 | 405));
                no_control_characters(&headers)?;
            }
            // Made on purpose in `edge_sessions`; none is made by chance.
            plan => prop_assert!(matches!(plan, EdgePlan::Refusal { .. }), "{:?}", plan),
        }
    }

    #[test]
    fn patterns_never_break_a_policy(text in prop_oneof![any::<String>(), "(https?|wss?)://[-*a-z.:0-9;, ']{0,20}"]) {
        if let Ok(config) = Config::new(HOST, [text.as_str()]) {
            let sources = config.frame_ancestors();
            prop_assert_eq!(sources.split(' ').count(), 2);
            prop_assert!(sources.bytes().all(|byte| matches!(byte, b'!'..=b'~' | b' ') && !b";,\"".contains(&byte)));
        }
        if let Ok(config) = Config::new(&text, []) {
            prop_assert!(config.host().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        }
    }
}
