//! Which session a request belongs to, in both layouts.

use virtual_files_core::config::Config;
use virtual_files_core::http::{Destination, Request};
use virtual_files_core::route::{Route, route};

use crate::fixture::{HOST, config};

/// The route in a line.
fn line(config: &Config, request: &Request<'_>) -> String {
    match route(config, request) {
        Route::Network => "network".to_owned(),
        Route::Session { id, path } => format!("{id}: {path}"),
        Route::Redirect { status, location } => format!("{status} {location}"),
        Route::NotFound => "nobody".to_owned(),
    }
}

enum For {
    Part,
    Frame,
    Worker,
}
use For::{Frame, Part, Worker};

fn check(hostname: &str, rows: &[(For, Option<&str>, &str, &str)]) {
    for (purpose, client_path, path, expected) in rows {
        let (path, query) = match path.find('?') {
            Some(at) => path.split_at(at),
            None => (*path, ""),
        };
        let request = Request {
            query,
            navigate: matches!(purpose, Frame),
            destination: match purpose {
                Part => Destination::Other,
                Frame => Destination::Frame,
                Worker => Destination::Worker,
            },
            client_path: *client_path,
            ..Request::get(hostname, path)
        };
        assert_eq!(
            line(&config(), &request),
            *expected,
            "{path} asked by {client_path:?} on {hostname}"
        );
    }
}

#[test]
fn shared_layout() {
    let a = Some("/aaaa/index.html");
    check(
        HOST,
        &[
            // Nobody's client: the first segment names the session.
            (Frame, None, "/aaaa/", "aaaa: "),
            (Frame, None, "/aaaa/docs/x.html?q", "aaaa: docs/x.html"),
            (Frame, None, "/aaaa", "308 /aaaa/"),
            (Frame, None, "/aaaa?q=1", "308 /aaaa/?q=1"),
            (Part, None, "/aaaa/main.js", "aaaa: main.js"),
            (Part, None, "/aaaa//main.js", "aaaa: /main.js"),
            (Frame, None, "/", "nobody"),
            (Frame, None, "/favicon.ico", "nobody"),
            (Frame, None, "/AAAA/", "nobody"),
            (Frame, None, "/%61aaa/", "nobody"),
            (Frame, None, "//aaaa/", "nobody"),
            (Frame, None, "/a_b/", "nobody"),
            // A client of a session.
            (Part, a, "/aaaa/main.js", "aaaa: main.js"),
            (Part, a, "/main.js", "aaaa: main.js"),
            (Part, a, "/assets/font.woff2?v=1", "aaaa: assets/font.woff2"),
            (Part, a, "/", "aaaa: "),
            (Frame, a, "/", "307 /aaaa/"),
            (Frame, a, "/docs/?q=1", "307 /aaaa/docs/?q=1"),
            (Frame, a, "/aaaa/docs/", "aaaa: docs/"),
            (Frame, a, "/aaaa", "308 /aaaa/"),
            (Worker, a, "/worker.js", "307 /aaaa/worker.js"),
            (Worker, a, "/aaaa/worker.js", "aaaa: worker.js"),
            (Frame, a, "//evil.test/x", "307 /aaaa//evil.test/x"),
            (Frame, a, "/\\evil.test", "307 /aaaa/%5Cevil.test"),
            // Never another session's file.
            (Part, a, "/bbbb/main.js", "aaaa: bbbb/main.js"),
            (Frame, a, "/bbbb/", "307 /aaaa/bbbb/"),
            (Frame, a, "/bbbb", "307 /aaaa/bbbb"),
            (Worker, a, "/bbbb/worker.js", "307 /aaaa/bbbb/worker.js"),
            (Part, Some("/aaaa"), "/bbbb/main.js", "aaaa: bbbb/main.js"),
            // The origin's own assets, and a session's own files of the same names.
            (Frame, None, "/hub.html", "network"),
            (Part, None, "/sw.js", "network"),
            (Part, None, "/_vf/hub-0123456789.js", "network"),
            (Part, Some("/hub.html"), "/_vf/hub-0123456789.js", "network"),
            (Part, Some("/_vf/boot.html"), "/sw.js", "network"),
            (Frame, a, "/hub.html", "network"),
            (Part, a, "/sw.js", "aaaa: sw.js"),
            (Part, a, "/_vf/own.js", "aaaa: _vf/own.js"),
            (Worker, a, "/sw.js", "307 /aaaa/sw.js"),
            (Part, a, "/aaaa/sw.js", "aaaa: sw.js"),
            (Frame, None, "/hub.html/x", "nobody"),
            (Frame, None, "/_vfx", "nobody"),
            // Clients that are no session's.
            (Part, Some("/hub.html"), "/aaaa/main.js", "aaaa: main.js"),
            (Part, Some("/"), "/main.js", "nobody"),
            (Part, Some("/"), "/main", "308 /main/"),
            (Part, Some(""), "/aaaa/x", "aaaa: x"),
            (Part, Some("/UPPER/x"), "/aaaa/x", "aaaa: x"),
        ],
    );
}

#[test]
fn origin_layout() {
    let a = Some("/aaaa/index.html");
    let routed = Some("/some/router/path");
    check(
        "aaaa.vfs.test",
        &[
            (Frame, None, "/aaaa/", "aaaa: "),
            (Frame, None, "/aaaa/docs/x.html", "aaaa: docs/x.html"),
            (Frame, None, "/aaaa", "308 /aaaa/"),
            (Frame, None, "/", "aaaa: "),
            (Frame, None, "/docs/", "aaaa: docs/"),
            (Frame, None, "/aaaab/x", "aaaa: aaaab/x"),
            (Frame, None, "//evil.test", "aaaa: /evil.test"),
            (Part, a, "/main.js", "aaaa: main.js"),
            (Worker, a, "/worker.js", "aaaa: worker.js"),
            (Frame, a, "/docs/", "aaaa: docs/"),
            // Another session's id is only a directory here.
            (Frame, None, "/bbbb/", "aaaa: bbbb/"),
            (Part, a, "/bbbb/main.js", "aaaa: bbbb/main.js"),
            (Frame, Some("/bbbb/"), "/bbbb", "aaaa: bbbb"),
            // The origin's own assets.
            (Frame, None, "/hub.html", "network"),
            (Frame, a, "/hub.html", "network"),
            (Part, None, "/sw.js", "network"),
            (Part, Some("/hub.html"), "/_vf/x.js", "network"),
            (Part, a, "/sw.js", "aaaa: sw.js"),
            (Part, routed, "/sw.js", "aaaa: sw.js"),
            (Part, Some("/"), "/_vf/x.js", "aaaa: _vf/x.js"),
            (Worker, routed, "/sw.js", "aaaa: sw.js"),
            (Frame, None, "/aaaa/hub.html", "aaaa: hub.html"),
        ],
    );
}

#[test]
fn other_host_names_are_shared() {
    for hostname in [
        "localhost",
        "a.b.vfs.test",
        "xvfs.test",
        "vfs.test.",
        "UPPER.vfs.test",
        "",
    ] {
        check(
            hostname,
            &[(Frame, None, "/bbbb/x", "bbbb: x"), (Frame, None, "/", "nobody")],
        );
    }
}
