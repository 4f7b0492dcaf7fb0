//! Who may read an edge session and who may write one, and how the answers are dressed.

use proptest::prelude::*;
use virtual_files_core::edge::api::{Operation, address_group};
use virtual_files_core::edge::{EdgePlan, EdgeRequest, edge, hello};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::http::Headers;
use virtual_files_core::plan::Plan;
use virtual_files_core::route::Route;
use virtual_files_core::session::SessionId;

use crate::fixture::{HOST, config, index, options};

const ID: &str = "e-abcdefghijklmnopqrstuvwxyz";
const OWN: &str = "https://vfs.test";
const KEY: &str = "Bearer abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP0";
const UPLOAD: &str = "01234567-89ab-cdef-0123-456789abcdef";

fn get(path: &str) -> EdgeRequest<'_> {
    EdgeRequest {
        own_origin: OWN,
        nonce: "abc123",
        ..EdgeRequest::get(HOST, path)
    }
}

fn below(path: &str) -> String {
    format!("/{ID}{path}")
}

fn line(request: &EdgeRequest<'_>) -> String {
    match edge(&config(), request) {
        EdgePlan::Session(read) => format!("{} {:?}", read.id, read.path),
        EdgePlan::Page { status, .. } => status.to_string(),
        EdgePlan::Refusal { refusal, .. } => format!("{} {}", refusal.status, refusal.code),
        EdgePlan::Write(write) => format!("{:?}", write.operation),
        other => format!("{other:?}"),
    }
}

fn value<'h>(headers: &'h Headers<'_>, name: &str) -> Vec<&'h str> {
    let found = headers.iter().filter(|(known, _)| *known == name);
    found.map(|(_, value)| &**value).collect()
}

/// What every answer under an edge session's id has.
fn dressed(headers: &Headers<'_>) {
    assert_eq!(value(headers, "vary"), ["Origin"]);
    assert_eq!(value(headers, "cross-origin-resource-policy"), ["cross-origin"]);
    assert_eq!(value(headers, "x-content-type-options"), ["nosniff"]);
    assert_eq!(value(headers, "origin-agent-cluster"), ["?1"]);
    assert_eq!(value(headers, "referrer-policy"), ["strict-origin-when-cross-origin"]);
    assert_eq!(value(headers, "cache-control").len(), 1);
    let policies = value(headers, "content-security-policy");
    assert_eq!(policies.len(), 1);
    assert!(policies[0].starts_with("sandbox allow-scripts "), "{policies:?}");
    for never in ["allow-same-origin", "allow-top-navigation", "'self'", "frame-ancestors"] {
        assert!(!policies[0].contains(never), "{policies:?}");
    }
}

#[test]
fn subresources_are_read_by_anyone_of_no_origin() {
    let path = below("/a/b.js");
    let served = format!("{ID} \"a/b.js\"");
    for destination in [
        None,
        Some("script"),
        Some("style"),
        Some("image"),
        Some("empty"),
        Some("video"),
    ] {
        for origin in [None, Some("null")] {
            let request = EdgeRequest {
                origin,
                fetch_dest: destination,
                fetch_mode: destination.map(|_| "cors"),
                accept: Some("*/*"),
                ..get(&path)
            };
            assert_eq!(line(&request), served, "{request:?}");
            let head = EdgeRequest {
                method: "HEAD",
                ..request
            };
            assert_eq!(line(&head), served);
        }
        for origin in ["https://app.test", OWN, "https://evil.test", "", "NULL"] {
            let request = EdgeRequest {
                origin: Some(origin),
                fetch_dest: destination,
                ..get(&path)
            };
            // What Firefox sends where a style sheet imports another.
            let imported = origin == OWN && destination == Some("style");
            let wanted = if imported { &*served } else { "403" };
            assert_eq!(line(&request), wanted, "{request:?}");
        }
    }
}

