//! `docs/benchmarks`: what was measured, as a page with charts, for people who have not run it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::chart;
use super::report::Table;
use super::subjects::LEGEND;
use crate::Result;
use crate::browser::Browser;

const INTRODUCTION: &str = include_str!("introduction.md");

/// Writes the page and its charts, and takes away charts of measures that are gone.
pub(super) fn write(tables: &[Table], browser: &Browser) -> Result {
    let root = std::env::var_os("VF_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let folder = root.join("docs/benchmarks");
    std::fs::create_dir_all(&folder)?;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            std::fs::remove_file(path)?;
        }
    }
    for table in tables {
        std::fs::write(folder.join(format!("{}.svg", table.measure)), chart::svg(table))?;
    }
    std::fs::write(folder.join("README.md"), page(tables, &machine(browser)))?;
    Ok(())
}

fn page(tables: &[Table], machine: &str) -> String {
    let mut text = format!(
        "{INTRODUCTION}\nThe figures below are of {machine}.\n\n## The subjects\n\n| name | what it is |\n| --- | --- |\n"
    );
    for (name, what) in LEGEND {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| {name} | {what} |");
    }
    text.push_str("\n## The figures\n");
    for table in tables {
        let alt = format!(
            "The medians of the table above as bars: {}.",
            table.title.replace('`', "")
        );
        let _ = write!(text, "\n{}\n![{alt}]({}.svg)\n", table.markdown(), table.measure);
    }
    text
}

/// What the figures depend on.
fn machine(browser: &Browser) -> String {
    let of = |name: &str| browser.capabilities[name].as_str().unwrap_or("?").to_owned();
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "{} {} on {}, {processors} processors ({})",
        of("browserName"),
        of("browserVersion"),
        of("platformName"),
        model().unwrap_or_else(|| "of a kind that is not known".to_owned())
    )
}

fn model() -> Option<String> {
    let text = std::fs::read_to_string(Path::new("/proc/cpuinfo")).ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(": ")?.1.trim().to_owned())
}
