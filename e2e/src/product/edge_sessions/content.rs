//! What is put is what is served: whole, in part, once more, replaced, deleted, given up.

use serde_json::json;

use super::{Answer, FRAME, Files, SCRIPT, Session, files, hash, noise};
use crate::case::Case;
use crate::lab::Shared;
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::wire("edge_sessions_round_trip", round_trip),
    Case::wire("edge_sessions_ranges_and_validators", ranges),
    Case::wire("edge_sessions_send_only_what_is_missing", missing),
    Case::wire("edge_sessions_modes_and_deletes", modes),
    Case::wire("edge_sessions_serve_as_a_site", site),
    Case::wire("edge_sessions_headers", headers),
    Case::wire("edge_sessions_abort_and_resume", abort),
    Case::wire("edge_sessions_keep_what_a_reader_reads", held),
];

fn bundle() -> Files {
    let mut files = files(&[
        ("index.html", b"<!doctype html><script type=module src=app.js></script>"),
        ("app.js", b"console.log(1)"),
        ("empty", b""),
        ("docs/ein Titel/été #1?.html", b"<p>name"),
    ]);
    // Neighbours in packs, files that fill packs, a file over many rows of the database.
    for number in 0..40_u64 {
        files.insert(format!("many/{number}.bin"), noise(number, 1000 * number as usize));
    }
    files.insert("pack.bin".to_owned(), noise(100, 4 << 20));
    files.insert("almost.bin".to_owned(), noise(101, (4 << 20) - 1));
    files.insert("large.bin".to_owned(), noise(102, 50_000_003));
    files
}

fn round_trip(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    // Nobody has to have read it for it to be absent.
    session.read("").headers(FRAME).send()?.status(404)?;
    let files = bundle();
    let (missing, said) = session.upload(&Session::manifest("merge", &files), &files)?;
    ensure(missing.len() == files.len(), || {
        format!("{missing:?} are missing of a new session")
    })?;
    let bytes: usize = files.values().map(Vec::len).sum();
    ensure(said["files"] == files.len() && said["bytes"] == bytes, || {
        said.to_string()
    })?;
    session.expect(&files)?;
    // Once more, now that the Worker has what it keeps.
    session.expect(&files)?;
    let document = session.read("").headers(FRAME).send()?.status(200)?;
    ensure(document.body == files["index.html"], || document.text())?;
    let inspected = session.inspect()?.status(200)?.json()?;
    ensure(
        inspected["version"] == said["version"] && inspected["expires"].as_u64() > Some(1_700_000_000_000),
        || inspected.to_string(),
    )?;
    session.delete()?.status(204)?;
    session.read("app.js").headers(SCRIPT).send()?.status(404)?;
    session.inspect()?.refused(404, "NOT_FOUND")?;
    Ok(())
}

