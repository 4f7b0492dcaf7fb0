//! `cargo xtask build`: from sources to `dist/`.
//!
//! ```text
//! dist/origin/          what the VFS origin serves: sw.js, hub.html, _vf/boot.html, _vf/{hub,html}-<hash>.{js,wasm},
//!                       _vf/worker-<hash>.wasm
//! dist/edge/            the Worker, made by worker-build; wrangler.toml names it
//! dist/npm/             the package `virtual-files`
//! dist/demo/            the demo host, with the package inside
//! target/test-dist/     what only tests load
//! ```
//!
//! Cargo runs every time, since nobody knows better what changed; each later step is skipped while its inputs
//! are what they were.

mod edge;
mod hub;
mod imports;
mod npm;
mod output;
mod wasm;
mod worker;

use std::path::PathBuf;
use std::time::Instant;

use crate::failure::Result;
use crate::pins::Pins;
use crate::stamp::Inputs;
use crate::toolchain::WasmToolchain;
use crate::{tools, workspace};
use output::Output;

pub(crate) use edge::files as edge_files;
pub(crate) use wasm::{DRAFT, HTML, HUB, SDK, WORKER};

/// Everything a step may need.
pub(crate) struct Builder {
    pins: Pins,
    toolchain: WasmToolchain,
}

impl Builder {
    /// Brings the tools, where they are missing.
    pub(crate) fn new() -> Result<Self> {
        let pins = Pins::load()?;
        tools::for_build(&pins)?;
        let toolchain = WasmToolchain::ensure(&pins)?;
        Ok(Self { pins, toolchain })
    }

    /// The compiler for wasm.
    pub(crate) fn toolchain(&self) -> &WasmToolchain {
        &self.toolchain
    }

    /// Builds all of `dist/`.
    pub(crate) fn all(&self) -> Result<()> {
        let started = Instant::now();
        worker::build(self)?;
        hub::build(self)?;
        npm::build(self)?;
        demo()?;
        edge::build(self)?;
        println!("dist/ is built ({:.1} s)", started.elapsed().as_secs_f64());
        Ok(())
    }

    /// Builds what only tests load.
    pub(crate) fn for_tests(&self) -> Result<()> {
        wasm::build_for_tests(self)?;
        edge::build_for_tests(self)
    }
}

/// Builds all of `dist/`, and on request what only tests load.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    let mut tests = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("tests") => tests = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let builder = Builder::new()?;
    builder.all()?;
    if tests { builder.for_tests() } else { Ok(()) }
}

/// The demo host is static; the SDK lies beside its pages.
fn demo() -> Result<()> {
    let (source, sdk) = (workspace::path("sandbox-demo"), workspace::dist().join("npm"));
    let folder = workspace::dist().join("demo");
    Inputs::new("demo")
        .paths([&source, &sdk])?
        .step("demo", &[folder.join("virtual-files/package.json")], || {
            let mut output = Output::new(folder);
            // What made the samples is not served with them.
            output.copy_folder(&source, "", |name| !name.starts_with("tools/"))?;
            output.copy_folder(&sdk, "virtual-files/", |_| true)?;
            output.finish()
        })
}

/// The files and folders whose changes call for a new build.
pub(crate) fn sources() -> Vec<PathBuf> {
    const SOURCES: [&str; 10] = [
        "Cargo.lock",
        "Cargo.toml",
        "core",
        "edge",
        "host-sdk",
        "hub",
        "sandbox-demo",
        "store",
        "sw",
        "web",
    ];
    SOURCES.iter().map(|name| workspace::path(name)).collect()
}
