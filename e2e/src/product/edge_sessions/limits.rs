//! Too much of anything stops where it should, and the session is what it was.

use serde_json::{Value, json};

use super::super::wrangler::Wrangler;
use super::{APP, Answer, Ask, Files, Session, files, noise};
use crate::case::Case;
use crate::lab::Shared;
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::wire("edge_sessions_quotas_of_a_session", session_quotas),
    Case::wire("edge_sessions_quotas_of_an_address", address_quotas),
    Case::wire("edge_sessions_upload_bombs", bombs),
    Case::wire("edge_sessions_wrong_manifests", manifests),
    Case::wire("edge_sessions_path_tricks", paths),
];

/// A manifest of files of these lengths, whose bytes need not be there.
fn announced(lengths: &[u64]) -> Value {
    let files: Vec<Value> = (1..)
        .zip(lengths)
        .map(|(place, length)| {
            json!({ "path": format!("f{place}"), "type": "", "length": length, "hash": format!("{place:032x}"), "modified": 1 })
        })
        .collect();
    json!({ "version": 1, "mode": "replace", "deletes": [], "files": files })
}

fn begin(session: &Session, manifest: &Value) -> Result<Answer> {
    session
        .write("POST", "/uploads")
        .body(manifest.to_string().as_bytes())
        .send()
}

fn session_quotas(shared: &mut Shared) -> Result {
    let variables = [
        "EDGE_SESSION_FILES:5",
        "EDGE_FILE_BYTES:1000",
        "EDGE_SESSION_BYTES:2500",
    ];
    let wrangler = Wrangler::start(shared.out(), "session-quotas", Wrangler::product()?, &variables)?;
    let session = Session::new(wrangler.port());
    // Nothing refused leaves a session behind: the id is still anyone's.
    begin(&session.stranger(), &announced(&[1001]))?.refused(413, "TOO_LARGE")?;
    begin(&session.stranger(), &announced(&[1; 6]))?.refused(507, "QUOTA_EXCEEDED")?;
    begin(&session.stranger(), &announced(&[1000, 1000, 501]))?.refused(507, "QUOTA_EXCEEDED")?;
    let bundle: Files = (0..5).map(|number| (format!("{number}"), noise(number, 500))).collect();
    session.put("merge", &bundle)?;
    for (mode, put, status, code) in [
        ("merge", files(&[("x", b"")]), 507, "QUOTA_EXCEEDED"),
        ("merge", files(&[("0", &[1; 501])]), 507, "QUOTA_EXCEEDED"),
        ("merge", files(&[("0", &[1; 1001])]), 413, "TOO_LARGE"),
        // A copy of what is there is not sent, and counts all the same.
        (
            "merge",
            Files::from([("x".to_owned(), bundle["1"].clone())]),
            507,
            "QUOTA_EXCEEDED",
        ),
        (
            "replace",
            (0..6).map(|number| (format!("{number}"), vec![])).collect(),
            507,
            "QUOTA_EXCEEDED",
        ),
    ] {
        begin(&session, &Session::manifest(mode, &put))?.refused(status, code)?;
        session.expect(&bundle)?;
    }
    // Right at the quota there is room for as much as goes.
    let mut manifest = Session::manifest("merge", &Files::from([("5".to_owned(), vec![5; 500])]));
    manifest["deletes"] = json!(["0"]);
    session.upload(&manifest, &Files::from([("5".to_owned(), vec![5; 500])]))?;
    // Under other names each time, so that all is copied, and what was there is dropped: that does not add up.
    for round in 0..8 {
        let renamed: Files = (0..5)
            .map(|number| (format!("{round}-{number}"), noise(number, 500)))
            .collect();
        session.put("replace", &renamed)?;
        session.expect(&renamed)?;
    }
    // What is announced takes room as what is there does: three times a session's bytes is the most, the manifests of what
    // is under way among them.
    let bundle = announced(&[500; 5]);
    begin(&session, &bundle)?.status(201)?;
    let second = begin(&session, &bundle)?;
    begin(&session, &bundle)?.refused(507, "QUOTA_EXCEEDED")?;
    ensure(matches!(second.status, 201 | 507), || {
        format!("the second: {}", second.status)
    })?;
    Ok(())
}

