//! `dist/edge/`: the Worker, made by worker-build with our tools instead of those it would download.

use super::Builder;
use super::output::Output;
use crate::failure::Result;
use crate::run::Run;
use crate::stamp::Inputs;
use crate::{tools, workspace};

const FILES: [&str; 2] = ["index.js", "index_bg.wasm"];

/// Builds the Worker.
pub(super) fn build(builder: &Builder) -> Result<()> {
    let folder = workspace::dist().join("edge");
    let sources = ["edge", "core", "Cargo.toml", "Cargo.lock"].map(workspace::path);
    let outputs = FILES.map(|name| folder.join(name));
    Inputs::new(&format!("edge {:?} {}", builder.pins.npm, builder.toolchain.lints()))
        .paths(sources)?
        .step("edge", &outputs, || {
            let made = workspace::intermediate().join("edge");
            let run = Run::new(tools::worker_build(&builder.pins)?)
                .args(["--release", "--out-dir"])
                .arg(&made)
                .folder(&workspace::path("edge"))
                .quiet_env("WASM_BINDGEN_BIN", tools::wasm_bindgen(&builder.pins)?)
                .quiet_env("WASM_OPT_BIN", tools::npm_tool("wasm-opt")?)
                .quiet_env("ESBUILD_BIN", tools::npm_tool("esbuild")?);
            builder.toolchain.apply(run).run()?;
            let mut output = Output::new(folder.clone());
            for name in FILES {
                output.copy(&made.join(name), name)?;
            }
            output.finish()
        })
}
