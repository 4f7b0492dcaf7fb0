//! Packages of Debian: which are missing, and installing them where that is allowed.
//!
//! Only a root user on Debian (or what derives from it) gets packages installed. Anybody else is told the one
//! line to run, and the command stops.

use std::collections::BTreeSet;

use crate::failure::{Failure, Result};
use crate::run::{Run, on_path};

/// Makes sure that the packages are there.
pub(crate) fn ensure(packages: &[String], purpose: &str) -> Result<()> {
    if on_path("dpkg-query").is_none() {
        return Err(Failure::new(format!(
            "{purpose} needs these packages of Debian, or their like on this system: {}",
            packages.join(" ")
        )));
    }
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_root() {
        return Err(Failure::new(format!(
            "{purpose} needs packages that are missing; please run: sudo apt-get update && sudo apt-get install --yes --no-install-recommends {list}"
        )));
    }
    Run::new("apt-get").args(["update", "--quiet"]).run()?;
    Run::new("apt-get")
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
}

/// Those of the packages that are not installed.
pub(crate) fn missing(packages: &[String]) -> Vec<String> {
    // dpkg-query fails when it does not know one of the packages, and still prints the others.
    let installed = Run::new("sh")
        .args([
            "-c",
            r#"dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" || true"#,
            "sh",
        ])
        .args(packages)
        .probe()
        .unwrap_or_default();
    let installed: BTreeSet<&str> = installed
        .lines()
        .filter_map(|line| line.strip_prefix("ii "))
        .map(str::trim)
        .collect();
    packages
        .iter()
        .filter(|package| !installed.contains(package.as_str()))
        .cloned()
        .collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