#[test]
fn tabs_and_workers_get_nothing() {
    let path = below("/index.html");
    for (destination, mode, accept) in [
        (Some("document"), Some("navigate"), "*/*"),
        (Some("document"), None, "*/*"),
        (Some("empty"), Some("navigate"), "*/*"),
        (None, Some("navigate"), "*/*"),
        (None, None, "text/html,*/*;q=0.8"),
        (Some("worker"), Some("same-origin"), "*/*"),
        (Some("sharedworker"), Some("same-origin"), "*/*"),
        (Some("serviceworker"), Some("same-origin"), "*/*"),
    ] {
        let request = EdgeRequest {
            fetch_dest: destination,
            fetch_mode: mode,
            accept: Some(accept),
            referer: Some("https://app.test/"),
            ..get(&path)
        };
        assert_eq!(line(&request), "403", "{request:?}");
    }
    let script = EdgeRequest {
        service_worker: true,
        ..get(&path)
    };
    assert_eq!(line(&script), "403");
}

#[test]
fn without_encryption_the_embedder_is_believed() {
    let path = below("/index.html");
    for (own_origin, referer, served) in [
        ("http://vfs.test", Some("https://app.test/"), true),
        ("http://vfs.test", Some("http://vfs.test/"), true),
        ("http://vfs.test", Some("https://evil.test/"), false),
        ("http://vfs.test", None, false),
        ("https://vfs.test", Some("https://app.test/"), false),
    ] {
        let request = EdgeRequest {
            accept: Some("text/html,*/*;q=0.8"),
            own_origin,
            referer,
            ..get(&path)
        };
        assert_eq!(line(&request) != "403", served, "{own_origin} {referer:?}");
    }
}

#[test]
fn frames_are_served_to_hosts_only() {
    let path = below("/index.html");
    for destination in ["iframe", "frame", "embed", "object", "fencedframe"] {
        for (referer, served) in [
            (Some("https://app.test/"), true),
            (Some("https://app.test/editor?x=https://evil.test/"), true),
            (Some("http://localhost:5173/"), true),
            (Some("https://vfs.test/"), true),
            (Some("https://vfs.test"), true),
            (Some("https://evil.test/"), false),
            (Some("https://evil.test/https://app.test/"), false),
            (Some("https://app.test.evil.test/"), false),
            (Some("https://app.test@evil.test/"), false),
            (Some("https://vfs.test:444/"), false),
            (Some("http://vfs.test/"), false),
            // A session's own origin is not a host, whatever the patterns allow.
            (Some("https://aaaa.vfs.test/"), false),
            (Some("null"), false),
            (Some(""), false),
            // A frame in an opaque frame: Chromium sends none.
            (None, true),
        ] {
            for mode in ["navigate", "no-cors"] {
                let request = EdgeRequest {
                    fetch_dest: Some(destination),
                    fetch_mode: Some(mode),
                    referer,
                    ..get(&path)
                };
                assert_eq!(line(&request) != "403", served, "{destination} {referer:?}");
            }
        }
    }
}

#[test]
fn other_methods_are_refused_but_for_preflights() {
    let path = below("/x");
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = EdgeRequest { method, ..get(&path) };
        assert_eq!(line(&request), "405");
    }
    let request = EdgeRequest {
        method: "OPTIONS",
        origin: Some("null"),
        ..get(&path)
    };
    let EdgePlan::Page {
        status: 204, headers, ..
    } = edge(&config(), &request)
    else {
        panic!("no preflight");
    };
    dressed(&headers);
    assert_eq!(value(&headers, "access-control-allow-origin"), ["null"]);
    assert!(value(&headers, "access-control-allow-credentials").is_empty());
}

#[test]
fn the_shape_of_the_id_decides_and_not_a_lookup() {
    fn frame(path: &str) -> EdgeRequest<'_> {
        EdgeRequest {
            fetch_dest: Some("iframe"),
            fetch_mode: Some("navigate"),
            referer: Some("https://app.test/"),
            ..get(path)
        }
    }
    let root = below("/");
    assert_eq!(line(&frame(&root)), format!("{ID} \"\""));
    // Never the boot page.
    for (path, expected) in [(below(""), "308"), (below("x/"), "Boot"), ("/e-short/".into(), "Boot")] {
        assert!(
            line(&frame(&path)).starts_with(expected),
            "{path}: {}",
            line(&frame(&path))
        );
    }
    // Where it is not the bare host that is asked, such an id is nobody's.
    let elsewhere = EdgeRequest {
        hostname: "localhost",
        ..frame(&root)
    };
    assert_eq!(line(&elsewhere), "404");
    // The service worker leaves it to the network as well.
    let request = virtual_files_core::http::Request::get(HOST, &root);
    assert_eq!(virtual_files_core::route::route(&config(), &request), Route::Network);
}

