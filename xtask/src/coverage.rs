//! `cargo xtask coverage`: how much of the core its tests and the fuzzer's corpora run, line by line.
//!
//! What reads text from outside must be run nearly whole; the rest is only told.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Context, Failure, Result};
use crate::run::{Run, cargo};
use crate::workspace;

/// What of a parser must be run, in percent of its lines.
const FLOOR: f64 = 95.0;

/// What reads text from outside: files and folders below `core/src/`.
const PARSERS: &[&str] = &[
    "config.rs",
    "edge/access.rs",
    "edge/api.rs",
    "edge/upload.rs",
    "html",
    "html.rs",
    "http",
    "index/wire.rs",
    "media_type.rs",
    "modules",
    "options.rs",
    "origin.rs",
    "path.rs",
    "protocol.rs",
    "route.rs",
    "session.rs",
];

/// Runs the core's tests with counters, prints each file's share, and fails for a parser below the floor.
pub(crate) fn run() -> Result<()> {
    let tools = tools()?;
    let folder = workspace::target().join("coverage");
    let profiles = folder.join("profiles");
    workspace::remove_folder(&profiles)?;
    let tests = || {
        cargo()
            .args([
                "test",
                "--quiet",
                "--package",
                "virtual-files-core",
                "--all-features",
                "--tests",
            ])
            .env("RUSTFLAGS", "-Cinstrument-coverage")
            .env("CARGO_TARGET_DIR", &folder)
            .env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"))
    };
    tests().run()?;
    let built = tests().args(["--no-run", "--message-format=json"]).output()?;
    let merged = folder.join("all.profdata");
    Run::new(tools.join("llvm-profdata"))
        .args(["merge", "-sparse", "-o"])
        .args([&merged, &profiles])
        .output()?;
    let objects = executables(&built);
    let report = Run::new(tools.join("llvm-cov"))
        .args(["export", "--summary-only", "--instr-profile"])
        .arg(&merged)
        .args(objects.iter().flat_map(|object| ["--object", object]))
        .output()?;
    let report: Value = serde_json::from_str(&report).context("reading the report of llvm-cov")?;
    judge(&shares(&report))
}

/// Where the compiler's own llvm-profdata and llvm-cov are; rustup brings them.
fn tools() -> Result<PathBuf> {
    let folder = PathBuf::from(Run::new("rustc").args(["--print", "target-libdir"]).output()?.trim());
    let folder = folder.parent().unwrap_or(Path::new(".")).join("bin");
    if !folder.join("llvm-cov").is_file() {
        let added = Run::new("rustup").args(["component", "add", "llvm-tools"]).run();
        added.context("llvm-cov is missing; `rustup component add llvm-tools` brings it")?;
    }
    Ok(folder)
}

/// The test programs that cargo has built, as its messages tell.
fn executables(messages: &str) -> Vec<String> {
    let path = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    };
    messages.lines().filter_map(path).collect()
}

/// The core's files, with what of them was run, in percent.
fn shares(report: &Value) -> Vec<(String, f64)> {
    let core = workspace::path("core/src");
    let share = |file: &Value| {
        let path = Path::new(file["filename"].as_str()?).strip_prefix(&core).ok()?;
        Some((
            path.display().to_string(),
            file["summary"]["lines"]["percent"].as_f64()?,
        ))
    };
    let files = report["data"][0]["files"].as_array();
    let tests = |name: &str| name.ends_with("tests.rs") || name.contains("conformance");
    let all = files.into_iter().flatten().filter_map(share);
    all.filter(|(name, _)| !tests(name)).collect()
}

fn judge(shares: &[(String, f64)]) -> Result<()> {
    let mut low = Vec::new();
    for (name, share) in shares {
        let parser = PARSERS.iter().any(|parser| Path::new(name).starts_with(parser));
        println!("{share:6.2} %  {}{name}", if parser { "parser  " } else { "        " });
        if parser && *share < FLOOR {
            low.push(name.as_str());
        }
    }
    if !PARSERS
        .iter()
        .all(|parser| shares.iter().any(|(name, _)| Path::new(name).starts_with(parser)))
    {
        return Err(Failure::new(
            "a parser is not in the report: see PARSERS in xtask/src/coverage.rs",
        ));
    }
    match low.as_slice() {
        [] => Ok(()),
        low => Err(Failure::new(format!(
            "less than {FLOOR} % of the lines are run of {}",
            low.join(", ")
        ))),
    }
}
