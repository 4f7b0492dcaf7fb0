//! From a host page that starts to work with a library to the first picture of a small app, on origins that are new to the
//! browser, and on ones that it knows.

use serde_json::json;

use super::corpus::PREVIEW;
use super::order::interleave;
use super::report::{Table, Unit};
use super::subjects::{JS, OURS, PLAYGROUND, RELAY};
use super::{Bench, Options};
use crate::Result;

/// How often a load of static-browser-server's is tried: it may lose a request, and then there is never a picture.
const TRIES: usize = 4;

/// static-browser-server makes itself a new origin each time, so that nothing of it is ever known.
const NAMES: [&str; 4] = [OURS, JS, RELAY, PLAYGROUND];

pub(super) fn run(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    let mut turns = 0;
    for (measure, title, cold) in [
        ("first-cold", "an origin that is new to the browser", true),
        ("first-warm", "an origin that the browser knows", false),
    ] {
        let rows = interleave(&NAMES, options.rounds(2), |name| {
            turns += 1;
            let label = if cold { format!("f{turns}") } else { "warm".to_owned() };
            let (kind, origin, given) = match name {
                OURS => ("ours", bench.ours(), json!({"id": format!("{label}-ours")})),
                JS => ("own", bench.origin(&format!("{label}-js")), json!({})),
                RELAY => ("relay", bench.origin("relay"), json!({})),
                _ => ("playground", bench.origin(&format!("{label}-playground")), json!({})),
            };
            let body = "return await bench.load(args.kind, args.origin, args.given, args.modules)";
            let args = json!({"kind": kind, "origin": origin, "given": given, "modules": PREVIEW.modules});
            let mut tries = if name == RELAY { TRIES } else { 1 };
            loop {
                tries -= 1;
                // A page of its own for each: what a library has loaded is loaded anew.
                bench.open(&[])?;
                match bench.number(body, &args) {
                    Err(error) if tries > 0 => println!("{name}, once more: {error}"),
                    Err(error) => return Err(format!("{name}: {error}").into()),
                    taken => return taken,
                }
            }
        })?;
        tables.push(Table {
            measure,
            title: format!("From the start in a host page to the first picture of an app: {title}"),
            unit: Unit::Milliseconds,
            base: JS,
            rows,
        });
    }
    Ok(tables)
}
