//! What a worker that was started anew, and has answered, has in memory for each file that it could serve.

use serde_json::json;

use super::order::interleave;
use super::report::{Table, Unit};
use super::restart::Restarts;
use super::subjects::{JS, OURS};
use super::{Bench, Options};
use crate::Result;

/// How many files the larger bundle has more.
const MORE: usize = 10_000;

pub(super) fn run(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    bench.open(&[])?;
    let names = [OURS, JS];
    for name in names {
        for more in [0, MORE] {
            let label = format!("m{more}-{name}");
            let (kind, origin) = if name == OURS {
                ("ours", bench.ours())
            } else {
                ("own", bench.origin(&label))
            };
            let args = json!({"name": label, "kind": kind, "origin": origin, "options": {"id": label, "more": more}});
            bench.browser.page(
                "await bench.open(args.name, args.kind, args.origin, args.options)",
                &args,
            )?;
        }
    }
    let mut cdp = bench.browser.cdp()?;
    let mut restarts = Restarts::new(bench);
    let rows = interleave(&names, options.rounds(10), |name| {
        let (few, many) = match name {
            OURS => ("m0-ours", "m10000-ours"),
            _ => ("m0-js", "m10000-js"),
        };
        let mut heap = |name: &'static str| -> Result<f64> {
            restarts.first_byte(name)?;
            // What is asked first is answered by whoever can, and that may be a page: this is the worker's own.
            let given = json!({"urls": ["file-64k.txt"], "bytes": 64 << 10});
            let body = "return await bench.straight(args.name, 'reads', args.given)";
            bench.number(body, &json!({"name": name, "given": given}))?;
            let (kind, origin) = ("service_worker", bench.origin(name));
            Ok(cdp.heap(kind, &origin)? + cdp.linear_memory(kind, &origin)?)
        };
        Ok((heap(many)? - heap(few)?) / 1000.0 / (MORE as f64 / 1000.0))
    })?;
    Ok(vec![Table {
        measure: "memory",
        title: "The worker's memory for 1,000 files, all but two not read yet".to_owned(),
        unit: Unit::Kilobytes,
        base: JS,
        rows,
    }])
}
