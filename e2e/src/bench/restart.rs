//! How long it takes from a worker that was stopped to the first bytes of a file: of a session in memory, of one in
//! IndexedDB, of the worker written by hand, and of playground-elements', whose files are in a page's memory as well.

use std::collections::BTreeMap;

use serde_json::json;

use super::order::interleave;
use super::report::{Table, Unit};
use super::subjects::{JS, MEMORY, OURS, PLAYGROUND};
use super::{Bench, Options};
use crate::{Result, ensure};

pub(super) fn run(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    let names = [OURS, MEMORY, JS, PLAYGROUND];
    bench.open(&names)?;
    let mut restarts = Restarts::new(bench);
    let rows = interleave(&names, options.rounds(1), |name| restarts.first_byte(name))?;
    Ok(vec![Table {
        measure: "restart",
        title: "From a stopped worker to the first bytes of a file of 1 KB".to_owned(),
        unit: Unit::Milliseconds,
        base: JS,
        rows,
    }])
}

/// Stops workers, and sees that they were.
pub(super) struct Restarts<'b> {
    bench: &'b Bench,
    /// When each was started last, or how often: it grows.
    starts: BTreeMap<&'static str, f64>,
}

impl<'b> Restarts<'b> {
    pub(super) fn new(bench: &'b Bench) -> Self {
        Self {
            bench,
            starts: BTreeMap::new(),
        }
    }

    /// How long a subject takes for the first bytes of a file, its worker stopped beforehand.
    pub(super) fn first_byte(&mut self, name: &'static str) -> Result<f64> {
        let args = json!({"name": name, "given": {"url": "file-1k.txt", "bytes": 1024}});
        let starts = |bench: &Bench| bench.number("return await bench.starts(args.name)", &args);
        let before = match self.starts.get(name) {
            Some(before) => *before,
            None => starts(self.bench)?,
        };
        ensure(self.bench.browser.stop_workers()?, || {
            "this browser's workers cannot be stopped".into()
        })?;
        let taken = self
            .bench
            .number("return await bench.first(args.name, args.given)", &args)?;
        let started = starts(self.bench)?;
        ensure(started > before, || {
            format!("the worker of {name} was not stopped: {started}, {before} before")
        })?;
        self.starts.insert(name, started);
        Ok(taken)
    }
}
