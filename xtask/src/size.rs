//! `cargo xtask size`: what the wasm weighs on the wire, against its budget; the edge's with its script, as it is deployed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::build::{Builder, HTML, HUB, SDK, WORKER, edge_files};
use crate::failure::{Context, Failure, Result};
use crate::run::Run;
use crate::workspace;

/// Builds, prints the table, and fails when something is over its budget.
pub(crate) fn check() -> Result<()> {
    Builder::new()?.all()?;
    let file = workspace::path("xtask/budgets.toml");
    let budgets: BTreeMap<String, u64> = toml::from_str(&workspace::read(&file)?).at(&file)?;
    let mut over = Vec::new();
    println!(
        "{:<8} {:>10} {:>10} {:>10} {:>6}",
        "wasm", "bytes", "brotli", "budget", "used"
    );
    for (name, files) in [
        ("worker", vec![WORKER.wasm()]),
        ("hub", vec![HUB.wasm()]),
        ("html", vec![HTML.wasm()]),
        ("sdk", vec![SDK.wasm()]),
        ("edge", edge_files().to_vec()),
    ] {
        let budget = *budgets
            .get(name)
            .ok_or_else(|| Failure::new(format!("xtask/budgets.toml has no budget for {name}")))?;
        let (mut plain, mut packed) = (0, 0);
        for file in &files {
            plain += fs::metadata(file).at(file)?.len();
            packed += brotli(file)?;
        }
        println!(
            "{name:<8} {plain:>10} {packed:>10} {budget:>10} {:>5}%",
            packed * 100 / budget.max(1)
        );
        if packed > budget {
            over.push(format!("{name} by {} bytes", packed - budget));
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "over budget: {} (xtask/budgets.toml)",
        over.join(", ")
    )))
}

/// The length after brotli at its best. Node has a brotli, and is there for other reasons.
fn brotli(file: &PathBuf) -> Result<u64> {
    const SCRIPT: &str = "const z=require('zlib'),f=require('fs');\
        console.log(z.brotliCompressSync(f.readFileSync(process.argv[1]),\
        {params:{[z.constants.BROTLI_PARAM_QUALITY]:11,[z.constants.BROTLI_PARAM_LGWIN]:24}}).length)";
    let length = Run::new("node").args(["--eval", SCRIPT]).arg(file).probe();
    length
        .and_then(|length| length.parse().ok())
        .ok_or_else(|| Failure::new(format!("node could not compress {}", file.display())))
}