#[test]
fn answers_are_the_plans_in_other_headers() {
    let index = index(
        &[("index.html", 10), ("a.js", 5), ("404.html", 3), ("docs/index.html", 1)],
        options(r#"{"network":["https://api.test"],"topLevel":true}"#),
    );
    let answer = |path: &str, origin, range, method| {
        let path = below(path);
        let request = EdgeRequest {
            method,
            origin,
            range,
            accept: Some("*/*"),
            ..get(&path)
        };
        let EdgePlan::Session(read) = edge(&config(), &request) else {
            panic!("{path} is refused");
        };
        let plan = read.answer(&config(), &request, Some(&index));
        dressed(plan.headers());
        (plan.status(), plan.headers().clone())
    };
    for (path, range, method, status) in [
        ("/", None, "GET", 200),
        ("/a.js", None, "HEAD", 200),
        ("/a.js", Some("bytes=1-2"), "GET", 206),
        ("/a.js", Some("bytes=9-"), "GET", 416),
        ("/docs", None, "GET", 308),
        ("/nothing", None, "GET", 404),
        ("/..%2fx", None, "GET", 404),
        ("/%00", None, "GET", 404),
        ("/a%5cb", None, "GET", 404),
        ("/%c0%ae%c0%ae/x", None, "GET", 404),
    ] {
        let (found, _) = answer(path, None, range, method);
        assert_eq!(found, status, "{path}");
    }
    let (_, headers) = answer("/a.js", Some("null"), None, "GET");
    assert_eq!(value(&headers, "access-control-allow-origin"), ["null"]);
    assert_eq!(value(&headers, "access-control-expose-headers"), ["*"]);
    assert_eq!(value(&headers, "cache-control"), ["private, no-cache"]);
    let policy = value(&headers, "content-security-policy")[0];
    let (_, policy) = policy.split_once("; ").unwrap();
    let base = format!("https://vfs.test/{ID}/");
    assert_eq!(
        policy,
        format!(
            "default-src {base} data: blob: 'unsafe-inline' 'unsafe-eval' https://api.test; \
             base-uri {base} https://api.test; form-action {base} https://api.test"
        )
    );
    let (_, headers) = answer("/a.js", None, None, "GET");
    assert!(value(&headers, "access-control-allow-origin").is_empty());
    let (_, headers) = answer("/docs", None, None, "GET");
    assert_eq!(value(&headers, "location"), [format!("/{ID}/docs/")]);
}

#[test]
fn pages_link_into_the_session() {
    let index = index(&[("a.js", 5)], options("{}"));
    let path = below("/nothing");
    let request = get(&path);
    let EdgePlan::Session(read) = edge(&config(), &request) else {
        panic!("refused");
    };
    let Plan::Page { body, .. } = read.answer(&config(), &request, Some(&index)) else {
        panic!("no page");
    };
    assert!(body.contains(&format!("href=\"/{ID}/\"")) && !body.contains("href=\"/\""));
}

fn write(method: &'static str, rest: &str) -> String {
    let path = format!("/_vf/sessions/{rest}");
    let (path, query) = path.split_once('?').map_or((&*path, ""), |(path, query)| (path, query));
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    line(&EdgeRequest {
        method,
        query: &query,
        origin: Some("https://app.test"),
        authorization: Some(KEY),
        ..get(path)
    })
}

#[test]
fn the_write_api_knows_these_operations() {
    let (upload, id) = (UPLOAD, ID);
    let part = Operation::Append { upload, offset: 42 };
    for (method, rest, operation) in [
        ("GET", id.to_owned(), Operation::Inspect),
        ("DELETE", id.to_owned(), Operation::Delete),
        ("POST", format!("{id}/uploads"), Operation::Begin),
        ("PUT", format!("{id}/uploads/{upload}?offset=42"), part),
        (
            "POST",
            format!("{id}/uploads/{upload}/commit"),
            Operation::Commit { upload },
        ),
        ("DELETE", format!("{id}/uploads/{upload}"), Operation::Abort { upload }),
    ] {
        assert_eq!(write(method, &rest), format!("{operation:?}"), "{method} {rest}");
    }
    for (method, rest, expected) in [
        ("GET", "abcd", "400 INVALID_SESSION"),
        ("GET", "", "400 INVALID_SESSION"),
        ("GET", "e-abcdefghijklmnopqrstuvwxy%7a", "400 INVALID_SESSION"),
        ("POST", ID, "404 NOT_FOUND"),
        ("GET", &format!("{ID}/"), "404 NOT_FOUND"),
        ("GET", &format!("{ID}/uploads"), "404 NOT_FOUND"),
        ("PUT", &format!("{ID}/uploads/../x?offset=0"), "404 NOT_FOUND"),
        ("PUT", &format!("{ID}/uploads/{UPLOAD}"), "400 INVALID_MESSAGE"),
        (
            "PUT",
            &format!("{ID}/uploads/{UPLOAD}?offset=-1"),
            "400 INVALID_MESSAGE",
        ),
        (
            "PUT",
            &format!("{ID}/uploads/{UPLOAD}?offset=9999999999999999"),
            "400 INVALID_MESSAGE",
        ),
        ("POST", &format!("{ID}/uploads/{UPLOAD}/commit/x"), "404 NOT_FOUND"),
    ] {
        assert_eq!(write(method, rest), expected, "{method} {rest}");
    }
}

#[test]
fn only_hosts_with_a_key_write() {
    let path = format!("/_vf/sessions/{ID}");
    let asked = |method, origin, authorization| {
        line(&EdgeRequest {
            method,
            origin,
            authorization,
            ..get(&path)
        })
    };
    let host = Some("https://app.test");
    assert_eq!(asked("GET", host, Some(KEY)), "Inspect");
    assert_eq!(asked("OPTIONS", host, None), "204");
    for origin in [
        None,
        Some("null"),
        Some("https://aaaa.vfs.test"),
        Some("https://evil.test"),
    ] {
        for method in ["GET", "DELETE", "OPTIONS"] {
            // What a browser sends for the hub, and nobody else's page can.
            let hub = method == "GET" && origin.is_none();
            let wanted = if hub { "Inspect" } else { "403 ORIGIN_NOT_ALLOWED" };
            assert_eq!(asked(method, origin, Some(KEY)), wanted, "{origin:?}");
        }
    }
    let short = &KEY[..KEY.len() - 1];
    let long = format!("{KEY}a");
    let padded = format!("{short}=");
    for key in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some(short),
        Some(&*long),
        Some(&*padded),
    ] {
        assert_eq!(asked("GET", host, key), "404 NOT_FOUND", "{key:?}");
    }
    let encoded = EdgeRequest {
        origin: host,
        authorization: Some(KEY),
        content_encoding: Some("gzip"),
        ..get(&path)
    };
    assert_eq!(line(&encoded), "415 INVALID_MESSAGE");
    // The API is the bare host's.
    let elsewhere = EdgeRequest {
        hostname: "aaaa.vfs.test",
        origin: host,
        authorization: Some(KEY),
        ..get(&path)
    };
    assert_eq!(line(&elsewhere), "404");
}

