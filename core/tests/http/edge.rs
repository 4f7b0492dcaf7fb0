//! What the edge answers where no service worker does.

use virtual_files_core::edge::{self, EdgePlan, EdgeRequest, edge, not_found};
use virtual_files_core::http::Headers;

use crate::fixture::{HOST, config};

const OWN: &str = "aaaa.vfs.test";

fn get<'a>(hostname: &'a str, path: &'a str) -> EdgeRequest<'a> {
    EdgeRequest {
        nonce: "abc123",
        ..EdgeRequest::get(hostname, path)
    }
}

fn frame<'a>(hostname: &'a str, path: &'a str) -> EdgeRequest<'a> {
    EdgeRequest {
        fetch_dest: Some("iframe"),
        fetch_mode: Some("navigate"),
        ..get(hostname, path)
    }
}

fn line(request: &EdgeRequest<'_>) -> String {
    match edge(&config(), request) {
        EdgePlan::Asset { path, .. } => format!("asset {path}"),
        EdgePlan::Boot { .. } => "boot".to_owned(),
        EdgePlan::Hello { .. } => "hello".to_owned(),
        EdgePlan::Session(_) => "session".to_owned(),
        EdgePlan::Refusal { .. } => "refusal".to_owned(),
        EdgePlan::Write(_) => "write".to_owned(),
        EdgePlan::Page { status, .. } => status.to_string(),
    }
}

fn headers<'a>(request: &EdgeRequest<'a>) -> Headers<'a> {
    match edge(&config(), request) {
        EdgePlan::Asset { headers, .. }
        | EdgePlan::Boot { headers }
        | EdgePlan::Hello { headers }
        | EdgePlan::Refusal { headers, .. }
        | EdgePlan::Page { headers, .. } => headers,
        other => panic!("{other:?}"),
    }
}

fn header(request: &EdgeRequest<'_>, name: &str) -> Option<String> {
    headers(request)
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_string())
}

#[test]
fn assets() {
    for hostname in [HOST, OWN, "localhost"] {
        for (path, expected) in [
            ("/hub.html", "asset /hub.html"),
            ("/sw.js", "asset /sw.js"),
            ("/_vf/hub-0123456789abcdef.js", "asset /_vf/hub-0123456789abcdef.js"),
            ("/_vf/sub/x.wasm", "asset /_vf/sub/x.wasm"),
            ("/_vf/hello", "hello"),
            ("/_vf/boot.html", "404"),
            ("/_vf/", "404"),
            ("/_vf", "404"),
            ("/_vf/none", "404"),
            ("/_vf/.env", "404"),
            ("/_vf/../sw.js", "404"),
            ("/_vf//x.js", "404"),
            ("/_vf/%2e%2e/x.js", "404"),
        ] {
            assert_eq!(line(&get(hostname, path)), expected, "{hostname}{path}");
            assert_eq!(line(&frame(hostname, path)), expected, "{hostname}{path}");
        }
    }
}

#[test]
fn sessions() {
    for (hostname, path, navigation) in [
        (HOST, "/aaaa/", "boot"),
        (HOST, "/aaaa", "boot"),
        (HOST, "/aaaa/docs/x.html", "boot"),
        (HOST, "/", "404"),
        (HOST, "/favicon.ico", "404"),
        (HOST, "/UPPER/x", "404"),
        (OWN, "/aaaa/", "boot"),
        (OWN, "/", "boot"),
        (OWN, "/router/path", "boot"),
        (OWN, "/bbbb/x.html", "boot"),
    ] {
        for dest in ["document", "iframe", "frame", "embed", "object"] {
            let request = EdgeRequest {
                fetch_dest: Some(dest),
                ..frame(hostname, path)
            };
            assert_eq!(line(&request), navigation, "{hostname}{path} as {dest}");
        }
        let accept = Some("text/html,application/xhtml+xml,*/*;q=0.8");
        for (request, expected) in [
            (
                EdgeRequest {
                    accept,
                    ..get(hostname, path)
                },
                navigation,
            ),
            (
                EdgeRequest {
                    fetch_dest: Some("iframe"),
                    ..get(hostname, path)
                },
                navigation,
            ),
            // Parts of a page are the service worker's, and the network has none of them.
            (get(hostname, path), "404"),
            (
                EdgeRequest {
                    accept: Some("*/*"),
                    ..get(hostname, path)
                },
                "404",
            ),
            (
                EdgeRequest {
                    accept,
                    fetch_mode: Some("cors"),
                    fetch_dest: Some("empty"),
                    ..get(hostname, path)
                },
                "404",
            ),
            (
                EdgeRequest {
                    accept,
                    fetch_mode: Some("no-cors"),
                    fetch_dest: Some("script"),
                    ..get(hostname, path)
                },
                "404",
            ),
            (
                EdgeRequest {
                    accept,
                    fetch_dest: Some("image"),
                    ..get(hostname, path)
                },
                "404",
            ),
        ] {
            assert_eq!(line(&request), expected, "{request:?}");
        }
    }
}

