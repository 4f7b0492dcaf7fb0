//! The hub's page, script and wasm, and the boot page.
//!
//! The script and the wasm carry their hash in their names, so that browsers may keep them for ever; the pages name
//! them, and are asked for anew each time. The pages' configuration and nonce are filled in by the edge.

use std::fs;

use super::Builder;
use super::output::Output;
use super::wasm::HUB;
use super::worker::{CONFIG, require};
use crate::failure::{Context, Result};
use crate::run::Run;
use crate::stamp::{Inputs, short_hash};
use crate::{tools, workspace};

const HUB_SCRIPT: &str = "__VF_HUB_JS__";
const HUB_WASM: &str = "__VF_HUB_WASM__";
const NONCE: &str = "__VF_NONCE__";

/// Builds the pages and what the hub loads.
pub(super) fn build(builder: &Builder) -> Result<()> {
    HUB.build(builder)?;
    let origin = workspace::dist().join("origin");
    let outputs = [origin.join("hub.html"), origin.join("_vf/boot.html")];
    Inputs::new("hub")
        .paths([
            workspace::path("hub/static"),
            workspace::path("hub/js"),
            HUB.bindings(),
            HUB.wasm(),
        ])?
        .step("hub", &outputs, assemble)
}

fn assemble() -> Result<()> {
    let wasm = fs::read(HUB.wasm()).at(&HUB.wasm())?;
    let wasm_name = format!("hub-{}.wasm", short_hash(&wasm));
    let script = bundle()?;
    let script_name = format!("hub-{}.js", short_hash(script.as_bytes()));

    let mut output = Output::new(workspace::dist().join("origin/_vf"));
    output.write(&wasm_name, wasm)?;
    output.write(&script_name, script)?;
    output.write("boot.html", page("boot.html")?)?;
    let hub = page("hub.html")?;
    require(&hub, CONFIG, "hub/static/hub.html")?;
    require(&hub, HUB_SCRIPT, "hub/static/hub.html")?;
    require(&hub, HUB_WASM, "hub/static/hub.html")?;
    let hub = hub
        .replace(HUB_SCRIPT, &format!("/_vf/{script_name}"))
        .replace(HUB_WASM, &format!("/_vf/{wasm_name}"));
    workspace::write(&workspace::dist().join("origin/hub.html"), hub)?;
    output.finish()
}

fn page(name: &str) -> Result<String> {
    let file = format!("hub/static/{name}");
    let text = workspace::read(&workspace::path(&file))?;
    require(&text, NONCE, &file)?;
    Ok(text)
}

/// `hub/js/hub.js` with the bindings that it imports, as one module.
fn bundle() -> Result<String> {
    let folder = workspace::intermediate().join("hub-script");
    workspace::remove_folder(&folder)?;
    workspace::copy_folder(&workspace::path("hub/js"), &folder)?;
    let bindings = HUB.bindings();
    workspace::copy(&bindings, &folder.join(bindings.file_name().unwrap_or_default()))?;
    let bundle = folder.join("bundle.js");
    Run::new(tools::npm_tool("esbuild")?)
        .arg(folder.join("hub.js"))
        .args([
            "--bundle",
            "--format=esm",
            "--minify",
            "--target=es2022",
            "--log-level=warning",
        ])
        .arg(format!("--outfile={}", bundle.display()))
        .run()?;
    workspace::read(&bundle)
}
