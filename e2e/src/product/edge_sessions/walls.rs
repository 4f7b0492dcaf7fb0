//! Who is kept out of an edge session, and that they learn nothing by trying.

use super::content::dressed;
use super::{APP, Answer, Ask, FRAME, SCRIPT, Session, files};
use crate::case::Case;
use crate::lab::Shared;
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::wire("edge_sessions_guessed_ids", guessed),
    Case::wire("edge_sessions_foreign_origins_read_nothing", foreign),
    Case::wire("edge_sessions_no_page_of_its_own", top_level),
    Case::wire("edge_sessions_embedded_by_strangers", embedded),
    Case::wire("edge_sessions_no_worker_of_the_origin", workers),
    Case::wire("edge_sessions_other_methods", methods),
    Case::wire("edge_sessions_writing_without_the_key", keys),
    Case::wire("edge_sessions_stale_keys", stale),
    Case::wire("edge_sessions_writing_from_strangers", writers),
    Case::wire("edge_sessions_only_at_the_bare_host", hosts),
];

/// A session that is there, and one that is not.
fn two(shared: &mut Shared) -> Result<(Session, Session)> {
    let port = shared.product()?.port();
    let session = Session::new(port);
    session.put(
        "merge",
        &files(&[("index.html", b"<p>secret"), ("a.js", b"secret"), ("sw.js", b"secret")]),
    )?;
    Ok((session, Session::new(port)))
}

/// Fails unless two answers differ in nothing but the names that were asked for.
fn alike(present: &Session, here: &Answer, absent: &Session, gone: &Answer) -> Result {
    let (one, two) = (here.without(&present.id), gone.without(&absent.id));
    ensure(one == two, || {
        format!("{}: {one:?}\nand of a session that is not: {two:?}", here.what)
    })?;
    ensure(!here.text().contains("secret"), || here.what.clone())
}

/// A text that is another in its last digit, whatever that is.
fn other_end(text: &str, digit: &str, instead: &str) -> String {
    let last = if text.ends_with(digit) { instead } else { digit };
    [&text[..text.len() - 1], last].concat()
}

fn guessed(shared: &mut Shared) -> Result {
    let (session, absent) = two(shared)?;
    for (headers, status) in [(FRAME, 404), (SCRIPT, 404), (&[], 404)] {
        for path in ["", "index.html", "a.js", "nothing"] {
            let answer = absent.read(path).headers(headers).send()?.status(status)?;
            dressed(&absent, &answer)?;
            // Never the boot page, which would look for it in the browser.
            ensure(!answer.text().contains("Starting preview"), || answer.what.clone())?;
        }
    }
    // Without the id there is nothing, and what nearly is the id is another.
    let port = session.port;
    let nearly = other_end(&session.id, "x", "y");
    for path in [
        "/a.js",
        "/e-/a.js",
        &format!("/{}/a.js", &session.id[..27]),
        &format!("/{nearly}/a.js"),
        &format!("/{}x/a.js", session.id),
    ] {
        let answer = Ask::new(port, "GET", path).headers(SCRIPT).send()?.status(404)?;
        ensure(!answer.text().contains("secret"), || answer.what.clone())?;
    }
    for path in [
        "/_vf/sessions",
        "/_vf/sessions/",
        "/_vf/sessions/x",
        "/_vf/sessions/e-x/uploads",
    ] {
        let answer = Ask::new(port, "GET", path).header("Origin", APP).send()?;
        answer.refused(400, "INVALID_SESSION")?;
    }
    session.delete()?.status(204)?;
    Ok(())
}

fn foreign(shared: &mut Shared) -> Result {
    let (session, absent) = two(shared)?;
    let own = format!("http://virtual-files.localhost:{}", session.port);
    let preview = format!("http://some.virtual-files.localhost:{}", session.port);
    for origin in [
        "http://evil.example",
        APP,
        &own,
        &preview,
        "",
        "null, http://evil.example",
        "NULL",
        "file://",
    ] {
        for path in ["", "a.js", "nothing"] {
            for (method, status) in [("GET", 403), ("HEAD", 403), ("OPTIONS", 405), ("POST", 405)] {
                let ask = |session: &Session| {
                    Ask::new(session.port, method, format!("/{}/{path}", session.id))
                        .headers(&[
                            ("Sec-Fetch-Dest", "empty"),
                            ("Sec-Fetch-Mode", "cors"),
                            ("Origin", origin),
                        ])
                        .send()
                };
                // An empty header is none, which is no foreign origin.
                if origin.is_empty() && method != "OPTIONS" && method != "POST" {
                    continue;
                }
                let (here, gone) = (ask(&session)?.status(status)?, ask(&absent)?);
                alike(&session, &here, &absent, &gone)?;
                dressed(&session, &here)?;
                here.has("access-control-allow-origin", "")?;
            }
        }
    }
    session.delete()?.status(204)?;
    Ok(())
}

