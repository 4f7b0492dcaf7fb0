//! Every command a contributor runs: `cargo xtask` lists them.
//!
//! What a command needs and is missing, it brings: see `tools` and `toolchain`. What is printed after `$ ` can be
//! run by hand from the checkout's root.

mod build;
mod check;
mod coverage;
mod debian;
mod defences;
mod deploy;
mod dev;
mod failure;
mod fuzz;
mod help;
mod instructions;
mod nginx;
mod pins;
mod run;
mod serve;
mod size;
mod stamp;
mod static_origin;
mod tidy;
mod toolchain;
mod tools;
mod workspace;

#[cfg(not(unix))]
compile_error!("cargo xtask runs on Linux (on Windows: in WSL)");

use std::process::ExitCode;

use lexopt::prelude::*;

use crate::failure::{Failure, Result};
use crate::pins::Pins;

fn main() -> ExitCode {
    if !cfg!(target_os = "linux") {
        eprintln!("error: cargo xtask runs on Linux (on Windows: in WSL; on macOS: in a container)");
        return ExitCode::FAILURE;
    }
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next()? {
        None | Some(Short('h') | Long("help")) => "help".to_owned(),
        Some(Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "setup" => setup(arguments),
        "build" => build::run(arguments),
        "dev" => dev::Options::parse(arguments).and_then(dev::run),
        "deploy" => deploy::run(arguments),
        "static" => static_origin::run(arguments),
        "test" => check::Options::parse(arguments).and_then(check::test),
        "bench" => check::bench(arguments),
        name @ ("soak" | "torture") => check::long_run(name, arguments),
        "fuzz" => fuzz::run(arguments),
        "defences" => defences::run(arguments),
        "coverage" => alone(arguments).and_then(|()| coverage::run()),
        "lint" => alone(arguments).and_then(|()| check::lint()),
        "fmt" => alone(arguments).and_then(|()| check::format()),
        "tidy" => alone(arguments).and_then(|()| tidy::check()),
        "size" => alone(arguments).and_then(|()| size::check()),
        "clean" => clean(arguments),
        "help" => {
            print!("{}", help::text());
            Ok(())
        }
        other => Err(Failure::new(format!(
            "there is no command {other:?}; `cargo xtask help` lists them"
        ))),
    }
}

/// Fails unless the command line is at its end.
fn alone(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => Ok(()),
        Some(argument) => Err(argument.unexpected().into()),
    }
}

fn setup(mut arguments: lexopt::Parser) -> Result<()> {
    let pins = Pins::load()?;
    match arguments.next()? {
        None => {}
        Some(Long("relock")) => return tools::relock(&pins),
        Some(other) => return Err(other.unexpected().into()),
    }
    toolchain::WasmToolchain::ensure(&pins)?;
    tools::for_build(&pins)?;
    tools::for_browsers(&pins)?;
    println!("everything is there");
    Ok(())
}

fn clean(mut arguments: lexopt::Parser) -> Result<()> {
    let mut folders = vec![
        workspace::dist(),
        workspace::intermediate(),
        workspace::test_dist(),
        workspace::path(".wrangler"),
    ];
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("tools") => folders.push(workspace::tools()),
            other => return Err(other.unexpected().into()),
        }
    }
    folders.iter().try_for_each(|folder| workspace::remove_folder(folder))
}