#[test]
fn hosts_may_read_the_answers_of_the_write_api_and_nobody_else() {
    let path = format!("/_vf/sessions/{ID}");
    for (origin, allowed) in [
        (Some("https://app.test"), true),
        (Some("https://evil.test"), false),
        (None, false),
    ] {
        let request = EdgeRequest {
            method: "DELETE",
            origin,
            ..get(&path)
        };
        let EdgePlan::Refusal { refusal, headers } = edge(&config(), &request) else {
            panic!("not refused");
        };
        assert_eq!(refusal.code == ErrorCode::OriginNotAllowed, !allowed);
        assert_eq!(value(&headers, "vary"), ["Origin"]);
        assert!(value(&headers, "access-control-allow-credentials").is_empty());
        let expected: Vec<&str> = origin.filter(|_| allowed).into_iter().collect();
        assert_eq!(value(&headers, "access-control-allow-origin"), expected);
    }
}

#[test]
fn hello_tells_that_there_are_sessions() {
    let request = EdgeRequest {
        origin: Some("https://app.test"),
        ..get("/_vf/hello")
    };
    let json = serde_json::to_string(&hello(&config(), &request)).unwrap();
    assert_eq!(json, r#"{"version":2,"allowed":true,"sessions":true}"#);
}

#[test]
fn an_address_is_one_customer() {
    for (address, group) in [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("", "local"),
        ("nonsense", "local"),
    ] {
        assert_eq!(address_group(address), group);
    }
}

proptest! {
    /// Whatever else a request says: a foreign origin, a tab and a worker get the same refusal for every id.
    #[test]
    fn refusals_do_not_depend_on_the_session(
        a: [u8; 16], b: [u8; 16], rest in "(/[ -~]{0,20})?", origin in "[ -~]{0,20}", referer in "[ -~]{0,40}",
        destination in "document|worker|sharedworker|serviceworker|iframe|object|script", navigate: bool,
    ) {
        let answer = |bits| {
            let id = SessionId::edge_from_random(bits);
            let path = format!("/{id}{rest}");
            let request = EdgeRequest {
                origin: (!origin.is_empty()).then_some(&*origin),
                referer: Some(&referer),
                fetch_dest: Some(&destination),
                fetch_mode: navigate.then_some("navigate"),
                ..get(&path)
            };
            match edge(&config(), &request) {
                EdgePlan::Page { status, headers, body } => {
                    dressed(&headers);
                    format!("{status} {headers:?} {body}").replace(id.as_str(), "ID")
                }
                EdgePlan::Session(read) => format!("served {}", read.path),
                other => panic!("{other:?}"),
            }
        };
        let (first, second) = (answer(a), answer(b));
        prop_assert_eq!(&first, &second);
        if !origin.is_empty() || matches!(&*destination, "document" | "worker" | "sharedworker" | "serviceworker") {
            prop_assert!(first.starts_with("403"), "{}", first);
        }
    }

    #[test]
    fn nothing_panics_and_no_header_is_broken(
        method in "GET|HEAD|POST|OPTIONS|[A-Z]{1,5}", path in "/(e-[a-z2-7]{26}|_vf/sessions)?[ -~]{0,30}",
        query in "(\\?[ -~]{0,10})?", origin: Option<String>, authorization: Option<String>, referer: Option<String>,
    ) {
        let request = EdgeRequest {
            method: &method,
            query: &query,
            origin: origin.as_deref(),
            authorization: authorization.as_deref(),
            referer: referer.as_deref(),
            ..get(&path)
        };
        let headers = match edge(&config(), &request) {
            EdgePlan::Page { headers, .. } | EdgePlan::Refusal { headers, .. } => headers,
            EdgePlan::Write(write) => write.headers,
            _ => return Ok(()),
        };
        for (name, value) in headers {
            prop_assert!(!value.chars().any(char::is_control), "{}: {:?}", name, value);
        }
    }
}

#[test]
fn a_sessions_own_name_has_nothing_but_the_session() {
    let host = format!("{ID}.{HOST}");
    let own_origin = format!("https://{host}");
    let asked = |path: &'static str| EdgeRequest {
        own_origin: &own_origin,
        hostname: &host,
        ..get(path)
    };
    for (path, wanted) in [
        ("/", ""),
        ("/main.js", "main.js"),
        ("/e-abcdefghijklmnopqrstuvwxyz/", ""),
        ("/e-abcdefghijklmnopqrstuvwxyz/docs/a.js", "docs/a.js"),
        (
            "/e-abcdefghijklmnopqrstuvwxyzx/a.js",
            "e-abcdefghijklmnopqrstuvwxyzx/a.js",
        ),
        ("/hub.html", "hub.html"),
        ("/sw.js", "sw.js"),
        ("/_vf/hello", "_vf/hello"),
        (
            "/_vf/sessions/e-abcdefghijklmnopqrstuvwxyz",
            "_vf/sessions/e-abcdefghijklmnopqrstuvwxyz",
        ),
    ] {
        assert_eq!(line(&asked(path)), format!("{ID} {wanted:?}"), "{path}");
        let document = EdgeRequest {
            fetch_dest: Some("document"),
            fetch_mode: Some("navigate"),
            ..asked(path)
        };
        assert_eq!(line(&document), "403", "{path}");
    }
    let EdgePlan::Session(read) = edge(&config(), &asked("/docs/a.js")) else {
        panic!("no session");
    };
    let plan = read.answer(&config(), &asked("/docs/a.js"), None);
    dressed(plan.headers());
}
