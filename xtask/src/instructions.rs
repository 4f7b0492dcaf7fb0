//! How many instructions some work of the core takes, counted by valgrind: the one measure that is the same on a busy machine.
//!
//! The cases are those of `core/benches/instructions.rs`; `instructions.toml` has what each may take.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::debian;
use crate::failure::{Context, Failure, Result};
use crate::pins::Pins;
use crate::run::{Run, cargo};
use crate::workspace;

/// How many per cent more than its budget a case may take: allocators and the order of a map make it vary a little.
const SLACK: u64 = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    /// The compiler and the machine that the counts are of.
    toolchain: String,
    cases: BTreeMap<String, u64>,
}

/// Counts and prints; fails over budget, where that is asked for.
pub(crate) fn run(pins: &Pins, check: bool) -> Result<()> {
    debian::ensure(&pins.debian.instructions, "Counting instructions")?;
    let file = workspace::path("xtask/instructions.toml");
    let budgets: Budgets = toml::from_str(&workspace::read(&file)?).at(&file)?;
    let toolchain = toolchain()?;
    let mut lines = Vec::new();
    let mut over = Vec::new();
    for (case, budget) in &budgets.cases {
        let count = count(case)?;
        let used = count as f64 / *budget as f64;
        lines.push(format!("| {case} | {count} | {budget} | {used:.3} |"));
        if count * 100 > budget * (100 + SLACK) {
            over.push(format!("{case}: {count}, and at most {budget} and {SLACK} %"));
        }
    }
    println!(
        "\n### Instructions of the core, with {toolchain}\n\n| `instructions` | counted | budget | ratio |\n| --- | ---: | ---: | ---: |"
    );
    lines.iter().for_each(|line| println!("{line}"));
    println!();
    if toolchain != budgets.toolchain {
        println!("The budgets are of {}: nothing is compared.", budgets.toolchain);
        return Ok(());
    }
    if !check || over.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "more instructions than xtask/instructions.toml has: {}",
        over.join("; ")
    )))
}

/// The compiler that builds the cases, and for which machine.
fn toolchain() -> Result<String> {
    let said = Run::new("rustc").arg("--version").probe();
    let version = said.ok_or_else(|| Failure::new("rustc does not say its version"))?;
    Ok(format!("{version} for {}", std::env::consts::ARCH))
}

/// Runs one case under valgrind.
fn count(case: &str) -> Result<u64> {
    let out = workspace::intermediate().join("callgrind").join(case);
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).at(folder)?;
    }
    let runner = [
        "valgrind".to_owned(),
        "--quiet".to_owned(),
        "--tool=callgrind".to_owned(),
        "--toggle-collect=*instructions*measured*".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
    ];
    let runner = serde_json::to_string(&runner).context("writing the runner")?;
    cargo()
        .args([
            "bench",
            "--quiet",
            "--package",
            "virtual-files-core",
            "--bench",
            "instructions",
        ])
        .args(["--config", &format!("target.'cfg(all())'.runner={runner}")])
        .args(["--", case])
        .run()?;
    counted(&out)
}

/// What a file of callgrind's sums up.
fn counted(file: &Path) -> Result<u64> {
    let text = workspace::read(file)?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    match total.and_then(|total| total.trim().parse().ok()) {
        Some(count) if count > 0 => Ok(count),
        _ => Err(Failure::new(format!(
            "{}: callgrind has counted nothing",
            file.display()
        ))),
    }
}
