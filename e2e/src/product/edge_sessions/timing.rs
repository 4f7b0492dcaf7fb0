//! How long the edge takes to refuse: who guesses shall not learn from that either whether a session is there.

use std::time::Instant;

use super::{Ask, SCRIPT, Session, files};
use crate::Result;

/// What was refused, of a session that is there and of one that is not, in milliseconds.
pub(crate) struct Refusals {
    pub(crate) what: &'static str,
    pub(crate) present: Vec<f64>,
    pub(crate) absent: Vec<f64>,
}

type Guess = fn(&Session) -> Ask<'static>;

const GUESSES: [(&str, u16, Guess); 3] = [
    ("A read by a foreign origin", 403, |session| {
        Ask::new(session.port, "GET", format!("/{}/a.js", session.id))
            .header("Sec-Fetch-Mode", "cors")
            .header("Origin", "http://evil.example")
    }),
    ("A tab of its own", 403, |session| {
        Ask::new(session.port, "GET", format!("/{}/index.html", session.id))
            .header("Sec-Fetch-Dest", "document")
            .header("Sec-Fetch-Mode", "navigate")
    }),
    ("A write without its key", 404, |session| {
        session.stranger().write("DELETE", "")
    }),
];

/// Refuses in turns. Each absent session is one that nobody has asked for before, as with who guesses.
pub(crate) fn refusals(port: u16, rounds: usize) -> Result<Vec<Refusals>> {
    let session = Session::new(port);
    session.put("merge", &files(&[("index.html", b"<p>secret"), ("a.js", b"secret")]))?;
    let mut all: Vec<Refusals> = GUESSES
        .iter()
        .map(|(what, ..)| Refusals {
            what,
            present: Vec::new(),
            absent: Vec::new(),
        })
        .collect();
    for round in 0..rounds {
        for ((_, status, guess), refusals) in GUESSES.iter().zip(&mut all) {
            let time = |session: &Session| -> Result<f64> {
                let ask = guess(session);
                let begun = Instant::now();
                ask.send()?.status(*status)?;
                Ok(begun.elapsed().as_secs_f64() * 1000.0)
            };
            // Each comes first as often as the other.
            let new = Session::new(port);
            let (first, second) = if round % 2 == 0 {
                (&session, &new)
            } else {
                (&new, &session)
            };
            let (first, second) = (time(first)?, time(second)?);
            let (present, absent) = if round % 2 == 0 {
                (first, second)
            } else {
                (second, first)
            };
            refusals.present.push(present);
            refusals.absent.push(absent);
        }
    }
    // It is there still.
    Ask::new(port, "GET", format!("/{}/a.js", session.id))
        .headers(SCRIPT)
        .send()?
        .status(200)?;
    session.delete()?.status(204)?;
    Ok(all)
}
