//! `dist/edge/`: the Worker, made by worker-build with our tools instead of those it would download; and for tests, the
//! same Worker with the store's conformance suite in it.

use std::path::{Path, PathBuf};

use super::Builder;
use super::output::Output;
use super::wasm::is_draft;
use crate::failure::Result;
use crate::run::Run;
use crate::stamp::Inputs;
use crate::{tools, workspace};

const FILES: [&str; 2] = ["index.js", "index_bg.wasm"];

/// The Worker's files, as they are deployed.
pub(crate) fn files() -> [PathBuf; 2] {
    FILES.map(|name| folder().join(name))
}

fn folder() -> PathBuf {
    workspace::dist().join("edge")
}

/// Builds the Worker.
pub(super) fn build(builder: &Builder) -> Result<()> {
    make(builder, "edge", &folder(), &[])
}

/// Builds the Worker that runs the suite, with a configuration of its own.
pub(super) fn build_for_tests(builder: &Builder) -> Result<()> {
    let folder = workspace::test_dist().join("edge-suite");
    make(builder, "edge-suite", &folder, &["--features", "suite"])?;
    workspace::write(&folder.join("wrangler.toml"), SUITE)
}

const SUITE: &str = r#"name = "virtual-files-edge-suite"
main = "index.js"
compatibility_date = "2026-04-01"
send_metrics = false
no_bundle = true

[[rules]]
type = "CompiledWasm"
globs = ["**/*.wasm"]

[[durable_objects.bindings]]
name = "STORE_SUITE"
class_name = "StoreSuite"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["StoreSuite"]
"#;

fn make(builder: &Builder, name: &str, folder: &Path, arguments: &[&str]) -> Result<()> {
    let sources = ["edge", "core", "Cargo.toml", "Cargo.lock"].map(workspace::path);
    let outputs = FILES.map(|name| folder.join(name));
    let as_it_is = is_draft().then_some("--no-opt");
    let recipe = format!(
        "{name} {arguments:?} {as_it_is:?} {:?} {}",
        builder.pins.npm,
        builder.toolchain.lints()
    );
    Inputs::new(&recipe).paths(sources)?.step(name, &outputs, || {
        let made = workspace::intermediate().join(name);
        let run = Run::new(tools::worker_build(&builder.pins)?)
            .arg("--release")
            .args(as_it_is)
            .arg("--out-dir")
            .arg(&made)
            .args(arguments)
            .folder(&workspace::path("edge"))
            .quiet_env("WASM_BINDGEN_BIN", tools::wasm_bindgen(&builder.pins)?)
            .quiet_env("WASM_OPT_BIN", tools::npm_tool("wasm-opt")?)
            .quiet_env("ESBUILD_BIN", tools::npm_tool("esbuild")?);
        builder.toolchain.apply(run).run()?;
        let mut output = Output::new(folder.to_owned());
        for name in FILES {
            output.copy(&made.join(name), name)?;
        }
        output.finish()
    })
}
