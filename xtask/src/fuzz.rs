//! `cargo xtask fuzz`: builds the fuzz targets and runs them, on stable Rust and without cargo-fuzz.
//!
//! libFuzzer comes as a crate, pinned in `fuzz/Cargo.lock`; what it needs of rustc is the coverage pass of LLVM, which
//! takes no unstable flag. No sanitizer is built in: the core forbids unsafe code, so a fault shows as a panic. The layout
//! is cargo-fuzz's, which works as well where a nightly Rust is at hand.

use std::path::PathBuf;

use lexopt::prelude::*;

use crate::debian;
use crate::failure::{Context, Failure, Result};
use crate::pins::Pins;
use crate::run::{Run, cargo, on_path};
use crate::workspace;

/// Counters for each edge, and the values that are compared.
const COVERAGE: &[&str] = &[
    "--cfg=fuzzing",
    "-Ccodegen-units=1",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Longer inputs are slower and seldom say more.
const MAX_INPUT: u32 = 2048;

/// What `cargo xtask fuzz` was asked for.
struct Options {
    target: Option<String>,
    minutes: u64,
}

impl Options {
    fn parse(mut arguments: lexopt::Parser) -> Result<Self> {
        let mut options = Self {
            target: None,
            minutes: 1,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(target) if options.target.is_none() => options.target = Some(target.string()?),
                Long("minutes") => options.minutes = arguments.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

/// Builds what was asked for, and fuzzes it for so many minutes each.
pub(crate) fn run(arguments: lexopt::Parser) -> Result<()> {
    let options = Options::parse(arguments)?;
    let mut targets = targets()?;
    if let Some(wanted) = &options.target {
        if !targets.contains(wanted) {
            return Err(Failure::new(format!(
                "there is no target {wanted:?}; there are {}",
                targets.join(", ")
            )));
        }
        targets.retain(|target| target == wanted);
    }
    if !["c++", "g++", "clang++"]
        .iter()
        .any(|compiler| on_path(compiler).is_some())
    {
        debian::ensure(&Pins::load()?.debian.fuzz, "Building libFuzzer")?;
    }
    let folder = build(&targets)?;
    for target in &targets {
        fuzz(&folder, target, options.minutes)?;
    }
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let files = workspace::files(&workspace::path("fuzz/fuzz_targets"))?;
    let name = |file: &PathBuf| Some(file.file_stem()?.to_str()?.to_owned());
    Ok(files.iter().filter_map(name).collect())
}

/// Builds the targets and returns the folder that they are in.
fn build(targets: &[String]) -> Result<PathBuf> {
    // Naming the target keeps the flags from build scripts and macros, which have no libFuzzer to link to.
    let host = Run::new("rustc").args(["--print", "host-tuple"]).output()?;
    let host = host.trim();
    let folder = workspace::target().join("fuzz");
    cargo()
        .args([
            "build",
            "--release",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--target",
            host,
        ])
        .args(targets.iter().flat_map(|target| ["--bin", target]))
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .env("CARGO_TARGET_DIR", &folder)
        .run()?;
    Ok(folder.join(host).join("release"))
}

fn fuzz(folder: &std::path::Path, target: &str, minutes: u64) -> Result<()> {
    let (found, artifacts) = (
        workspace::target().join("fuzz/corpus").join(target),
        workspace::path("fuzz/artifacts").join(target),
    );
    for folder in [&found, &artifacts] {
        std::fs::create_dir_all(folder).at(folder)?;
    }
    let mut run = Run::new(folder.join(target))
        .arg(match minutes {
            // No time is all the time to libFuzzer, and means the corpus alone here.
            0 => "-runs=0".to_owned(),
            _ => format!("-max_total_time={}", minutes.saturating_mul(60)),
        })
        .arg(format!("-max_len={MAX_INPUT}"))
        .args(["-timeout=20", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", artifacts.display()));
    let dictionary = workspace::path("fuzz/dictionaries").join(format!("{target}.dict"));
    if dictionary.is_file() {
        run = run.arg(format!("-dict={}", dictionary.display()));
    }
    // What is new goes to the first folder; the second one is the repository's and stays small.
    run.arg(&found)
        .arg(workspace::path("fuzz/corpus").join(target))
        .run()
        .context(&format!(
            "{target} breaks a promise; fix it, and put the input into fuzz/corpus/{target} as a test"
        ))
}
