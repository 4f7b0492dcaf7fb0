//! `cargo xtask deploy [--dry-run] [--env NAME]`: builds everything and hands it to wrangler.
//!
//! A dry run needs no account and no network: it lists what would go out, and has wrangler read the configuration and pack the
//! Worker. Who you are on Cloudflare is wrangler's to find out (`wrangler login`, or `CLOUDFLARE_API_TOKEN`).

use std::fs;
use std::path::Path;

use lexopt::prelude::*;

use crate::build::Builder;
use crate::failure::{Context, Failure, Result};
use crate::run::Run;
use crate::{tools, workspace};

/// The host that `wrangler.toml` comes with, which is nobody's to deploy to.
const EXAMPLE: &str = "vfs.example.com";

/// Runs the command.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    let (mut dry, mut environment) = (false, "production".to_owned());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("dry-run") => dry = true,
            Long("env") => environment = arguments.value()?.string()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let file = workspace::path("wrangler.toml");
    let host = host(&workspace::read(&file)?, &environment)?;
    if host == EXAMPLE && !dry {
        return Err(Failure::new(format!(
            "fill in [env.{environment}] of wrangler.toml first: VFS_HOST is still {EXAMPLE} (docs/deploy.md says how)"
        )));
    }
    Builder::new()?.all()?;
    println!("\nfor https://{host}, by [env.{environment}] of wrangler.toml:");
    for folder in ["edge", "origin", "origin/_vf"] {
        list(&workspace::dist().join(folder))?;
    }
    let deploy = ["deploy", "--env", &environment];
    if dry {
        return tools::local_wrangler()?.args(deploy).arg("--dry-run").run();
    }
    Run::new(tools::npm_tool("wrangler")?)
        .args(deploy)
        .quiet_env("WRANGLER_SEND_METRICS", "false")
        .run()
}

/// The `VFS_HOST` of an environment.
fn host(text: &str, environment: &str) -> Result<String> {
    let settings: toml::Table = text.parse().context("reading wrangler.toml")?;
    let found = settings
        .get("env")
        .and_then(|environments| environments.get(environment))
        .and_then(|found| found.get("vars"))
        .and_then(|vars| vars.get("VFS_HOST"))
        .and_then(toml::Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("wrangler.toml has no [env.{environment}.vars] with a VFS_HOST")))
}

/// Prints the files of a folder with their sizes.
fn list(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).at(folder)? {
        let entry = entry.at(folder)?;
        let metadata = entry.metadata().at(&entry.path())?;
        if metadata.is_file() {
            files.push((entry.path(), metadata.len()));
        }
    }
    files.sort();
    for (file, length) in files {
        let shown = file.strip_prefix(workspace::root()).unwrap_or(&file);
        println!("{length:>9}  {}", shown.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_the_environments_own() {
        let text = "[vars]\nVFS_HOST = \"a\"\n[env.x.vars]\nVFS_HOST = \"b\"\n[env.y]\n";
        assert_eq!(host(text, "x").unwrap(), "b");
        assert!(host(text, "y").is_err());
        assert!(host(text, "z").is_err());
        assert!(host("[", "x").is_err());
    }

    #[test]
    fn the_configuration_names_its_example() {
        let text = workspace::read(&workspace::path("wrangler.toml")).unwrap();
        assert_eq!(host(&text, "production").unwrap(), EXAMPLE);
    }
}
