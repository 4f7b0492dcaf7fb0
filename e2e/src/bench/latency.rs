//! Reads of files: one after the other, a part of one, many at once, and what a worker has in its database only.

use serde_json::json;

use super::corpus::{SIZES, SMALL, small};
use super::order::interleave;
use super::report::{Table, Unit};
use super::restart::Restarts;
use super::subjects::{BRIDGE, CACHE, JS, LIMIT, MEMORY, NGINX, OURS, PLAYGROUND, RELAY, has_ranges};
use super::{Bench, Options};
use crate::Result;

const ALL: [&str; 9] = [OURS, MEMORY, JS, LIMIT, CACHE, NGINX, RELAY, PLAYGROUND, BRIDGE];

/// How many files are read at once.
const PARALLEL: usize = 200;

/// Reads of one file after the other, of each size, and of a range. A turn is of several, as clocks of pages are coarse.
pub(super) fn reads(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    bench.open(&ALL)?;
    let mut tables = Vec::new();
    let titles = [
        ("read-1k", "From `fetch` to the body, read: 1 KB", 20),
        ("read-64k", "The same: 64 KB", 20),
        ("read-1m", "The same: 1 MB", 5),
        ("read-10m", "The same: 10 MB", 2),
    ];
    for ((path, bytes), (measure, title, times)) in SIZES.into_iter().zip(titles) {
        let given = json!({"urls": vec![path; times], "bytes": bytes});
        let rows = interleave(&ALL, options.rounds(1), |name| bench.turn(name, "reads", &given))?;
        tables.push(table(measure, title, rows));
    }
    let ranged: Vec<&str> = ALL.into_iter().filter(|name| has_ranges(name)).collect();
    let start = 5_000_000;
    let range = format!("{start}-{}", start + (64 << 10) - 1);
    let given = json!({"urls": vec!["file-10m.txt"; 20], "bytes": 64 << 10, "range": range});
    let rows = interleave(&ranged, options.rounds(1), |name| bench.turn(name, "reads", &given))?;
    tables.push(table("range-64k", "The same: a range of 64 KB inside of 10 MB", rows));
    Ok(tables)
}

/// Reads of many files at once. static-browser-server loses some of so many: it numbers requests by decimal digits of more than
/// a number in JavaScript keeps, so that two of the same moment may get the same one.
pub(super) fn parallel(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    let names: Vec<&str> = ALL.into_iter().filter(|name| *name != RELAY).collect();
    bench.open(&names)?;
    let urls: Vec<String> = (0..PARALLEL).map(small).collect();
    let given = json!({"urls": urls, "bytes": 1024});
    let rows = interleave(&names, options.rounds(1), |name| bench.turn(name, "parallel", &given))?;
    let title = format!("{PARALLEL} files of 1 KB at once, until the last is read");
    Ok(vec![table("parallel", &title, rows)])
}

/// The first read of each of some files, by a worker that was stopped, and started again with another file.
pub(super) fn stored(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    let names = [OURS, MEMORY, JS, CACHE];
    bench.open(&names)?;
    let urls: Vec<String> = (SMALL - 20..SMALL).map(small).collect();
    let given = json!({"urls": urls, "bytes": 1024});
    let mut restarts = Restarts::new(bench);
    let rows = interleave(&names, options.rounds(1), |name| {
        restarts.first_byte(name)?;
        let body = "return await bench.straight(args.name, 'reads', args.given)";
        bench.number(body, &json!({"name": name, "given": given}))
    })?;
    let title = "The first read of each of 20 files of 1 KB, by a worker that was started anew and has read another";
    Ok(vec![table("stored-1k", title, rows)])
}

fn table(measure: &'static str, title: &str, rows: super::order::Measured) -> Table {
    Table {
        measure,
        title: title.to_owned(),
        unit: Unit::Milliseconds,
        base: JS,
        rows,
    }
}
