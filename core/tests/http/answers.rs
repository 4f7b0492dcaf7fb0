//! Methods, names, directories, fallbacks, conditions, ranges, access: the status and the file of every answer.

use virtual_files_core::error::ErrorCode;
use virtual_files_core::http::{Destination, Request};
use virtual_files_core::index::Index;
use virtual_files_core::plan::{self, Plan};

use crate::fixture::{self, ETAG, LAST_MODIFIED, ask, bundle, config, get, header, index, navigation, summary};

fn check(index: &Index, rows: &[(Request<'_>, &str)]) {
    for (request, expected) in rows {
        assert_eq!(summary(&ask(request, index)), *expected, "{request:?}");
    }
}

#[test]
fn methods() {
    let index = bundle("{}");
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "HEAD ", "", "<b>",
    ] {
        let plan = ask(
            &Request {
                method,
                ..get("/aaaa/main.js")
            },
            &index,
        );
        assert_eq!(summary(&plan), "405 METHOD_NOT_ALLOWED", "{method}");
        assert_eq!(header(&plan, "allow"), Some("GET, HEAD"));
    }
    let plan = ask(
        &Request {
            method: "HEAD",
            ..get("/aaaa/main.js")
        },
        &index,
    );
    assert!(matches!(
        plan,
        Plan::Serve {
            with_body: false,
            status: 200,
            ..
        }
    ));
    assert_eq!(header(&plan, "content-length"), Some("200"));
}

#[test]
fn head_is_get_without_content() {
    let index = bundle(r#"{"listing":true}"#);
    let paths = [
        "/aaaa/",
        "/aaaa/main.js",
        "/aaaa/docs",
        "/aaaa/bare/",
        "/aaaa/none",
        "/aaaa",
        "/",
        "/aaaa/a%00b",
    ];
    for path in paths {
        let get = navigation(path);
        let (full, empty) = (ask(&get, &index), ask(&Request { method: "HEAD", ..get }, &index));
        assert_eq!(full.status(), empty.status(), "{path}");
        assert_eq!(full.headers(), empty.headers(), "{path}");
        match (full, empty) {
            (Plan::Serve { with_body: full, .. }, Plan::Serve { with_body: empty, .. }) => assert!(full && !empty),
            (Plan::Page { body: full, .. }, Plan::Page { body: empty, .. }) => {
                assert!(!full.is_empty() && empty.is_empty());
            }
            (Plan::Empty { .. }, Plan::Empty { .. }) => {}
            _ => panic!("{path}"),
        }
    }
}

#[test]
fn names() {
    let long = format!("/aaaa/{}", "x".repeat(300));
    check(
        &bundle("{}"),
        &[
            (get("/aaaa/main.js"), "200 main.js"),
            (get("/aaaa/m%61in.js"), "200 main.js"),
            (
                get("/aaaa/%D0%B8%D0%BC%D1%8F%20%D1%84%D0%B0%D0%B9%D0%BB%D0%B0.js"),
                "200 имя файла.js",
            ),
            (get("/aaaa/100%25.js"), "200 100%.js"),
            (get("/aaaa/100%.js"), "200 100%.js"),
            (get("/aaaa/a+b%23c%3Fd.js"), "200 a+b#c?d.js"),
            (get("/aaaa/a%2Bb%23c%3Fd.js"), "200 a+b#c?d.js"),
            (get("/aaaa/Main.js"), "404 NOT_FOUND"),
            (get("/aaaa/a%20b.js"), "404 NOT_FOUND"),
            // What no file can be named.
            (get("/aaaa/docs%2Findex.html"), "404 INVALID_PATH"),
            (get("/aaaa/docs/../main.js"), "404 INVALID_PATH"),
            (get("/aaaa/%2e%2e/main.js"), "404 INVALID_PATH"),
            (get("/aaaa/./main.js"), "404 INVALID_PATH"),
            (get("/aaaa//main.js"), "404 INVALID_PATH"),
            (get("/aaaa/docs//"), "404 INVALID_PATH"),
            (get("/aaaa//"), "404 INVALID_PATH"),
            (get("/aaaa/docs%5Cindex.html"), "404 INVALID_PATH"),
            (get("/aaaa/main.js%00"), "404 INVALID_PATH"),
            (get("/aaaa/main.js%0D%0A"), "404 INVALID_PATH"),
            (get("/aaaa/%FF"), "404 INVALID_PATH"),
            (get("/aaaa/%C2%85"), "404 INVALID_PATH"),
            (get(&long), "404 INVALID_PATH"),
        ],
    );
}

#[test]
fn directories() {
    let query = |path| Request {
        query: "?a=/b",
        ..navigation(path)
    };
    let own_host = |path| Request {
        hostname: "aaaa.vfs.test",
        ..query(path)
    };
    let client = |path| Request {
        client_path: Some("/aaaa/"),
        ..get(path)
    };
    let in_place = |path| Request {
        may_redirect: false,
        ..get(path)
    };
    check(
        &bundle("{}"),
        &[
            (navigation("/aaaa"), "308 /aaaa/"),
            (navigation("/aaaa/"), "200 index.html"),
            (navigation("/aaaa/docs"), "308 /aaaa/docs/"),
            (navigation("/aaaa/docs/"), "200 docs/index.html"),
            (navigation("/aaaa/docs/index.html"), "200 docs/index.html"),
            (get("/aaaa/docs"), "308 /aaaa/docs/"),
            (get("/aaaa/docs/"), "200 docs/index.html"),
            // A redirect keeps the query and the shape of the URL.
            (query("/aaaa"), "308 /aaaa/?a=/b"),
            (query("/aaaa/docs"), "308 /aaaa/docs/?a=/b"),
            (query("/aaaa/%64ocs"), "308 /aaaa/%64ocs/?a=/b"),
            (own_host("/docs"), "308 /docs/?a=/b"),
            (own_host("/aaaa/docs"), "308 /aaaa/docs/?a=/b"),
            (own_host("/"), "200 index.html"),
            (client("/docs"), "308 /docs/"),
            // Where there may be no redirect, what is behind the slash is answered at once.
            (in_place("/aaaa"), "200 index.html"),
            (in_place("/aaaa/docs"), "200 docs/index.html"),
            (in_place("/aaaa/docs/"), "200 docs/index.html"),
            (in_place("/aaaa/both"), "200 both"),
            (in_place("/aaaa/bare"), "404 NOT_FOUND"),
            // A file of the name comes first; with a slash it is the directory.
            (get("/aaaa/both"), "200 both"),
            (get("/aaaa/both/"), "200 both/index.html"),
            (get("/aaaa/main.js/"), "404 NOT_FOUND"),
            // No index, and no listing unless it is asked for.
            (get("/aaaa/bare"), "404 NOT_FOUND"),
            (get("/aaaa/bare/"), "404 NOT_FOUND"),
            (get("/aaaa/docs/deep/"), "404 NOT_FOUND"),
            (get("/aaaa/doc"), "404 NOT_FOUND"),
            (
                Request {
                    hostname: "aaaa.vfs.test",
                    ..get("//evil.test/docs")
                },
                "404 INVALID_PATH",
            ),
        ],
    );
    check(
        &index(&[("x.js", 1)], fixture::options("{}")),
        &[(navigation("/aaaa/"), "404 NOT_FOUND")],
    );
}

#[test]
fn listings() {
    let index = bundle(r#"{"listing":true}"#);
    check(
        &index,
        &[
            (navigation("/aaaa/bare"), "308 /aaaa/bare/"),
            (navigation("/aaaa/bare/"), "200 listing"),
            (navigation("/aaaa/docs/deep"), "308 /aaaa/docs/deep/"),
            (
                Request {
                    may_redirect: false,
                    ..get("/aaaa/bare")
                },
                "200 listing",
            ),
            (navigation("/aaaa/docs/"), "200 docs/index.html"),
            (navigation("/aaaa/"), "200 index.html"),
            (navigation("/aaaa/bar/"), "404 NOT_FOUND"),
            (navigation("/aaaa/main.js/"), "404 NOT_FOUND"),
        ],
    );
    let names = [
        ("a&b <i>.html", 1),
        ("dir/x.js", 1),
        ("dir/y/z.js", 1),
        ("dir-2/x.js", 1),
        ("q?#%.js", 1),
        ("javascript:alert(1)", 1),
        ("\"onclick=\"x", 1),
        ("имя.js", 2048),
    ];
    let Plan::Page { status: 200, body, .. } =
        ask(&navigation("/aaaa/"), &fixture::index(&names, index.options().clone()))
    else {
        panic!("no listing");
    };
    for part in [
        "<a href=\"./a&amp;b%20%3Ci%3E.html\">a&amp;b &lt;i&gt;.html</a>",
        "<a href=\"./dir/\">dir/</a>",
        "<a href=\"./dir-2/\">dir-2/</a>",
        "<a href=\"./q%3F%23%25.js\">q?#%.js</a>",
        "<a href=\"./javascript:alert(1)\">javascript:alert(1)</a>",
        "<a href=\"./%22onclick=%22x\">&quot;onclick=&quot;x</a>",
        "<a href=\"./%D0%B8%D0%BC%D1%8F.js\">имя.js</a><span>2.0 KB</span>",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert_eq!(body.matches("<li>").count(), 7);
    assert!(!body.contains("Parent directory") && !body.contains("z.js") && !body.contains("<i>"));
    let deep = fixture::index(&names, index.options().clone());
    let Plan::Page { body, .. } = ask(&navigation("/aaaa/dir/"), &deep) else {
        panic!("no listing")
    };
    assert!(body.contains("<a href=\"../\">Parent directory</a>"));
    assert!(body.contains("<a href=\"./x.js\">x.js</a>") && body.contains("<a href=\"./y/\">y/</a>"));
    assert_eq!(body.matches("<li>").count(), 3);
    let none = fixture::index(&[], index.options().clone());
    check(
        &none,
        &[
            (navigation("/aaaa/"), "200 listing"),
            (navigation("/aaaa/x/"), "404 NOT_FOUND"),
        ],
    );
}

#[test]
fn fallbacks() {
    let spa = bundle(r#"{"spa":"index.html"}"#);
    check(
        &spa,
        &[
            (navigation("/aaaa/users/7"), "200 index.html"),
            (navigation("/aaaa/users/7/"), "200 index.html"),
            (navigation("/aaaa/missing.png"), "200 index.html"),
            (
                Request {
                    method: "HEAD",
                    ..navigation("/aaaa/users/7")
                },
                "200 index.html",
            ),
            (
                Request {
                    range: Some("bytes=0-9"),
                    ..navigation("/aaaa/users/7")
                },
                "206 index.html 0..10",
            ),
            (
                Request {
                    if_none_match: Some(ETAG),
                    ..navigation("/aaaa/users/7")
                },
                "304",
            ),
            // Not for parts of a page, where a page in the place of a script only hides the mistake.
            (get("/aaaa/users/7"), "404 NOT_FOUND"),
            (get("/aaaa/missing.js"), "404 NOT_FOUND"),
            // What exists comes first, and what cannot be a name is still refused.
            (navigation("/aaaa/main.js"), "200 main.js"),
            (navigation("/aaaa/docs"), "308 /aaaa/docs/"),
            (navigation("/aaaa/a%00"), "404 INVALID_PATH"),
            (
                Request {
                    method: "POST",
                    ..navigation("/aaaa/users/7")
                },
                "405 METHOD_NOT_ALLOWED",
            ),
        ],
    );
    check(
        &bundle(r#"{"spa":"gone.html"}"#),
        &[(navigation("/aaaa/users/7"), "404 NOT_FOUND")],
    );

    let files = [("index.html", 1), ("404.html", 40)];
    let own = index(&files, fixture::options("{}"));
    check(
        &own,
        &[
            (navigation("/aaaa/users/7"), "404 404.html"),
            (get("/aaaa/missing.js"), "404 404.html"),
            (get("/aaaa/deep/missing/"), "404 404.html"),
            (get("/aaaa/404.html"), "200 404.html"),
            // Conditions and ranges are about a file that was found.
            (
                Request {
                    if_none_match: Some("*"),
                    ..get("/aaaa/x")
                },
                "404 404.html",
            ),
            (
                Request {
                    if_modified_since: Some(LAST_MODIFIED),
                    ..get("/aaaa/x")
                },
                "404 404.html",
            ),
            (
                Request {
                    range: Some("bytes=0-9"),
                    ..get("/aaaa/x")
                },
                "404 404.html",
            ),
            (
                Request {
                    range: Some("bytes=99-"),
                    ..get("/aaaa/x")
                },
                "404 404.html",
            ),
            (get("/aaaa/a%00"), "404 INVALID_PATH"),
        ],
    );
    let plan = ask(&get("/aaaa/x"), &own);
    assert_eq!(header(&plan, "content-length"), Some("40"));
    assert_eq!(header(&plan, "content-type"), Some("text/html; charset=utf-8"));
    for none in ["etag", "last-modified", "accept-ranges", "content-range"] {
        assert_eq!(header(&plan, none), None);
    }
    let both = index(&files, fixture::options(r#"{"spa":"/index.html"}"#));
    check(
        &both,
        &[
            (navigation("/aaaa/x"), "200 index.html"),
            (get("/aaaa/x"), "404 404.html"),
        ],
    );
}

#[test]
fn conditions() {
    let index = bundle("{}");
    let before = "Sun, 06 Nov 1994 08:49:36 GMT";
    let none_match = |tags| Request {
        if_none_match: Some(tags),
        ..get("/aaaa/main.js")
    };
    let since = |date| Request {
        if_modified_since: Some(date),
        ..get("/aaaa/main.js")
    };
    let weak = format!("W/{ETAG}");
    let list = format!("\"x\", {weak}");
    check(
        &index,
        &[
            (none_match(ETAG), "304"),
            (none_match(&weak), "304"),
            (none_match(&list), "304"),
            (none_match("*"), "304"),
            (none_match("\"x\""), "200 main.js"),
            (none_match(""), "200 main.js"),
            (since(LAST_MODIFIED), "304"),
            (since("Sun, 06 Nov 1994 08:49:38 GMT"), "304"),
            (since(before), "200 main.js"),
            (since("soon"), "200 main.js"),
            // The tag is asked alone where there is one.
            (
                Request {
                    if_modified_since: Some(LAST_MODIFIED),
                    ..none_match("\"x\"")
                },
                "200 main.js",
            ),
            (
                Request {
                    if_modified_since: Some(before),
                    ..none_match(ETAG)
                },
                "304",
            ),
            // Before the range.
            (
                Request {
                    range: Some("bytes=0-1"),
                    ..none_match(ETAG)
                },
                "304",
            ),
            (
                Request {
                    range: Some("bytes=999-"),
                    ..none_match(ETAG)
                },
                "304",
            ),
            (
                Request {
                    method: "HEAD",
                    ..none_match(ETAG)
                },
                "304",
            ),
            (
                Request {
                    if_none_match: Some("*"),
                    ..get("/aaaa/missing")
                },
                "404 NOT_FOUND",
            ),
            (
                Request {
                    if_none_match: Some("*"),
                    ..get("/aaaa/docs")
                },
                "308 /aaaa/docs/",
            ),
        ],
    );
    let plan = ask(&none_match(ETAG), &index);
    for (name, value) in [
        ("etag", Some(ETAG)),
        ("last-modified", Some(LAST_MODIFIED)),
        ("cache-control", Some("no-cache")),
        ("content-length", None),
        ("content-type", None),
        ("content-range", None),
    ] {
        assert_eq!(header(&plan, name), value, "{name}");
    }
    assert!(header(&plan, "content-security-policy").is_some());
}

#[test]
fn ranges() {
    let index = bundle("{}");
    let range = |range| Request {
        range: Some(range),
        ..get("/aaaa/film.mp4")
    };
    let if_range = |validator| Request {
        if_range: Some(validator),
        ..range("bytes=0-9")
    };
    let empty = |range| Request {
        range: Some(range),
        ..get("/aaaa/empty.js")
    };
    let weak = format!("W/{ETAG}");
    check(
        &index,
        &[
            (range("bytes=0-9"), "206 film.mp4 0..10"),
            (range("bytes=0-"), "206 film.mp4 0..1000"),
            (range("bytes=990-5000"), "206 film.mp4 990..1000"),
            (range("bytes=-10"), "206 film.mp4 990..1000"),
            (range("bytes=-5000"), "206 film.mp4 0..1000"),
            (range("bytes=1000-"), "416 RANGE_NOT_SATISFIABLE"),
            (range("bytes=-0"), "416 RANGE_NOT_SATISFIABLE"),
            (range("bytes=9-0"), "200 film.mp4"),
            (range("bytes=0-1,3-4"), "200 film.mp4"),
            (range("seconds=0-9"), "200 film.mp4"),
            (range("x"), "200 film.mp4"),
            (
                Request {
                    method: "HEAD",
                    ..range("bytes=0-9")
                },
                "200 film.mp4",
            ),
            (
                Request {
                    method: "HEAD",
                    ..range("bytes=1000-")
                },
                "200 film.mp4",
            ),
            (if_range(ETAG), "206 film.mp4 0..10"),
            (if_range(LAST_MODIFIED), "206 film.mp4 0..10"),
            (if_range(&weak), "200 film.mp4"),
            (if_range("\"x\""), "200 film.mp4"),
            (if_range("Sun, 06 Nov 1994 08:49:38 GMT"), "200 film.mp4"),
            (if_range(""), "200 film.mp4"),
            (
                Request {
                    if_range: Some(ETAG),
                    ..get("/aaaa/film.mp4")
                },
                "200 film.mp4",
            ),
            (
                Request {
                    if_range: Some("\"x\""),
                    ..range("bytes=1000-")
                },
                "200 film.mp4",
            ),
            (empty("bytes=0-"), "416 RANGE_NOT_SATISFIABLE"),
            (empty("bytes=-1"), "200 empty.js"),
            (
                Request {
                    range: Some("bytes=0-9"),
                    ..get("/aaaa/docs")
                },
                "308 /aaaa/docs/",
            ),
        ],
    );
    let plan = ask(&range("bytes=990-5000"), &index);
    assert_eq!(header(&plan, "content-range"), Some("bytes 990-999/1000"));
    assert_eq!(header(&plan, "content-length"), Some("10"));
    assert_eq!(header(&plan, "content-type"), Some("video/mp4"));
    assert_eq!(header(&plan, "etag"), Some(ETAG));
    let plan = ask(&range("bytes=1000-"), &index);
    assert_eq!(header(&plan, "content-range"), Some("bytes */1000"));
    assert_eq!(header(&plan, "content-type"), Some("text/html; charset=utf-8"));
    let plan = ask(&empty("bytes=0-"), &index);
    assert_eq!(header(&plan, "content-range"), Some("bytes */0"));
    let plan = ask(&get("/aaaa/film.mp4"), &index);
    assert_eq!(header(&plan, "content-range"), None);
    assert_eq!(header(&plan, "accept-ranges"), Some("bytes"));
}

#[test]
fn access() {
    let tab = |path| Request {
        destination: Destination::Document,
        ..navigation(path)
    };
    check(
        &bundle("{}"),
        &[
            (tab("/aaaa/"), "403 ACCESS_DENIED"),
            (tab("/aaaa/main.js"), "403 ACCESS_DENIED"),
            (tab("/aaaa/missing"), "403 ACCESS_DENIED"),
            (tab("/aaaa/docs"), "403 ACCESS_DENIED"),
            (
                Request {
                    method: "HEAD",
                    ..tab("/aaaa/")
                },
                "403",
            ),
            (navigation("/aaaa/"), "200 index.html"),
        ],
    );
    check(
        &bundle(r#"{"topLevel":true}"#),
        &[
            (tab("/aaaa/"), "200 index.html"),
            (tab("/aaaa/missing"), "404 NOT_FOUND"),
        ],
    );
    // A document of one session that names another's file asks its own session for it.
    let request = Request {
        client_path: Some("/bbbb/"),
        ..get("/aaaa/main.js")
    };
    check(&bundle("{}"), &[(request, "404 NOT_FOUND")]);
    // No session says nothing about access.
    for request in [tab("/aaaa/"), navigation("/aaaa/"), get("/aaaa/main.js")] {
        assert_eq!(summary(&plan::plan(&config(), &request, "", None)), "404 NOT_FOUND");
    }
}

#[test]
fn what_goes_wrong_has_a_page() {
    let request = navigation("/aaaa/");
    assert_eq!(summary(&plan::internal_error(&config(), &request)), "500 INTERNAL");
    for code in ErrorCode::ALL {
        let plan = plan::unavailable(&config(), &request, *code);
        assert_eq!(summary(&plan), format!("503 {code}"));
        assert_eq!(header(&plan, "retry-after"), Some("1"));
    }
    assert_eq!(summary(&plan::not_found(&config(), &request)), "404 NOT_FOUND");
}
