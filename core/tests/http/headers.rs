//! The header sets of whole answers.

use virtual_files_core::http::Request;
use virtual_files_core::plan::Plan;

use crate::fixture::{ETAG, LAST_MODIFIED, ask, bundle, get, header, navigation};

const ANCESTORS: &str = "frame-ancestors 'self' https://app.test http://localhost:*";

fn sorted(plan: &Plan<'_>) -> Vec<(String, String)> {
    let mut headers: Vec<_> = plan
        .headers()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_string()))
        .collect();
    headers.sort();
    headers
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_file_of_a_closed_session() {
    let policy = format!(
        "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; base-uri 'self'; form-action 'self'; \
         {ANCESTORS}"
    );
    assert_eq!(
        sorted(&ask(&get("/aaaa/main.js"), &bundle("{}"))),
        pairs(&[
            ("accept-ranges", "bytes"),
            ("cache-control", "no-cache"),
            ("content-length", "200"),
            ("content-security-policy", &policy),
            ("content-type", "text/javascript; charset=utf-8"),
            ("etag", ETAG),
            ("last-modified", LAST_MODIFIED),
            ("origin-agent-cluster", "?1"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("x-dns-prefetch-control", "off"),
        ])
    );
}

#[test]
fn a_file_of_an_open_isolated_session() {
    let index = bundle(r#"{"network":"open","crossOriginIsolated":true}"#);
    assert_eq!(
        sorted(&ask(&navigation("/aaaa/"), &index)),
        pairs(&[
            ("accept-ranges", "bytes"),
            ("cache-control", "no-cache"),
            ("content-length", "100"),
            ("content-security-policy", ANCESTORS),
            ("content-type", "text/html; charset=utf-8"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("etag", ETAG),
            ("last-modified", LAST_MODIFIED),
            ("origin-agent-cluster", "?1"),
            ("x-content-type-options", "nosniff"),
        ])
    );
}

#[test]
fn named_origins_are_in_every_directive() {
    let index = bundle(r#"{"network":["https://api.test","wss://*.live.test:*"]}"#);
    let plan = ask(&get("/aaaa/main.js"), &index);
    let policy = header(&plan, "content-security-policy").unwrap();
    for directive in ["default-src ", "base-uri ", "form-action "] {
        let directive = policy.split("; ").find(|part| part.starts_with(directive)).unwrap();
        assert!(
            directive.ends_with(" https://api.test wss://*.live.test:*"),
            "{directive}"
        );
    }
}

/// Whatever the type, the part or the status: a worker takes its policy from its own script, an image of the type SVG is
/// a document when it is opened in a frame.
#[test]
fn every_answer_of_a_session_has_its_policy() {
    let index = bundle(r#"{"crossOriginIsolated":true}"#);
    let policy = |plan: &Plan<'_>| header(plan, "content-security-policy").unwrap().to_owned();
    let expected = policy(&ask(&navigation("/aaaa/"), &index));
    assert!(expected.starts_with("default-src 'self'"));
    for request in [
        get("/aaaa/main.js"),
        get("/aaaa/both"),
        Request {
            range: Some("bytes=0-9"),
            ..get("/aaaa/film.mp4")
        },
        Request {
            if_none_match: Some("*"),
            ..get("/aaaa/film.mp4")
        },
        Request {
            method: "HEAD",
            ..get("/aaaa/film.mp4")
        },
    ] {
        let plan = ask(&request, &index);
        assert_eq!(policy(&plan), expected, "{request:?}");
        assert_eq!(header(&plan, "cross-origin-embedder-policy"), Some("require-corp"));
        assert_eq!(header(&plan, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(&plan, "origin-agent-cluster"), Some("?1"));
    }
    // Pages of ours have a stricter one, and may stand in an isolated document.
    for request in [
        navigation("/aaaa/x"),
        navigation("/aaaa/docs"),
        navigation("/"),
        navigation("/aaaa/%00"),
    ] {
        let plan = ask(&request, &index);
        assert_eq!(
            policy(&plan),
            format!("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; {ANCESTORS}")
        );
        assert_eq!(header(&plan, "cross-origin-embedder-policy"), Some("require-corp"));
        assert_eq!(header(&plan, "cross-origin-resource-policy"), Some("cross-origin"));
        assert_eq!(header(&plan, "cache-control"), Some("no-store"));
    }
}
