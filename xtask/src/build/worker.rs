//! `dist/origin/sw.js`: the service worker's script, and the wasm that it names.
//!
//! `sw/js/worker.js` is the shell. Four marks in it are filled in here: the bindings, in a function of the shell's so that a
//! trapped instance can be replaced by a new one, the name and the hash of the wasm, and the release, which the hub page
//! has as well. The configuration is left for the edge.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::Builder;
use super::wasm::{HUB, WORKER};
use crate::failure::{Context, Failure, Result};
use crate::run::Run;
use crate::stamp::{Inputs, short_hash};
use crate::{tools, workspace};

const BINDINGS: &str = "/*__VF_BINDINGS__*/";
const WASM: &str = "__VF_WASM__";
const WASM_SHA256: &str = "__VF_WASM_SHA256__";
const RELEASE: &str = "__VF_RELEASE__";
/// Where the edge puts the configuration, quotes and all.
pub(super) const CONFIG: &str = "\"__VF_CONFIG__\"";

/// Builds the script.
pub(super) fn build(builder: &Builder) -> Result<()> {
    WORKER.build(builder)?;
    HUB.build(builder)?;
    let (shell, script) = (workspace::path("sw/js"), workspace::dist().join("origin/sw.js"));
    Inputs::new("worker")
        .paths([shell.clone(), WORKER.bindings(), WORKER.wasm(), HUB.wasm()])?
        .step("worker", std::slice::from_ref(&script), || assemble(&shell, &script))
}

fn assemble(shell: &Path, script: &Path) -> Result<()> {
    // A copy of the shell's folder, so that what it imports is found beside it.
    let folder = workspace::intermediate().join("worker");
    workspace::remove_folder(&folder)?;
    workspace::copy_folder(shell, &folder)?;
    let entry = folder.join("worker.js");
    let source = workspace::read(&entry)?;
    let bindings = workspace::read(&WORKER.bindings())?;
    workspace::write(&entry, fill(&source, BINDINGS, &bindings)?)?;

    let bundle = folder.join("bundle.js");
    Run::new(tools::npm_tool("esbuild")?)
        .arg(&entry)
        .args([
            "--bundle",
            "--format=iife",
            "--minify",
            "--target=es2022",
            "--log-level=warning",
        ])
        .arg(format!("--outfile={}", bundle.display()))
        .run()?;
    let text = workspace::read(&bundle)?;
    let (name, bytes) = wasm()?;
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let text = fill(&text, WASM, &format!("/_vf/{name}"))?;
    let text = fill(&text, WASM_SHA256, &hash)?;
    let text = with_release(&text, "sw/js/worker.js")?;
    require(&text, CONFIG, "sw/js/worker.js")?;
    workspace::write(script, text)
}

/// Puts in what names worker and hub together: each knows by it whether the other is of the same build.
pub(super) fn with_release(text: &str, file: &str) -> Result<String> {
    require(text, RELEASE, file)?;
    let mut both = Vec::new();
    for wasm in [WORKER.wasm(), HUB.wasm()] {
        both.extend(std::fs::read(&wasm).at(&wasm)?);
    }
    Ok(text.replace(RELEASE, &short_hash(&both)))
}

/// Puts a text where the only such mark is.
fn fill(text: &str, mark: &str, value: &str) -> Result<String> {
    match text.matches(mark).count() {
        1 => Ok(text.replacen(mark, value, 1)),
        count => Err(Failure::new(format!(
            "sw/js/worker.js: {mark} must be there once, and is {count} times"
        ))),
    }
}

/// Fails unless the mark is there.
pub(super) fn require(text: &str, mark: &str, file: &str) -> Result<()> {
    if text.contains(mark) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{file}: the mark {mark} is missing, or did not survive the minifier"
    )))
}

/// The wasm, and its name in `dist/origin/_vf/`.
pub(super) fn wasm() -> Result<(String, Vec<u8>)> {
    let bytes = std::fs::read(WORKER.wasm()).at(&WORKER.wasm())?;
    Ok((format!("worker-{}.wasm", short_hash(&bytes)), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_filled_once() {
        assert_eq!(fill("a /*__VF_BINDINGS__*/ b", BINDINGS, "x").unwrap(), "a x b");
        assert!(fill("a b", BINDINGS, "x").is_err());
    }
}