fn address_quotas(shared: &mut Shared) -> Result {
    let variables = ["EDGE_ADDRESS_SESSIONS_PER_HOUR:3", "EDGE_ADDRESS_BYTES_PER_HOUR:20000"];
    let wrangler = Wrangler::start(shared.out(), "address-quotas", Wrangler::product()?, &variables)?;
    let put = files(&[("a", b"a")]);
    let sessions: Vec<Session> = (0..3).map(|_| Session::new(wrangler.port())).collect();
    for session in &sessions {
        session.put("merge", &put)?;
    }
    let refused = begin(&Session::new(wrangler.port()), &Session::manifest("merge", &put))?;
    let refused = refused.refused(429, "QUOTA_EXCEEDED")?;
    let wait = refused.header("retry-after").parse::<u64>();
    ensure(wait.as_ref().is_ok_and(|wait| (1..=3600).contains(wait)), || {
        format!("Retry-After {wait:?}")
    })?;
    refused.has("access-control-expose-headers", "retry-after")?;
    refused.has("access-control-allow-origin", APP)?;
    // A session that is there goes on, as long as there are bytes left; deleting one gives nothing back.
    sessions[0].put("merge", &files(&[("b", b"b")]))?;
    begin(&sessions[0], &announced(&[20_001]))?.refused(429, "QUOTA_EXCEEDED")?;
    sessions[0].expect(&files(&[("a", b"a"), ("b", b"b")]))?;
    // Bytes that are there and only get more names are written, too.
    let once = noise(1, 4000);
    sessions[1].put("merge", &Files::from([("0".to_owned(), once.clone())]))?;
    let often: Files = (0..5).map(|number| (number.to_string(), once.clone())).collect();
    begin(&sessions[1], &Session::manifest("merge", &often))?.refused(429, "QUOTA_EXCEEDED")?;
    sessions[2].delete()?.status(204)?;
    begin(&sessions[2], &Session::manifest("merge", &put))?.refused(429, "QUOTA_EXCEEDED")?;
    Ok(())
}

fn bombs(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    let bundle = files(&[("index.html", b"<p>still here"), ("a.js", b"1")]);
    session.put("merge", &bundle)?;
    let begun = session.begin(&announced(&[100]))?;
    let part = |body: &[u8]| session.part(&begun.id, 0, body);
    let place = format!("/uploads/{}?offset=0", begun.id);

    // More than was announced, by a little and by a lot; with its length, and without one.
    part(&[0; 101]).send()?.refused(413, "TOO_LARGE")?;
    part(&vec![0; 7 << 20]).send()?.refused(413, "TOO_LARGE")?;
    session
        .write("PUT", &place)
        .chunked(&[0; 101])
        .send()?
        .refused(413, "TOO_LARGE")?;
    // More than any part may have.
    part(&vec![0; (8 << 20) + 1]).send()?.refused(413, "TOO_LARGE")?;
    session
        .write("PUT", &place)
        .chunked(&vec![0; (8 << 20) + 1])
        .send()?
        .refused(413, "TOO_LARGE")?;
    // What a few bytes would unpack to is nobody's guess, whatever they are called.
    for encoding in ["gzip", "br", "deflate", "zstd", "gzip, identity", "x"] {
        session
            .write("PUT", &place)
            .header("Content-Encoding", encoding)
            .body(&[0; 100])
            .send()?
            .refused(415, "INVALID_MESSAGE")?;
        let manifest = Session::manifest("replace", &Files::new()).to_string();
        let ask = session.write("POST", "/uploads").header("Content-Encoding", encoding);
        ask.body(manifest.as_bytes()).send()?.refused(415, "INVALID_MESSAGE")?;
    }
    // A manifest of megabytes, of depth, of numbers, of what is no manifest.
    let ask = |body: &[u8]| session.write("POST", "/uploads").body(body).send();
    ask(&vec![b' '; (8 << 20) + 1])?.refused(413, "TOO_LARGE")?;
    let chunked = session.write("POST", "/uploads").chunked(&vec![b'['; (8 << 20) + 1]);
    chunked.send()?.refused(413, "TOO_LARGE")?;
    ask(&vec![b'['; 1 << 20])?.refused(400, "INVALID_MESSAGE")?;
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "{\"version\":1}",
        "\u{0}",
        "{\"version\":1,\"mode\":\"both\",\"files\":[]}",
    ] {
        ask(text.as_bytes())?.refused(400, "INVALID_MESSAGE")?;
    }
    let many: Vec<u64> = vec![0; 20_001];
    ask(announced(&many).to_string().as_bytes())?.refused(507, "QUOTA_EXCEEDED")?;
    ask(announced(&[(256 << 20) + 1]).to_string().as_bytes())?.refused(413, "TOO_LARGE")?;
    ask(announced(&[100 << 20, 100 << 20, 100 << 20]).to_string().as_bytes())?.refused(507, "QUOTA_EXCEEDED")?;
    ask(announced(&[u64::MAX, u64::MAX]).to_string().as_bytes())?.refused(413, "TOO_LARGE")?;

    // After all that the upload is where it was, and the session is what it was.
    part(&[7; 100]).send()?.status(200)?;
    session.expect(&bundle)?;
    // Uploads that are begun and left do not pile up.
    let left: Vec<_> = (0..6)
        .map(|_| session.begin(&announced(&[100])))
        .collect::<Result<_>>()?;
    session
        .part(&left[0].id, 0, &[0; 100])
        .send()?
        .refused(404, "NOT_FOUND")?;
    session.part(&left[5].id, 0, &[0; 100]).send()?.status(200)?;
    session.expect(&bundle)?;
    session.delete()?.status(204)?;
    Ok(())
}

