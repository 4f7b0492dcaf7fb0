//! Writes the VFS origin as static files: `--assets dist/origin --out DIR --host NAME --allow ORIGIN… [--listen ADDRESS] [--ttl SECONDS]`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;
use virtual_files_core::config::{Config, SESSION_TTL_SECONDS};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let (mut assets, mut out, mut host) = (PathBuf::new(), PathBuf::new(), String::new());
    let (mut allowed, mut listen, mut ttl) = (Vec::new(), "80".to_owned(), SESSION_TTL_SECONDS);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("assets") => assets = arguments.value()?.into(),
            Long("out") => out = arguments.value()?.into(),
            Long("host") => host = arguments.value()?.string()?,
            Long("allow") => allowed.push(arguments.value()?.string()?),
            Long("listen") => listen = arguments.value()?.string()?,
            Long("ttl") => ttl = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    if assets.as_os_str().is_empty() || out.as_os_str().is_empty() {
        return Err("give --assets, the folder that the build made, and --out, where the files shall go".into());
    }
    if host.is_empty() || allowed.is_empty() {
        return Err("give --host, the VFS origin's bare name, and --allow, an origin that may embed previews".into());
    }
    if !listen
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || " .:[]_=".contains(char))
    {
        return Err("--listen is an address, as nginx takes it".into());
    }
    let config = Config::new(&host, allowed.iter().map(String::as_str))
        .map_err(|error| format!("--host or --allow: {error}"))?
        .with_session_ttl(ttl);
    let written = virtual_files_static::write(&assets, &out, &config, &listen)?;
    println!("files: {}", written.files.display());
    println!("nginx: {}", written.nginx.display());
    Ok(())
}
