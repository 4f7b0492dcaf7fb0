//! Apps of many modules, each time in a new frame: 500 beside each other, 25 levels of 20, and a chain of 100.

use serde_json::json;

use super::corpus::APPS;
use super::order::interleave;
use super::report::{Table, Unit};
use super::subjects::{BRIDGE, CACHE, JS, LIMIT, MEMORY, NGINX, OURS, PLAYGROUND, RELAY};
use super::{Bench, Options};
use crate::Result;

const ALL: [&str; 9] = [OURS, MEMORY, JS, LIMIT, CACHE, NGINX, RELAY, PLAYGROUND, BRIDGE];

pub(super) fn run(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    bench.open(&ALL)?;
    let titles = [
        ("modules-flat", "500 modules that one imports"),
        (
            "modules-deep",
            "25 levels of 20 modules, each of which imports two of the next",
        ),
        ("modules-chain", "A chain of 100 modules"),
    ];
    let mut tables = Vec::new();
    for (app, (measure, title)) in APPS.iter().zip(titles) {
        let names: Vec<&str> = ALL.into_iter().filter(|name| can(name, app.folder)).collect();
        let rows = interleave(&names, options.rounds(2), |name| {
            let body = "return await bench.app(args.name, args.folder, args.modules)";
            bench.number(
                body,
                &json!({"name": name, "folder": app.folder, "modules": app.modules}),
            )
        })?;
        tables.push(Table {
            measure,
            title: format!("{title}: from the navigation of a new frame until the last has run"),
            unit: Unit::Milliseconds,
            base: JS,
            rows,
        });
    }
    Ok(tables)
}

/// Whether an app can be had of a subject.
fn can(name: &str, folder: &str) -> bool {
    match name {
        // It has one body for all modules, so that they import nothing.
        LIMIT => folder == "flat",
        // It loses requests where there are many at once: see `latency::parallel`.
        RELAY => folder == "chain",
        _ => true,
    }
}
