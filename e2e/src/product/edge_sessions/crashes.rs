//! The edge is killed at any moment, and what it then has is the old bundle or the new one, whole. And: what nobody uses
//! goes, what somebody uses stays.

use std::time::{Duration, Instant};

use super::super::wrangler::Wrangler;
use super::{Files, PART, SCRIPT, Session, files, noise};
use crate::case::Case;
use crate::lab::Shared;
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::wire("edge_sessions_killed_in_an_upload", killed_in_an_upload),
    Case::wire("edge_sessions_killed_in_a_commit", killed_in_a_commit),
    Case::wire("edge_sessions_expire", expire),
    Case::wire("edge_sessions_stay_while_they_are_read", stay),
];

fn start(shared: &Shared, name: &str, variables: &[&str]) -> Result<Wrangler> {
    Wrangler::start(shared.out(), name, Wrangler::product()?, variables)
}

/// A bundle, each file of which tells its generation.
fn generation(number: u64) -> Files {
    let mut bundle = Files::new();
    for file in 0..20 {
        bundle.insert(
            format!("{file}.bin"),
            noise(number * 1000 + file, 200_000 + number as usize),
        );
    }
    bundle.insert("large.bin".to_owned(), noise(number, 9 << 20));
    bundle.insert(format!("only-{number}"), b"x".to_vec());
    bundle
}

fn killed_in_an_upload(shared: &mut Shared) -> Result {
    let name = "killed-in-an-upload";
    let mut wrangler = start(shared, name, &[])?;
    let mut session = Session::new(wrangler.port());
    let old = generation(1);
    session.put("replace", &old)?;
    let new = generation(2);
    let begun = session.begin(&Session::manifest("replace", &new))?;
    let stream = Session::stream(&begun, &new);
    session.part(&begun.id, 0, &stream[..PART]).send()?.status(200)?;

    // In the middle of a part: its head and half of its bytes are on their way.
    let mut half = session.part(&begun.id, PART, &stream[PART..2 * PART]);
    half.body.truncate(PART / 2);
    let _half = wrangler.kill_after(|| half.start())?;
    wrangler = start(shared, name, &[])?;
    session.port = wrangler.port();
    session.expect(&old)?;

    // What was answered for is there, and the upload goes on from where it says that it is.
    let asked = session
        .part(&begun.id, stream.len(), b"")
        .send()?
        .refused(409, "INVALID_MESSAGE")?;
    let received = asked.json()?["received"].as_u64().unwrap_or_default() as usize;
    ensure(received == PART, || format!("{received} bytes are here"))?;

    // A part that was sent whole, and whose answer nobody waited for, is there or is not.
    for wait in [0, 3, 15, 60] {
        let asked = session
            .part(&begun.id, stream.len() + 1, b"")
            .send()?
            .refused(409, "INVALID_MESSAGE")?;
        let at = asked.json()?["received"].as_u64().unwrap_or_default() as usize;
        let end = stream.len().min(at + (1 << 20));
        let _part = wrangler.kill_after(|| {
            let part = session.part(&begun.id, at, &stream[at..end]).start();
            std::thread::sleep(Duration::from_millis(wait));
            part
        })?;
        wrangler = start(shared, name, &[])?;
        session.port = wrangler.port();
        let asked = session
            .part(&begun.id, stream.len() + 1, b"")
            .send()?
            .refused(409, "INVALID_MESSAGE")?;
        let received = asked.json()?["received"].as_u64().unwrap_or_default() as usize;
        ensure(received == at || received == end, || {
            format!("{received} bytes, after {at} and {end}")
        })?;
        session.expect(&old)?;
        if end == stream.len() {
            break;
        }
    }
    let asked = session
        .part(&begun.id, stream.len() + 1, b"")
        .send()?
        .refused(409, "INVALID_MESSAGE")?;
    let received = asked.json()?["received"].as_u64().unwrap_or_default() as usize;
    session.send(&begun.id, &stream, received)?;
    session.commit(&begun.id)?.status(200)?;
    session.expect(&new)
}

fn killed_in_a_commit(shared: &mut Shared) -> Result {
    let name = "killed-in-a-commit";
    let mut wrangler = start(shared, name, &[])?;
    let mut session = Session::new(wrangler.port());
    let mut old = generation(1);
    session.put("replace", &old)?;
    let mut before = 0;
    for (round, wait) in (2..).zip([0, 0, 0, 1, 3, 8, 30]) {
        let new = generation(round);
        let begun = session.begin(&Session::manifest("replace", &new))?;
        let stream = Session::stream(&begun, &new);
        session.send(&begun.id, &stream, 0)?;
        let commit = session
            .write("POST", &format!("/uploads/{}/commit", begun.id))
            .body(b"");
        let _answer = wrangler.kill_after(|| {
            let answer = commit.start();
            std::thread::sleep(Duration::from_millis(wait));
            answer
        })?;
        wrangler = start(shared, name, &[])?;
        session.port = wrangler.port();
        let said = session.inspect()?.status(200)?.json()?;
        if said["version"].as_u64() == Some(begun.version) {
            before += 1;
            session.expect(&old)?;
            session
                .read(&format!("only-{round}"))
                .headers(SCRIPT)
                .send()?
                .status(404)?;
        } else {
            session.expect(&new)?;
        }
        // Asked for again it is done, or was: the answer is the same.
        let said = session.commit(&begun.id)?.status(200)?.json()?;
        let now = session.inspect()?.status(200)?.json()?;
        ensure(said["version"] == now["version"], || format!("{said} {now}"))?;
        session.expect(&new)?;
        old = new;
    }
    println!("of 7 commits, {before} had not been made when the edge was killed");
    Ok(())
}

fn expire(shared: &mut Shared) -> Result {
    let wrangler = start(shared, "expire", &["EDGE_TTL_SECONDS:2"])?;
    let session = Session::new(wrangler.port());
    let old = files(&[("index.html", b"old"), ("a", b"a")]);
    session.put("merge", &old)?;
    session.expect(&old)?;
    let stranger = session.stranger();
    stranger.inspect()?.refused(404, "NOT_FOUND")?;
    std::thread::sleep(Duration::from_millis(2500));
    // Gone for readers and for its own host.
    session.read("a").headers(SCRIPT).send()?.status(404)?;
    session.inspect()?.refused(404, "NOT_FOUND")?;
    // The id is free, and nothing of what was there comes back with it.
    let new = files(&[("index.html", b"new")]);
    let (sent, _) = stranger.upload(&Session::manifest("merge", &new), &new)?;
    ensure(sent == [0], || format!("{sent:?}"))?;
    stranger.expect(&new)?;
    session.read("a").headers(SCRIPT).send()?.status(404)?;
    session.inspect()?.refused(404, "NOT_FOUND")?;
    Ok(())
}

fn stay(shared: &mut Shared) -> Result {
    let wrangler = start(shared, "stay", &["EDGE_TTL_SECONDS:2"])?;
    let session = Session::new(wrangler.port());
    session.put("merge", &files(&[("a", b"a")]))?;
    let until = Instant::now() + Duration::from_secs(6);
    while Instant::now() < until {
        session.read("a").headers(SCRIPT).send()?.status(200)?;
        std::thread::sleep(Duration::from_millis(300));
    }
    Ok(())
}
