//! nginx, for the tests of static hosting: the machine's own, or Debian's package laid out in `.tools/`.
//!
//! Installed as a package it would start to serve on port 80.

use std::path::PathBuf;

use crate::failure::{Context, Failure, Result};
use crate::run::{Run, on_path};
use crate::workspace;

/// The path of the program, which is brought where it is missing.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let folder = workspace::tools().join("nginx");
    workspace::remove_folder(&folder)?;
    std::fs::create_dir_all(&folder).at(&folder)?;
    let download = || {
        Run::new("apt-get")
            .args(["download", "--quiet", "nginx"])
            .folder(&folder)
            .run()
    };
    let missing = |failure| {
        Failure::new(format!(
            "the tests of static hosting need nginx on PATH; please install it ({failure})"
        ))
    };
    if download().is_err() {
        Run::new("apt-get").args(["update", "--quiet"]).run().map_err(missing)?;
        download().map_err(missing)?;
    }
    for package in workspace::files(&folder)? {
        Run::new("dpkg").arg("--extract").arg(package).arg(&folder).run()?;
    }
    find().ok_or_else(|| Failure::new("nginx is not in .tools/nginx: delete that folder and run `cargo xtask setup`"))
}

/// Where it is, if it runs.
pub(crate) fn find() -> Option<PathBuf> {
    let own = workspace::tools().join("nginx/usr/sbin/nginx");
    let candidates = [Some(own), on_path("nginx")];
    candidates
        .into_iter()
        .flatten()
        .find(|program| program.is_file() && Run::new(program).arg("-V").probe().is_some())
}
