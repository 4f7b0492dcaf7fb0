//! Puts of many, of larger and of one large file, against what the browser takes to write the same bytes by itself.

use serde_json::json;

use super::order::interleave_many;
use super::report::{Table, Unit};
use super::subjects::OURS;
use super::{Bench, Options};
use crate::Result;

const AGAIN: &str = "ours, all again, 1 % changed";
const CHANGED: &str = "ours, the changed 1 %";
/// Packs of up to 4 MB and an index, in one transaction.
const PACKS: &str = "bare packs";
/// A record for each file, in one transaction.
const RECORDS: &str = "bare records";

/// How large the one large file is, if not all of it is wanted.
const LARGE: usize = 50_000_000;
const LARGEST: usize = 500_000_000;

pub(super) fn run(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    let large = if options.large { LARGEST } else { LARGE };
    let cases = [
        ("put-10000", "10,000 files of 1 KB", 10_000, 1 << 10, 5),
        ("put-1000", "1,000 files of 100 KB", 1_000, 100 << 10, 5),
        ("put-large", "a file", 1, large, 5),
    ];
    bench.open(&[])?;
    let mut tables = Vec::new();
    let mut turns = 0;
    for (measure, title, count, size, length) in cases {
        // Of one file, record and pack are the same.
        let names = if count > 1 {
            &[OURS, PACKS, RECORDS][..]
        } else {
            &[OURS, PACKS]
        };
        let rows = interleave_many(names, options.rounds(length), |name| {
            turns += 1;
            let id = format!("p{turns}-ours");
            let given = json!({"seed": turns, "count": count, "size": size});
            let args = json!({"origin": bench.ours(), "id": id, "given": given});
            let body = match name {
                OURS => "return await bench.putOurs(args.origin, args.id, args.given)",
                PACKS => "return { packs: await bench.putPacks(args.given) }",
                _ => "return { records: await bench.putRecords(args.given) }",
            };
            let found = bench.browser.page(body, &args)?;
            let keys = [
                ("first", OURS),
                ("again", AGAIN),
                ("changed", CHANGED),
                ("packs", PACKS),
                ("records", RECORDS),
            ];
            let samples: Vec<_> = keys
                .into_iter()
                .filter_map(|(key, name)| Some((name, found[key].as_f64()?)))
                .collect();
            if samples.is_empty() {
                Err(format!("no time, but {found}").into())
            } else {
                Ok(samples)
            }
        })?;
        let megabytes = size / 1_000_000;
        let title = if count > 1 {
            title.to_owned()
        } else {
            format!("{title} of {megabytes} MB")
        };
        tables.push(Table {
            measure,
            title: format!("A put until it is acknowledged: {title}"),
            unit: Unit::Milliseconds,
            base: PACKS,
            rows,
        });
    }
    Ok(tables)
}
