//! Benchmarks: subjects side by side in one browser, their turns interleaved, compared by ratios of medians.
//!
//! Times of one machine say little about another; that something takes half of what another thing takes says more. Whatever
//! does not answer as it should ends the run: no error is ever measured.

mod budgets;
mod chart;
mod corpus;
mod document;
mod first;
mod latency;
mod memory;
mod modules;
mod order;
mod put;
mod refusals;
mod register;
mod report;
mod restart;
mod serve;
mod stats;
mod subjects;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::{Browser, Engine, Profile};
use crate::product::Nginx;
use crate::server::Server;
use crate::{Result, ensure};
use corpus::Corpus;
use order::Rounds;
use report::Table;

/// What to run.
pub struct Options {
    /// In which browser.
    pub engine: Engine,
    /// How many times each subject has its turn, where a turn is short.
    pub rounds: usize,
    /// Which measures; all if none is named.
    pub only: Vec<String>,
    /// Whether large files are as large as they get, which takes its time.
    pub large: bool,
    /// Whether to write what was measured to `docs/benchmarks`.
    pub write: bool,
    /// Whether to fail where something is over its budget.
    pub check: bool,
    /// For how many microseconds our worker does nothing at each request: what `check` has to find.
    pub slow_down: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: Engine::Chromium,
            rounds: 50,
            only: Vec::new(),
            large: false,
            write: false,
            check: false,
            slow_down: 0,
        }
    }
}

impl Options {
    /// How often subjects have their turns, where a turn takes so many times as long as a short one. What is to be checked
    /// needs some: of two or three rounds an interval says nothing.
    fn rounds(&self, length: usize) -> Rounds {
        let least = if self.check { 10 } else { 2 };
        Rounds {
            before: if length > 2 { 1 } else { 3 },
            counted: self.rounds.div_ceil(length).max(least),
        }
    }
}

/// A group of tables that are measured together.
struct Measure {
    name: &'static str,
    /// Whether only Chromium will do.
    chromium: bool,
    run: fn(&Bench, &Options) -> Result<Vec<Table>>,
}

const MEASURES: &[Measure] = &[
    Measure::new("latency", latency::reads),
    Measure::new("parallel", latency::parallel),
    Measure::new("stored", latency::stored),
    Measure::new("modules", modules::run),
    Measure::new("restart", restart::run),
    Measure::new("register", register::run),
    Measure::new("first", first::run),
    Measure::new("put", put::run),
    Measure {
        chromium: true,
        ..Measure::new("memory", memory::run)
    },
    Measure::new("refusals", refusals::run),
];

impl Measure {
    const fn new(name: &'static str, run: fn(&Bench, &Options) -> Result<Vec<Table>>) -> Self {
        Self {
            name,
            chromium: false,
            run,
        }
    }
}

/// What every benchmark works with.
struct Bench {
    browser: Browser,
    /// The host app's server.
    host: Server,
    /// That of all origins with a worker.
    origins: Server,
    nginx: Nginx,
    /// Where logs go.
    out: PathBuf,
}

impl Bench {
    fn start(options: &Options, out: PathBuf) -> Result<Self> {
        let peers = std::env::var_os("VF_PEERS").ok_or("VF_PEERS names no folder: run `cargo xtask bench`")?;
        let corpus = Corpus::new();
        let (host, origins) = serve::servers(&corpus, Path::new(&peers), options.slow_down)?;
        let bench = Self {
            browser: Browser::start(options.engine, Profile::Standard, &out)?,
            host,
            origins,
            nginx: serve::nginx(&corpus)?,
            out,
        };
        // A put of hundreds of MB takes its time, and so does the Cache API with a thousand of files.
        let patience = Duration::from_secs(170);
        bench.browser.set_timeouts(patience, patience)?;
        Ok(bench)
    }

    /// What a script in the host page returns, which has to be a number above zero.
    fn number(&self, body: &str, args: &Value) -> Result<f64> {
        let found = self.browser.page(body, args)?;
        let number = found.as_f64().filter(|number| *number > 0.0);
        number.ok_or_else(|| format!("no time, but {found}, of {args}").into())
    }

    /// How long a subject takes for a task, after a turn that does not count.
    fn turn(&self, name: &str, task: &str, given: &Value) -> Result<f64> {
        let args = json!({"name": name, "task": task, "given": given});
        self.number("return await bench.turn(args.name, args.task, args.given)", &args)
    }
}

/// Runs the benchmarks and prints their tables; fails where something is over its budget, if that is to be checked.
pub fn run(options: &Options, out: &Path) -> Result {
    let unknown = options
        .only
        .iter()
        .find(|name| !MEASURES.iter().any(|measure| measure.name == name.as_str()));
    if let Some(unknown) = unknown {
        let names: Vec<&str> = MEASURES.iter().map(|measure| measure.name).collect();
        return Err(format!("no measure {unknown}: there are {}", names.join(", ")).into());
    }
    ensure(!options.write || options.only.is_empty(), || {
        "--write writes all measures: leave --only out".into()
    })?;
    ensure(
        options.engine == Engine::Chromium || !(options.write || options.check),
        || "budgets and the page are of Chromium".to_owned(),
    )?;
    ensure(!(options.write && options.slow_down > 0), || {
        "--write writes what is so: leave --slow-down out".into()
    })?;
    let budgets = budgets::read()?;
    std::fs::create_dir_all(out)?;
    let bench = Bench::start(options, out.canonicalize()?)?;
    let mut tables: Vec<Table> = Vec::new();
    for measure in MEASURES {
        let wanted = options.only.is_empty() || options.only.iter().any(|name| name == measure.name);
        if !wanted || (measure.chromium && options.engine != Engine::Chromium) {
            continue;
        }
        let found = (measure.run)(&bench, options).map_err(|error| format!("{}: {error}", measure.name))?;
        for table in &found {
            println!("{}", table.markdown());
        }
        tables.extend(found);
    }
    if options.write {
        document::write(&tables, &bench.browser)?;
    }
    if options.check {
        budgets::check(&budgets, &tables)
    } else {
        Ok(())
    }
}