fn ranges(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    let files = bundle();
    session.put("merge", &files)?;
    for path in ["large.bin", "many/39.bin"] {
        let bytes = &files[path];
        let length = bytes.len();
        let row = 512 << 10;
        for (start, end) in [
            (0, 1),
            (0, length),
            (1, length - 1),
            (length - 1, length),
            (row - 1, row + 1),
            (row, 2 * row),
            (3 * row - 7, 7 * row + 9),
            (20_000_000, 20_000_010),
            (10_000_000, 40_000_000),
        ] {
            if end > length {
                continue;
            }
            let range = format!("bytes={start}-{}", end - 1);
            let answer = session
                .read(path)
                .headers(SCRIPT)
                .header("Range", &range)
                .send()?
                .status(206)?;
            ensure(answer.body == bytes[start..end], || {
                format!("{path} {range}: other bytes")
            })?;
            answer.has("content-range", &format!("bytes {start}-{}/{length}", end - 1))?;
            answer.has("content-length", &(end - start).to_string())?;
        }
        let tail = session.read(path).header("Range", "bytes=-100").send()?.status(206)?;
        ensure(tail.body == bytes[length - 100..], || "another tail".into())?;
        let beyond = format!("bytes={length}-");
        let answer = session.read(path).header("Range", &beyond).send()?.status(416)?;
        answer.has("content-range", &format!("bytes */{length}"))?;
        let tag = format!("\"{}\"", hash(bytes));
        let same = session.read(path).header("If-None-Match", &tag).send()?.status(304)?;
        ensure(same.body.is_empty(), || "a 304 with a body".into())?;
        same.has("etag", &tag)?;
        session
            .read(path)
            .header("If-None-Match", "\"x\"")
            .send()?
            .status(200)?;
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        session
            .read(path)
            .header("If-Modified-Since", date)
            .send()?
            .status(304)?;
        let old = session
            .read(path)
            .headers(&[("Range", "bytes=0-4"), ("If-Range", "\"x\"")])
            .send()?
            .status(200)?;
        ensure(old.body.len() == length, || "a part of another version".into())?;
        let part = session
            .read(path)
            .headers(&[("Range", "bytes=0-4"), ("If-Range", &tag)])
            .send()?;
        ensure(part.status(206)?.body == bytes[..5], || "another part".into())?;
        let head = super::Ask::new(session.port, "HEAD", format!("/{}/{path}", session.id))
            .send()?
            .status(200)?;
        ensure(head.body.is_empty(), || "a HEAD with a body".into())?;
        head.has("content-length", &length.to_string())?;
    }
    session.delete()?.status(204)?;
    Ok(())
}

fn missing(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    let mut files = files(&[("a.js", b"one"), ("b.js", b"two"), ("copy.js", b"one")]);
    files.insert("big.bin".to_owned(), noise(1, 3 << 20));
    let (sent, first) = session.upload(&Session::manifest("replace", &files), &files)?;
    ensure(sent == [0, 1, 2, 3], || format!("{sent:?}"))?;
    let (sent, second) = session.upload(&Session::manifest("replace", &files), &files)?;
    ensure(sent.is_empty(), || format!("{sent:?} are sent again"))?;
    ensure(second["version"].as_u64() > first["version"].as_u64(), || {
        format!("{first} {second}")
    })?;
    // A new file, a changed one, and one that has moved: two are sent.
    files.insert("a.js".to_owned(), b"three".to_vec());
    files.insert("c.js".to_owned(), b"four".to_vec());
    let big = files.remove("big.bin").unwrap_or_default();
    files.insert("moved/big.bin".to_owned(), big);
    let (sent, _) = session.upload(&Session::manifest("replace", &files), &files)?;
    ensure(sent == [0, 2], || format!("{sent:?}"))?;
    session.expect(&files)?;
    // The same length and another hash is another file.
    files.insert("a.js".to_owned(), b"eerht".to_vec());
    let (sent, _) = session.upload(&Session::manifest("merge", &files), &files)?;
    ensure(sent == [0], || format!("{sent:?}"))?;
    session.expect(&files)?;
    session.delete()?.status(204)?;
    Ok(())
}

fn modes(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    session.put("merge", &files(&[("a", b"1"), ("b", b"2"), ("c", b"3")]))?;
    session.put("merge", &files(&[("b", b"two"), ("d", b"4")]))?;
    session.expect(&files(&[("a", b"1"), ("b", b"two"), ("c", b"3"), ("d", b"4")]))?;
    let mut manifest = Session::manifest("merge", &files(&[("d", b"4")]));
    manifest["deletes"] = json!(["a", "/c", "d", "not/there"]);
    let put = files(&[("d", b"4")]);
    session.upload(&manifest, &put)?;
    session.expect(&files(&[("b", b"two"), ("d", b"4")]))?;
    session.read("a").headers(SCRIPT).send()?.status(404)?;
    session.put("replace", &files(&[("e", b"5")]))?;
    session.expect(&files(&[("e", b"5")]))?;
    session.put("replace", &Files::new())?;
    session.expect(&Files::new())?;
    session.delete()?.status(204)?;
    Ok(())
}

