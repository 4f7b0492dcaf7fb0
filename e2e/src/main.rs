//! Runs the suites: `virtual-files-e2e [commands|facts|store|e2e]... [--browser NAME]... [--filter TEXT] [--list]`; or what is no
//! test: `virtual-files-e2e torture [--browser NAME] [--minutes N] [--seed N]`, `soak [--minutes N]`, `bench [--rounds N] [--only MEASURE]...
//! [--browser NAME] [--large] [--write] [--check]`.
//!
//! Without a suite's name all run. The last line is `N passed, N failed`, and the exit code tells as much.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libtest_mimic::{Arguments, Trial};
use virtual_files_e2e::browser::Engine;
use virtual_files_e2e::case::{Case, locked, trials};
use virtual_files_e2e::lab::Lab;
use virtual_files_e2e::{Result, bench, commands, facts, process, product, soak, store, torture};

/// Every suite with its cases.
const SUITES: &[(&str, &[&[Case]])] = &[
    ("commands", commands::CASES),
    ("facts", facts::CASES),
    ("store", store::CASES),
    ("e2e", product::CASES),
];

struct Options {
    suites: Vec<String>,
    engines: Vec<Engine>,
    filter: Option<String>,
    list: bool,
}

fn options() -> Result<Options> {
    use lexopt::prelude::*;
    let mut options = Options {
        suites: Vec::new(),
        engines: Vec::new(),
        filter: None,
        list: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("browser") => options.engines.push(engine(&parser.value()?.string()?)?),
            Long("filter") => options.filter = Some(parser.value()?.string()?),
            Long("list") => options.list = true,
            Value(name) => {
                let name = name.string()?;
                if !SUITES.iter().any(|(suite, _)| *suite == name) {
                    return Err(format!(
                        "no suite {name}: {:?}",
                        SUITES.iter().map(|suite| suite.0).collect::<Vec<_>>()
                    )
                    .into());
                }
                options.suites.push(name);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.engines.is_empty() {
        options.engines = Engine::ALL.to_vec();
    }
    Ok(options)
}

fn engine(name: &str) -> Result<Engine> {
    let found = Engine::ALL.into_iter().find(|engine| engine.name() == name);
    found.ok_or_else(|| format!("no browser {name}: chromium, firefox or webkit").into())
}

/// Runs what is no suite, as it ends when its time is over; `Ok(false)` where nothing of that name is.
fn long_run(name: &str, out: &Path) -> Result<bool> {
    use lexopt::prelude::*;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let short = if name == "soak" { 10 } else { 1 };
    let (mut browser, mut minutes, mut seed) = (Engine::Chromium, short, now.as_secs() % 1_000_000);
    let mut measures = bench::Options::default();
    let mut parser = lexopt::Parser::from_args(std::env::args_os().skip(2));
    if !["torture", "soak", "bench"].contains(&name) {
        return Ok(false);
    }
    while let Some(argument) = parser.next()? {
        match (name, argument) {
            ("torture" | "bench", Long("browser")) => browser = engine(&parser.value()?.string()?)?,
            ("torture" | "soak", Long("minutes")) => minutes = parser.value()?.parse()?,
            ("torture", Long("seed")) => seed = parser.value()?.parse()?,
            ("bench", Long("rounds")) => measures.rounds = parser.value()?.parse()?,
            ("bench", Long("slow-down")) => measures.slow_down = parser.value()?.parse()?,
            ("bench", Long("only")) => measures.only.push(parser.value()?.string()?),
            ("bench", Long("large")) => measures.large = true,
            ("bench", Long("write")) => measures.write = true,
            ("bench", Long("check")) => measures.check = true,
            (_, other) => return Err(other.unexpected().into()),
        }
    }
    let length = Duration::from_secs(60 * minutes);
    match name {
        "torture" => {
            let engine = browser;
            torture::run(&torture::Options { engine, length, seed }, out)?;
        }
        "soak" => soak::run(&soak::Options { length }, out)?,
        _ => {
            measures.engine = browser;
            bench::run(&measures, out)?;
        }
    }
    Ok(true)
}

fn run() -> Result<bool> {
    let out = std::env::var_os("VF_E2E_OUT").map_or_else(|| PathBuf::from("e2e/out"), PathBuf::from);
    ctrlc::set_handler(|| {
        process::end_all();
        std::process::exit(130);
    })?;
    if let Some(name) = std::env::args().nth(1)
        && long_run(&name, &out)?
    {
        return Ok(true);
    }
    let options = options()?;
    let lab = Arc::new(Mutex::new(Lab::new(out)?));
    let mut tests: Vec<Trial> = Vec::new();
    for engine in &options.engines {
        for (suite, groups) in SUITES {
            if options.suites.is_empty() || options.suites.iter().any(|wanted| wanted == suite) {
                tests.extend(groups.iter().flat_map(|cases| trials(&lab, suite, cases, *engine)));
            }
        }
    }
    // By reason: the names alone would fill pages.
    let mut without: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for test in tests.iter().filter(|test| test.has_ignored_flag()) {
        let wanted = options
            .filter
            .as_deref()
            .is_none_or(|filter| test.name().contains(filter));
        if let (true, Some((engine, name))) = (wanted, test.name().split_once("::")) {
            let reason = format!("{engine}: {}", test.kind());
            without.entry(reason).or_default().push(name.to_owned());
        }
    }
    let arguments = Arguments {
        test_threads: Some(1),
        filter: options.filter,
        list: options.list,
        ..Arguments::default()
    };
    let conclusion = libtest_mimic::run(&arguments, tests);
    let failures = std::mem::take(&mut locked(&lab).failures);
    drop(lab);
    if options.list {
        return Ok(true);
    }
    if !without.is_empty() {
        println!("Not shown, because the engine has no means for it:");
    }
    for (reason, names) in without {
        println!("  {reason} ({}): {}", names.len(), names.join(", "));
    }
    // Again, and last: what keeps only the end of a long output keeps this.
    for failure in failures {
        println!("\nFAILED {failure}");
    }
    println!("{} passed, {} failed", conclusion.num_passed, conclusion.num_failed);
    if conclusion.num_passed + conclusion.num_failed == 0 {
        return Err("no test has that name".into());
    }
    Ok(!conclusion.has_failed())
}

fn main() -> ExitCode {
    let result = run();
    process::end_all();
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