/// Asks both sessions, and wants the same 403 of both.
fn denied(session: &Session, absent: &Session, path: &str, headers: &[(&str, &str)]) -> Result {
    let here = session.read(path).headers(headers).send()?.status(403)?;
    let gone = absent.read(path).headers(headers).send()?;
    alike(session, &here, absent, &gone)?;
    dressed(session, &here)?;
    ensure(here.text().contains("<h1>Access denied</h1>"), || here.text())
}

fn top_level(shared: &mut Shared) -> Result {
    let (session, absent) = two(shared)?;
    // Not even where the session's options would allow it to a worker.
    let mut manifest = Session::manifest("merge", &files(&[]));
    manifest["options"] = serde_json::json!({ "topLevel": true });
    session.upload(&manifest, &files(&[]))?;
    for path in ["", "index.html", "a.js", "nothing", "docs"] {
        for headers in [
            &[("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate")][..],
            &[
                ("Sec-Fetch-Dest", "document"),
                ("Sec-Fetch-Mode", "navigate"),
                ("Referer", "http://localhost:5000/"),
            ],
            &[("Sec-Fetch-Dest", "document")],
            &[("Sec-Fetch-Mode", "navigate")],
            &[("Sec-Fetch-Dest", "empty"), ("Sec-Fetch-Mode", "navigate")],
            &[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")],
            &[("Accept", "text/html"), ("Referer", "http://localhost:5000/")],
        ] {
            denied(&session, &absent, path, headers)?;
        }
    }
    session.delete()?.status(204)?;
    Ok(())
}

fn embedded(shared: &mut Shared) -> Result {
    let (session, absent) = two(shared)?;
    let port = session.port;
    let preview = format!("http://some.virtual-files.localhost:{port}/");
    let own = format!("http://virtual-files.localhost:{port}/");
    for destination in ["iframe", "frame", "embed", "object", "fencedframe"] {
        let frame = [("Sec-Fetch-Dest", destination), ("Sec-Fetch-Mode", "navigate")];
        let with = |referer| [frame[0], frame[1], ("Referer", referer)];
        for referer in [
            "http://evil.example/",
            "http://evil.example/http://localhost:5000/",
            "http://localhost:5000@evil.example/",
            "http://localhost.evil.example/",
            "https://localhost:5000/",
            "null",
            "about:srcdoc",
            &preview,
        ] {
            denied(&session, &absent, "index.html", &with(referer))?;
        }
        // A frame in an opaque frame: Chromium sends none.
        session.read("index.html").headers(&frame).send()?.status(200)?;
        absent.read("index.html").headers(&frame).send()?.status(404)?;
        for referer in [
            "http://localhost:5000/app?x",
            "http://app.virtual-files.localhost:1/",
            &own,
        ] {
            session.read("index.html").headers(&with(referer)).send()?.status(200)?;
            absent.read("index.html").headers(&with(referer)).send()?.status(404)?;
        }
    }
    session.delete()?.status(204)?;
    Ok(())
}

/// A document of the VFS origin itself could start a worker from here, which would be of that origin.
fn workers(shared: &mut Shared) -> Result {
    let (session, absent) = two(shared)?;
    for destination in ["worker", "sharedworker", "serviceworker"] {
        denied(
            &session,
            &absent,
            "sw.js",
            &[("Sec-Fetch-Dest", destination), ("Sec-Fetch-Mode", "same-origin")],
        )?;
    }
    denied(&session, &absent, "sw.js", &[("Service-Worker", "script")])?;
    session.delete()?.status(204)?;
    Ok(())
}

fn methods(shared: &mut Shared) -> Result {
    let (session, absent) = two(shared)?;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let ask = |session: &Session| Ask::new(session.port, method, format!("/{}/a.js", session.id)).send();
        let (here, gone) = (ask(&session)?.status(405)?, ask(&absent)?);
        here.has("allow", "GET, HEAD")?;
        alike(&session, &here, &absent, &gone)?;
    }
    session.delete()?.status(204)?;
    Ok(())
}

/// Every request of the write API but the one that claims.
fn all_writes(session: &Session, upload: &str) -> Vec<Ask<'static>> {
    vec![
        session.write("GET", ""),
        session.write("DELETE", ""),
        session.part(upload, 0, b"x"),
        session.write("POST", &format!("/uploads/{upload}/commit")).body(b""),
        session.write("DELETE", &format!("/uploads/{upload}")),
    ]
}