#[test]
fn methods() {
    for path in ["/hub.html", "/aaaa/", "/", "/_vf/hello"] {
        for method in ["POST", "OPTIONS", "PUT", "get"] {
            let request = EdgeRequest {
                method,
                ..frame(HOST, path)
            };
            assert_eq!(line(&request), "405");
            assert_eq!(header(&request, "allow").as_deref(), Some("GET, HEAD"));
        }
        let request = EdgeRequest {
            method: "HEAD",
            ..frame(HOST, path)
        };
        assert_eq!(line(&request), line(&frame(HOST, path)));
        assert_eq!(headers(&request), headers(&frame(HOST, path)));
        if let EdgePlan::Page { body, .. } = edge(&config(), &request) {
            assert_eq!(body, "");
        }
    }
}

#[test]
fn a_new_worker_rolls_out_at_once() {
    let worker = get(HOST, "/sw.js");
    assert_eq!(header(&worker, "cache-control").as_deref(), Some("no-cache"));
    assert_eq!(header(&worker, "service-worker-allowed").as_deref(), Some("/"));
    assert_eq!(
        header(&worker, "content-type").as_deref(),
        Some("text/javascript; charset=utf-8")
    );
    for (path, cache, media_type) in [
        (
            "/_vf/hub-0123abcd.js",
            "public, max-age=31536000, immutable",
            "text/javascript; charset=utf-8",
        ),
        (
            "/_vf/hub-0123456789abcdef.wasm",
            "public, max-age=31536000, immutable",
            "application/wasm",
        ),
        ("/_vf/hub-x.js", "no-cache", "text/javascript; charset=utf-8"),
        ("/_vf/hub.js", "no-cache", "text/javascript; charset=utf-8"),
        ("/hub.html", "no-store", "text/html; charset=utf-8"),
    ] {
        let request = get(HOST, path);
        assert_eq!(header(&request, "cache-control").as_deref(), Some(cache), "{path}");
        assert_eq!(header(&request, "content-type").as_deref(), Some(media_type), "{path}");
        assert_eq!(header(&request, "x-content-type-options").as_deref(), Some("nosniff"));
    }
}

#[test]
fn policies_of_the_origins_own_documents() {
    let common = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-abc123'; style-src 'unsafe-inline'; \
                  connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors";
    assert_eq!(
        header(&frame(HOST, "/hub.html"), "content-security-policy").unwrap(),
        format!("{common} https://app.test http://localhost:*")
    );
    assert_eq!(
        header(&frame(OWN, "/aaaa/"), "content-security-policy").unwrap(),
        format!("{common} 'self' vfs.test:* *.vfs.test:* https://app.test http://localhost:*")
    );
    let evil = EdgeRequest {
        nonce: "a'; script-src *\r\n",
        ..frame(HOST, "/hub.html")
    };
    assert!(
        header(&evil, "content-security-policy")
            .unwrap()
            .contains("'nonce-ascript-src'")
    );
    for path in ["/hub.html", "/aaaa/"] {
        let request = frame(HOST, path);
        assert_eq!(
            header(&request, "cross-origin-embedder-policy").as_deref(),
            Some("require-corp")
        );
        assert_eq!(
            header(&request, "cross-origin-resource-policy").as_deref(),
            Some("cross-origin")
        );
    }
    let alone = virtual_files_core::config::Config::new(HOST, []).unwrap();
    let EdgePlan::Asset { headers, .. } = edge(&alone, &frame(HOST, "/hub.html")) else {
        panic!("no hub")
    };
    assert!(
        headers
            .iter()
            .any(|(_, value)| value.ends_with("frame-ancestors 'none'"))
    );
}

#[test]
fn anyone_may_read_hello() {
    for origin in [Some("https://app.test"), Some("https://evil.test"), Some("null"), None] {
        let request = EdgeRequest {
            origin,
            ..get(HOST, "/_vf/hello")
        };
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("vary", "Origin"),
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(header(&request, name).as_deref(), Some(value));
        }
    }
}

/// In a frame, an answer without a policy would be a document of this origin that may send whatever it likes.
#[test]
fn no_answer_is_without_a_policy() {
    let paths = [
        "/hub.html",
        "/sw.js",
        "/_vf/hub-0123456789abcdef.js",
        "/_vf/sw-0123456789abcdef.wasm",
        "/_vf/hello",
        "/_vf/none",
        "/_vf/sessions",
        "/_vf/sessions/none",
        "/aaaa/",
        "/",
    ];
    for hostname in [HOST, OWN] {
        for path in paths {
            for request in [get(hostname, path), frame(hostname, path)] {
                let policy = header(&request, "content-security-policy").unwrap_or_default();
                let fenced = policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors ");
                assert!(fenced, "{hostname}{path}: {policy}");
            }
        }
    }
}

#[test]
fn an_asset_that_is_not_there() {
    let EdgePlan::Page {
        status: 404,
        body,
        headers,
    } = not_found(&config(), &get(HOST, "/_vf/x.js"))
    else {
        panic!("no page");
    };
    assert!(body.starts_with("<!doctype html>"));
    assert!(headers.contains(&("content-length", body.len().to_string().into())));
}

#[test]
fn marks_are_filled() {
    let text = "<script nonce=\"__VF_NONCE__\">const config = \"__VF_CONFIG__\";</script>";
    let filled = edge::fill(text, "{\"host\":\"a\"}", "n");
    assert_eq!(filled, "<script nonce=\"n\">const config = {\"host\":\"a\"};</script>");
}