fn manifests(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    let bundle = files(&[("a", b"a")]);
    session.put("merge", &bundle)?;
    let refused = |manifest: &Value, code| begin(&session, manifest)?.refused(400, code);
    refused(
        &json!({ "version": 2, "mode": "merge", "files": [] }),
        "VERSION_MISMATCH",
    )?;
    // A later release may say it in another shape.
    refused(&json!({ "version": 2, "put": {} }), "VERSION_MISMATCH")?;
    let with = |field: &str, value: Value| {
        let mut manifest = announced(&[1]);
        manifest["files"][0][field] = value;
        manifest
    };
    refused(&with("hash", json!("00")), "INVALID_MESSAGE")?;
    refused(&with("hash", json!("g".repeat(32))), "INVALID_MESSAGE")?;
    refused(&with("length", json!(-1)), "INVALID_MESSAGE")?;
    refused(&with("length", json!(1.5)), "INVALID_MESSAGE")?;
    refused(&with("type", json!("text/html\r\nx: y")), "INVALID_MESSAGE")?;
    refused(&with("type", json!("nonsense")), "INVALID_MESSAGE")?;
    for options in [
        json!({ "network": ["https://a.com; script-src *"] }),
        json!({ "network": "all" }),
        json!({ "spa": "../x" }),
    ] {
        let mut manifest = announced(&[1]);
        manifest["options"] = options;
        refused(&manifest, "INVALID_MESSAGE")?;
    }
    session.expect(&bundle)?;
    session.delete()?.status(204)?;
    Ok(())
}

fn paths(shared: &mut Shared) -> Result {
    let port = shared.product()?.port();
    let (session, other) = (Session::new(port), Session::new(port));
    let bundle = files(&[("index.html", b"mine"), ("a/b.js", b"1")]);
    session.put("merge", &bundle)?;
    other.put("merge", &files(&[("secret.txt", b"not yours")]))?;

    // In a manifest.
    let with = |field: &str, path: &str| {
        let mut manifest = announced(&[1]);
        match field {
            "deletes" => manifest["deletes"] = json!([path]),
            _ => manifest["files"][0]["path"] = json!(path),
        }
        begin(&session, &manifest)?.refused(400, "INVALID_PATH")
    };
    let (long, deep) = ("x".repeat(256), "x/".repeat(512) + "x");
    for path in [
        "",
        "/",
        ".",
        "..",
        "../x",
        "a/../../x",
        "a/./b",
        "a//b",
        "a/",
        "\\",
        "a\\..\\b",
        "\0",
        "a\0b",
        "a\nb",
        "\u{85}",
        &long,
        &deep,
    ] {
        with("files", path)?;
        with("deletes", path)?;
    }
    // Overlong UTF-8 is none, and so no path.
    let manifest = announced(&[1]).to_string();
    let (before, after) = manifest.split_once("\"f1\"").ok_or("no path in the manifest")?;
    let overlong = [before.as_bytes(), b"\"\xc0\xae\xc0\xae/f1\"", after.as_bytes()].concat();
    let sent = session.write("POST", "/uploads").body(&overlong).send()?;
    sent.refused(400, "INVALID_MESSAGE")?;
    session.expect(&bundle)?;

    // In a URL, as it stands there. What comes back is a file of this session, or nothing.
    let secret = |other: &Session| format!("/{}/secret.txt", other.id);
    for trick in [
        "..",
        "%2e%2e",
        ".%2e",
        "%2E.",
        "..%2f",
        "..%5c",
        "..\\",
        "%c0%ae%c0%ae",
        "%e0%80%ae%e0%80%ae",
        "%%32%65%%32%65",
    ] {
        for tail in [
            format!("/{trick}{}", secret(&other)),
            format!("/a/{trick}/{trick}{}", secret(&other)),
        ] {
            let answer = Ask::new(port, "GET", format!("/{}{tail}", session.id))
                .headers(super::SCRIPT)
                .send()?;
            // A parser of URLs takes `..` away, and then this is a plain request for the other session by its id.
            let resolved = answer.status == 200 && answer.text() == "not yours";
            let plain = ["..", "%2e%2e", ".%2e", "%2E."].contains(&trick);
            ensure(
                resolved == plain && (resolved || matches!(answer.status, 400 | 403 | 404)),
                || format!("{}: {} {:.100}", answer.what, answer.status, answer.text()),
            )?;
        }
    }
    for path in [
        "%00",
        "a%00",
        "index.html%00",
        "index.html%00.js",
        "a%5cb.js",
        "a%2fb.js",
        "%c0%ae",
        "%ff",
        "a%0ab",
        "a//b.js",
        &long,
    ] {
        let answer = session.read(path).headers(super::SCRIPT).send()?.status(404)?;
        ensure(!answer.text().contains("mine"), || answer.what.clone())?;
    }
    // Not even the id has another spelling.
    for id in [
        session.id.to_uppercase(),
        session.id.replace('e', "%65"),
        format!("{}.", session.id),
        format!("%2f{}", session.id),
    ] {
        let answer = Ask::new(port, "GET", format!("/{id}/index.html"))
            .headers(super::SCRIPT)
            .send()?;
        ensure(answer.status == 404, || format!("{}: {}", answer.what, answer.status))?;
    }
    session.expect(&bundle)?;
    session.delete()?.status(204)?;
    other.delete()?.status(204)?;
    Ok(())
}