fn keys(shared: &mut Shared) -> Result {
    let (session, absent) = two(shared)?;
    let bundle = files(&[("index.html", b"<p>secret"), ("a.js", b"secret"), ("sw.js", b"secret")]);
    let more = files(&[("more", b"more")]);
    let begun = session.begin(&Session::manifest("merge", &more))?;
    let near = other_end(&session.key, "A", "B");
    let of = |key: &str, session: &Session| Session {
        key: key.to_owned(),
        ..session.clone()
    };
    for key in [
        "",
        "x",
        &session.key[..42],
        &format!("{}=", &session.key[..42]),
        &format!("{}A", session.key),
        &near,
        &session.stranger().key,
    ] {
        for (here, gone) in all_writes(&of(key, &session), &begun.id)
            .iter()
            .zip(all_writes(&of(key, &absent), &begun.id))
        {
            let (here, gone) = (here.send()?.refused(404, "NOT_FOUND")?, gone.send()?);
            alike(&session, &here, &absent, &gone)?;
        }
        // The first writer has claimed the id: nobody else begins anything there.
        let manifest = Session::manifest("replace", &files(&[])).to_string();
        let stranger = of(key, &session).write("POST", "/uploads").body(manifest.as_bytes());
        stranger.send()?.refused(404, "NOT_FOUND")?;
        let nonsense = of(key, &session).write("POST", "/uploads").body(b"nonsense");
        nonsense.send()?.refused(404, "NOT_FOUND")?;
    }
    let bare = Ask::new(session.port, "GET", format!("/_vf/sessions/{}", session.id)).header("Origin", APP);
    bare.send()?.refused(404, "NOT_FOUND")?;
    session.expect(&bundle)?;
    // The upload that was attacked is as it was.
    session.send(&begun.id, b"more", 0)?;
    session.commit(&begun.id)?.status(200)?;
    session.delete()?.status(204)?;
    Ok(())
}

fn stale(shared: &mut Shared) -> Result {
    let (session, _) = two(shared)?;
    let begun = session.begin(&Session::manifest("merge", &files(&[("more", b"more")])))?;
    session.delete()?.status(204)?;
    let second = session.stranger();
    let bundle = files(&[("theirs", b"theirs")]);
    // What the first had stored is not taken for present.
    let (sent, _) = second.upload(&Session::manifest("merge", &bundle), &bundle)?;
    ensure(sent == [0], || format!("{sent:?}"))?;
    for ask in all_writes(&session, &begun.id) {
        ask.send()?.refused(404, "NOT_FOUND")?;
    }
    let manifest = Session::manifest("replace", &files(&[])).to_string();
    session
        .write("POST", "/uploads")
        .body(manifest.as_bytes())
        .send()?
        .refused(404, "NOT_FOUND")?;
    // Nor does the second find the first's upload or files.
    second.commit(&begun.id)?.refused(404, "NOT_FOUND")?;
    second.read("a.js").headers(SCRIPT).send()?.status(404)?;
    second.expect(&bundle)?;
    second.delete()?.status(204)?;
    Ok(())
}

fn writers(shared: &mut Shared) -> Result {
    let (session, _) = two(shared)?;
    let port = session.port;
    let hub = format!("http://virtual-files.localhost:{port}");
    let preview = format!("http://some.virtual-files.localhost:{port}");
    let path = format!("/_vf/sessions/{}", session.id);
    let key = format!("Bearer {}", session.key);
    for origin in ["", "null", "http://evil.example", "https://localhost:5000", &preview] {
        for (method, below) in [("GET", ""), ("DELETE", ""), ("POST", "/uploads"), ("OPTIONS", "")] {
            let ask = Ask::new(port, method, format!("{path}{below}")).header("Authorization", &key);
            let ask = match (origin, method) {
                // The hub's own look at it, as browsers send it; no page of another origin comes without one.
                ("", "GET") => continue,
                ("", _) => ask,
                _ => ask.header("Origin", origin),
            };
            let answer = ask.body(b"{}").send()?.refused(403, "ORIGIN_NOT_ALLOWED")?;
            answer.has("access-control-allow-origin", "")?;
            answer.has("vary", "Origin")?;
        }
    }
    for origin in [APP, "http://app.virtual-files.localhost:1", &hub] {
        let ask = |method| Ask::new(port, method, &path).header("Origin", origin);
        let preflight = ask("OPTIONS")
            .header("Access-Control-Request-Method", "PUT")
            .send()?
            .status(204)?;
        preflight.has("access-control-allow-headers", "authorization, content-type")?;
        preflight.has("access-control-allow-methods", "GET, POST, PUT, DELETE")?;
        preflight.has("access-control-max-age", "600")?;
        let read = ask("GET").header("Authorization", &key).send()?.status(200)?;
        for answer in [preflight, read, ask("GET").send()?.status(404)?] {
            answer.has("access-control-allow-origin", origin)?;
            answer.has("vary", "Origin")?;
            answer.has("access-control-allow-credentials", "")?;
            answer.has("cache-control", "no-store")?;
        }
    }
    session.delete()?.status(204)?;
    Ok(())
}

/// The sessions' and the API's paths mean nothing on other names of the origin.
fn hosts(shared: &mut Shared) -> Result {
    let (session, _) = two(shared)?;
    for host in [
        "some.virtual-files.localhost",
        "localhost",
        "a.b.virtual-files.localhost",
    ] {
        let answer = session.read("a.js").headers(SCRIPT).host(host).send()?;
        ensure(answer.status == 404 && !answer.text().contains("secret"), || {
            answer.what.clone()
        })?;
        let answer = session.write("GET", "").host(host).send()?;
        ensure(answer.status == 404 && !answer.text().contains("version"), || {
            answer.what.clone()
        })?;
        session.write("DELETE", "").host(host).send()?.status(405)?;
    }
    session.read("a.js").headers(SCRIPT).send()?.status(200)?;
    session.delete()?.status(204)?;
    Ok(())
}
