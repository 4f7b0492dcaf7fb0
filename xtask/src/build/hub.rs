//! The hub's page, script and wasm, the boot page, and the worker's wasm, which lies among them.
//!
//! The script and the wasm carry their hash in their names, so that browsers may keep them for ever; the pages name
//! them, and are asked for anew each time. The pages' configuration and nonce are filled in by the edge.

use std::fs;

use super::Builder;
use super::output::Output;
use super::wasm::{Artefact, HTML, HUB, WORKER};
use super::worker::{self, CONFIG, require, with_release};
use crate::failure::{Context, Result};
use crate::run::Run;
use crate::stamp::{Inputs, short_hash};
use crate::{tools, workspace};

const HUB_SCRIPT: &str = "__VF_HUB_JS__";
const HUB_WASM: &str = "__VF_HUB_WASM__";
const WORKER_WASM: &str = "__VF_WORKER_WASM__";
const HTML_SCRIPT: &str = "__VF_HTML_JS__";
const HTML_WASM: &str = "__VF_HTML_WASM__";
const NONCE: &str = "__VF_NONCE__";

/// Builds the pages and what the hub loads.
pub(super) fn build(builder: &Builder) -> Result<()> {
    HUB.build(builder)?;
    HTML.build(builder)?;
    let origin = workspace::dist().join("origin");
    WORKER.build(builder)?;
    let assets = origin.join("_vf");
    let outputs = [
        origin.join("hub.html"),
        assets.join("boot.html"),
        assets.join(worker::wasm()?.0),
    ];
    Inputs::new("hub")
        .paths([
            workspace::path("hub/static"),
            workspace::path("hub/js"),
            HUB.bindings(),
            HUB.wasm(),
            HTML.bindings(),
            HTML.wasm(),
            WORKER.wasm(),
        ])?
        .step("hub", &outputs, assemble)
}

fn assemble() -> Result<()> {
    let mut output = Output::new(workspace::dist().join("origin/_vf"));
    let (hub_script, hub_wasm) = hashed(&mut output, "hub", &HUB, &bundle("hub.js", &HUB)?)?;
    let (html_script, html_wasm) = hashed(&mut output, "html", &HTML, &bundle("html.js", &HTML)?)?;
    let (worker_name, worker) = worker::wasm()?;
    output.write(&worker_name, worker)?;
    let worker_wasm = worker_name;
    output.write("boot.html", page("boot.html")?)?;
    let mut hub = with_release(&page("hub.html")?, "hub/static/hub.html")?;
    require(&hub, CONFIG, "hub/static/hub.html")?;
    for (mark, name) in [
        (HUB_SCRIPT, hub_script),
        (HUB_WASM, hub_wasm),
        (WORKER_WASM, worker_wasm),
        (HTML_SCRIPT, html_script),
        (HTML_WASM, html_wasm),
    ] {
        require(&hub, mark, "hub/static/hub.html")?;
        hub = hub.replace(mark, &format!("/_vf/{name}"));
    }
    workspace::write(&workspace::dist().join("origin/hub.html"), hub)?;
    output.finish()
}

/// Writes a script and its wasm under names that hold their hashes; gives the names.
fn hashed(output: &mut Output, stem: &str, artefact: &Artefact, script: &str) -> Result<(String, String)> {
    let wasm = fs::read(artefact.wasm()).at(&artefact.wasm())?;
    let wasm_name = format!("{stem}-{}.wasm", short_hash(&wasm));
    let script_name = format!("{stem}-{}.js", short_hash(script.as_bytes()));
    output.write(&wasm_name, wasm)?;
    output.write(&script_name, script)?;
    Ok((script_name, wasm_name))
}

fn page(name: &str) -> Result<String> {
    let file = format!("hub/static/{name}");
    let text = workspace::read(&workspace::path(&file))?;
    require(&text, NONCE, &file)?;
    Ok(text)
}

/// A script of `hub/js/` with the bindings that it imports, as one module.
fn bundle(entry: &str, artefact: &Artefact) -> Result<String> {
    let folder = workspace::intermediate().join("hub-script");
    workspace::remove_folder(&folder)?;
    workspace::copy_folder(&workspace::path("hub/js"), &folder)?;
    let bindings = artefact.bindings();
    workspace::copy(&bindings, &folder.join(bindings.file_name().unwrap_or_default()))?;
    let bundle = folder.join("bundle.js");
    Run::new(tools::npm_tool("esbuild")?)
        .arg(folder.join(entry))
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