fn site(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    let id = session.id.clone();
    let files = files(&[
        ("index.html", b"<p>start"),
        ("docs/index.html", b"<p>docs"),
        ("404.html", b"<p>not here"),
        ("app.js", b"1"),
    ]);
    session.put("merge", &files)?;
    let frame = |path: &str| session.read(path).headers(FRAME).send();
    frame("docs?q=1")?
        .status(308)?
        .has("location", &format!("/{id}/docs/?q=1"))?;
    let bare = super::Ask::new(session.port, "GET", format!("/{id}?q=1"))
        .headers(FRAME)
        .send()?;
    bare.status(308)?.has("location", &format!("/{id}/?q=1"))?;
    ensure(frame("docs/")?.status(200)?.text() == "<p>docs", || "other docs".into())?;
    ensure(frame("nothing")?.status(404)?.text() == "<p>not here", || {
        "not its 404.html".into()
    })?;
    let script = session.read("app.js").headers(SCRIPT).send()?.status(200)?;
    script.has("content-type", "text/javascript; charset=utf-8")?;
    // A single page answers navigations, and nothing else.
    let mut manifest = Session::manifest("merge", &Files::new());
    manifest["options"] = json!({ "spa": "index.html", "network": ["https://api.example.com"] });
    session.upload(&manifest, &Files::new())?;
    ensure(frame("deep/link")?.status(200)?.text() == "<p>start", || {
        "no fallback".into()
    })?;
    session.read("deep/link.js").headers(SCRIPT).send()?.status(404)?;
    let policy = frame("")?.header("content-security-policy").to_owned();
    ensure(policy.contains(" 'unsafe-eval' https://api.example.com; "), || policy)?;
    session.delete()?.status(204)?;
    Ok(())
}

/// What every answer below a session's id has.
pub(super) fn dressed(session: &Session, answer: &Answer) -> Result {
    answer.has("cross-origin-resource-policy", "cross-origin")?;
    answer.has("x-content-type-options", "nosniff")?;
    answer.has("origin-agent-cluster", "?1")?;
    answer.has("referrer-policy", "strict-origin-when-cross-origin")?;
    answer.has("vary", "Origin")?;
    answer.has("access-control-allow-credentials", "")?;
    let policy = answer.header("content-security-policy");
    let sandbox = "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads allow-pointer-lock; ";
    ensure(
        policy.starts_with(sandbox) && !policy.contains("'self'") && !policy.contains("same-origin"),
        || format!("{}: policy {policy}", answer.what),
    )?;
    let base = format!("http://virtual-files.localhost:{}/{}/", session.port, session.id);
    let names = policy.contains(&format!("; base-uri {base}; form-action {base}"));
    ensure(
        names || policy.contains("; base-uri 'none'; form-action 'none'"),
        || format!("{}: policy {policy}", answer.what),
    )
}

fn headers(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    session.put(
        "merge",
        &files(&[("index.html", b"<p>"), ("a.js", b"1"), ("docs/index.html", b"")]),
    )?;
    for path in ["", "a.js", "docs", "nothing"] {
        for asked in [FRAME, SCRIPT, &[("Range", "bytes=0-0")], &[("Range", "bytes=9-")]] {
            let answer = session.read(path).headers(asked).send()?;
            dressed(&session, &answer)?;
            let null = asked.contains(&("Origin", "null"));
            answer.has("access-control-allow-origin", if null { "null" } else { "" })?;
            answer.has("access-control-expose-headers", if null { "*" } else { "" })?;
            if answer.status < 300 {
                answer.has("cache-control", "private, no-cache")?;
            }
        }
    }
    let preflight = super::Ask::new(session.port, "OPTIONS", format!("/{}/a.js", session.id));
    let preflight = preflight
        .headers(&[("Origin", "null"), ("Access-Control-Request-Method", "GET")])
        .send()?;
    let preflight = preflight.status(204)?;
    preflight.has("access-control-allow-origin", "null")?;
    preflight.has("access-control-allow-methods", "GET, HEAD")?;
    preflight.has("access-control-allow-headers", "*, authorization")?;
    preflight.has("access-control-max-age", "600")?;
    session.delete()?.status(204)?;
    Ok(())
}

