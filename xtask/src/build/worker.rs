//! `dist/origin/sw.js`: the service worker in one classic script, its wasm inside.
//!
//! `sw/js/worker.js` is the shell. Two marks in it are filled in here: the bindings, in a function of the shell's so
//! that a trapped instance can be replaced by a new one, and the wasm as base64. The third, the configuration, is
//! left for the edge.

use std::path::Path;

use super::Builder;
use super::wasm::WORKER;
use crate::failure::{Context, Failure, Result};
use crate::run::Run;
use crate::stamp::Inputs;
use crate::{tools, workspace};

const BINDINGS: &str = "/*__VF_BINDINGS__*/";
const WASM_BASE64: &str = "\"__VF_WASM_BASE64__\"";
/// Where the edge puts the configuration, quotes and all.
pub(super) const CONFIG: &str = "\"__VF_CONFIG__\"";

/// Builds the script.
pub(super) fn build(builder: &Builder) -> Result<()> {
    WORKER.build(builder)?;
    let (shell, script) = (workspace::path("sw/js"), workspace::dist().join("origin/sw.js"));
    Inputs::new("worker")
        .paths([shell.clone(), WORKER.bindings(), WORKER.wasm()])?
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
    let wasm = std::fs::read(WORKER.wasm()).at(&WORKER.wasm())?;
    let text = fill(
        &workspace::read(&bundle)?,
        WASM_BASE64,
        &format!("\"{}\"", base64(&wasm)),
    )?;
    require(&text, CONFIG, "sw/js/worker.js")?;
    workspace::write(script, text)
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

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= chunk.len() {
                char::from(DIGITS[index])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_usual_one() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }

    #[test]
    fn a_mark_is_filled_once() {
        assert_eq!(fill("a /*__VF_BINDINGS__*/ b", BINDINGS, "x").unwrap(), "a x b");
        assert!(fill("a b", BINDINGS, "x").is_err());
    }
}
