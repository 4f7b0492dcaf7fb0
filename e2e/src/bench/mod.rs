//! Benchmarks: subjects side by side in one browser, their turns interleaved, compared by ratios of medians.
//!
//! Times of one machine say little about another; that something takes half of what another thing takes says more.

mod refusals;
mod report;
mod restart;
mod stats;

use std::path::{Path, PathBuf};

use crate::Result;
use crate::browser::{Browser, Engine, Profile};
use crate::case::Host;
use crate::product::Product;

const PAGE: &str = include_str!("page.js");

/// What to run.
pub struct Options {
    /// How many times each subject has its turn.
    pub rounds: usize,
}

/// What every benchmark works with.
struct Bench {
    browser: Browser,
    /// The pattern of our VFS origin.
    vfs: String,
    /// A folder with the packages that we are compared with.
    peers: PathBuf,
    product: Product,
}

/// Runs all benchmarks and prints their tables.
pub fn run(options: &Options, out: &Path) -> Result {
    std::fs::create_dir_all(out)?;
    let out = out.canonicalize()?;
    let product = Product::serve(&out, "bench-wrangler")?;
    let browser = Browser::start(Engine::Chromium, Profile::Standard, &out)?;
    browser.goto(&product.host_page(Host::SameSite))?;
    let peers = std::env::var_os("VF_PEERS").ok_or("VF_PEERS names no folder: run `cargo xtask bench`")?;
    let bench = Bench {
        browser,
        vfs: product.origin("{session}.virtual-files.localhost"),
        peers: peers.into(),
        product,
    };
    println!("{}", restart::run(&bench, options.rounds)?.markdown());
    for table in refusals::run(bench.product.port(), options.rounds)? {
        println!("{}", table.markdown());
    }
    Ok(())
}
