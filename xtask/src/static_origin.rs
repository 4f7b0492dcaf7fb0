//! `cargo xtask static --host NAME --allow ORIGIN…`: the VFS origin without the Worker, as files and an nginx configuration in
//! `dist/static/`, or in another folder.

use std::ffi::OsString;

use lexopt::prelude::*;

use crate::build::Builder;
use crate::failure::Result;
use crate::run::cargo;
use crate::workspace;

/// Runs the command. What it takes beside `--out` is checked by who uses it.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    let mut given: Vec<OsString> = Vec::new();
    let mut out = workspace::dist().join("static").into_os_string();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long(name @ ("host" | "allow" | "listen" | "ttl")) => {
                given.push(format!("--{name}").into());
                given.push(arguments.value()?);
            }
            Long("out") => out = arguments.value()?,
            other => return Err(other.unexpected().into()),
        }
    }
    Builder::new()?.all()?;
    cargo()
        .args(["run", "--quiet", "--package", "virtual-files-static", "--", "--assets"])
        .arg(workspace::dist().join("origin"))
        .arg("--out")
        .arg(out)
        .args(&given)
        .run()
}