fn abort(shared: &mut Shared) -> Result {
    let session = Session::new(shared.product()?.port());
    let old = files(&[("a", b"old")]);
    session.put("merge", &old)?;
    let new = files(&[("a", b"new and longer"), ("b", b"b")]);
    let begun = session.begin(&Session::manifest("replace", &new))?;
    ensure(begun.version > 0 && begun.missing == [0, 1], || {
        format!("{:?}", begun.missing)
    })?;
    let stream = Session::stream(&begun, &new);
    session.part(&begun.id, 0, &stream[..5]).send()?.status(200)?;
    // A part that does not follow is told what is here.
    for offset in [0, 4, 6, 100] {
        let refused = session
            .part(&begun.id, offset, &stream[..2])
            .send()?
            .refused(409, "INVALID_MESSAGE")?;
        ensure(refused.json()?["received"] == 5, || refused.text())?;
    }
    let early = session.commit(&begun.id)?.refused(409, "INVALID_MESSAGE")?;
    ensure(early.json()?["received"] == 5, || early.text())?;
    session.expect(&old)?;
    session
        .write("DELETE", &format!("/uploads/{}", begun.id))
        .send()?
        .status(204)?;
    session
        .write("DELETE", &format!("/uploads/{}", begun.id))
        .send()?
        .refused(404, "NOT_FOUND")?;
    session
        .part(&begun.id, 5, &stream[5..])
        .send()?
        .refused(404, "NOT_FOUND")?;
    session.commit(&begun.id)?.refused(404, "NOT_FOUND")?;
    session.expect(&old)?;

    // Two at once: the later commit finds its ground as it is.
    let copy = files(&[("copy", b"old")]);
    let first = session.begin(&Session::manifest("merge", &copy))?;
    ensure(first.missing.is_empty(), || "a copy is missing".into())?;
    session.put("replace", &new)?;
    session.commit(&first.id)?.refused(409, "ABORTED")?;
    session.expect(&new)?;

    // A commit whose answer was lost is asked for again.
    let more = files(&[("c", b"c")]);
    let begun = session.begin(&Session::manifest("merge", &more))?;
    session.send(&begun.id, b"c", 0)?;
    let said = session.commit(&begun.id)?.status(200)?.json()?;
    let again = session.commit(&begun.id)?.status(200)?.json()?;
    ensure(said == again, || format!("{said}, then {again}"))?;
    session.delete()?.status(204)?;
    Ok(())
}

/// A large file that is replaced while it is read comes to its end all the same.
fn held(shared: &mut Shared) -> Result {
    use std::io::Read;
    let session = Session::new(shared.product()?.port());
    let mut bundle = Files::from([("large.bin".to_owned(), noise(5, 48 << 20))]);
    session.put("merge", &bundle)?;
    let mut stream = session.read("large.bin").headers(SCRIPT).start()?;
    let mut bytes = vec![0; 1 << 16];
    stream.read_exact(&mut bytes)?;
    let old = bundle
        .insert("large.bin".to_owned(), b"small".to_vec())
        .unwrap_or_default();
    session.put("replace", &bundle)?;
    session.expect(&bundle)?;
    let answer = super::finish("a large file", &mut stream, bytes)?.status(200)?;
    ensure(answer.body == old, || format!("{} bytes, or others", answer.body.len()))?;
    session.delete()?.status(204)?;
    Ok(())
}
