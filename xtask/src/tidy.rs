//! `cargo xtask tidy`: the house rules that neither rustfmt nor clippy knows.

use std::path::{Path, PathBuf};

use crate::defences::Defences;
use crate::failure::{Context, Failure, Result};
use crate::pins::Pins;
use crate::run::{Run, cargo};
use crate::workspace::{self, WASM};
use crate::{help, tools};

/// The longest a source file may get.
const LINES: usize = 600;

/// Crates that mean a browser, and have no place below the core.
const BROWSER: [&str; 4] = ["web-sys", "js-sys", "wasm-bindgen", "wasm-bindgen-futures"];

/// Checks all rules and prints every fault.
pub(crate) fn check() -> Result<()> {
    let mut faults = Vec::new();
    for file in tracked(written)? {
        file_faults(&file, &mut faults)?;
    }
    core_is_pure(&mut faults)?;
    let (security, tests) = (workspace::read(&workspace::path("SECURITY.md"))?, tests()?);
    faults.extend(threat_faults(&security, &tests));
    faults.extend(Defences::load()?.faults(&threats(&security).0, &tests)?);
    let pins = Pins::load()?;
    faults.extend(tools::lock_faults(&pins)?);
    for tool in ["wasm-bindgen-cli", "worker-build", "geckodriver"] {
        pins.cargo_tool(tool)?;
    }
    for fault in &faults {
        println!("{fault}");
    }
    match faults.len() {
        0 => Ok(()),
        1 => Err(Failure::new("1 fault against the house rules")),
        count => Err(Failure::new(format!("{count} faults against the house rules"))),
    }
}

/// Whether a person writes the file, and no tool.
fn written(name: &str) -> bool {
    !name.ends_with(".lock") && !name.ends_with("-lock.json")
}

/// The files that git has or would take, if they are wanted.
pub(crate) fn tracked(wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let list = Run::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .probe()
        .ok_or_else(|| Failure::new("`git ls-files` failed: tidy needs a checkout"))?;
    Ok(list
        .split('\0')
        .filter(|name| !name.is_empty() && wanted(name))
        .map(workspace::path)
        .filter(|path| path.is_file())
        .collect())
}

fn file_faults(file: &Path, faults: &mut Vec<String>) -> Result<()> {
    let Ok(text) = std::fs::read_to_string(file) else {
        return Ok(()); // A picture or the like.
    };
    if text.contains('\0') {
        return Ok(());
    }
    let name = file
        .strip_prefix(workspace::root())
        .unwrap_or(file)
        .display()
        .to_string();
    let kind = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    if kind == "rs" {
        faults.extend(rust_faults(&name, &text));
    }
    if matches!(kind, "rs" | "js" | "ts" | "html" | "css" | "toml") && text.lines().count() > LINES {
        faults.push(format!(
            "{name}: has {} lines; {LINES} is the most",
            text.lines().count()
        ));
    }
    faults.extend(text_faults(&name, &text));
    if kind == "md" {
        faults.extend(document_faults(&name, &text));
    }
    Ok(())
}

/// What is wrong with a Rust file.
fn rust_faults(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(format!("{name}: does not open with `//!`, saying what the file is"));
    }
    for (macro_name, number) in marks(text, &[concat!("todo", "!("), concat!("dbg", "!(")]) {
        faults.push(format!("{name}:{number}: `{macro_name}` was left behind"));
    }
    faults
}

/// What no file may hold, whatever its kind.
fn text_faults(name: &str, text: &str) -> Vec<String> {
    // Spelled in pieces, so that this file holds none of them.
    let machine_paths = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/tmp/", "plan"),
        concat!("/ho", "me/"),
    ];
    let conflict = [concat!("<<<<<", "<< "), concat!(">>>>>", ">> ")];
    let mut faults = Vec::new();
    for (mark, number) in marks(text, &machine_paths) {
        faults.push(format!("{name}:{number}: `{mark}` is a path of one machine"));
    }
    for (mark, number) in marks(text, &conflict) {
        faults.push(format!("{name}:{number}: `{mark}` is left of a merge"));
    }
    // Fixtures and the inputs of the fuzzer are what they have to be.
    if name.contains("/fixtures/") || name.starts_with("fuzz/corpus/") {
        return faults;
    }
    if text.lines().any(|line| line.ends_with([' ', '\t'])) && !name.ends_with(".md") {
        faults.push(format!("{name}: has spaces at the end of a line"));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{name}: does not end in a line break"));
    }
    faults
}

/// Documents may name only commands that there are.
fn document_faults(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for rest in line.split("cargo xtask ").skip(1) {
            let command: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            if !command.is_empty() && !help::COMMANDS.iter().any(|(known, _)| *known == command) {
                faults.push(format!("{name}:{}: there is no `cargo xtask {command}`", number + 1));
            }
        }
    }
    faults
}

/// All Rust sources that hold tests which documents name, as one text.
fn tests() -> Result<String> {
    let mut all = String::new();
    for file in tracked(written)? {
        let tested = ["core", "e2e"]
            .iter()
            .any(|krate| file.starts_with(workspace::path(krate)));
        if tested && file.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(&file).at(&file)?);
        }
    }
    Ok(all)
}

/// A row of a table of attacks: its first cell, and the tests that its last one names.
pub(crate) struct Threat<'t> {
    pub(crate) row: &'t str,
    pub(crate) tests: Vec<&'t str>,
}

/// The rows of all tables whose last column is `test`, and what is no row where one should be.
fn threats(text: &str) -> (Vec<Threat<'_>>, Vec<String>) {
    let (mut threats, mut faults) = (Vec::new(), Vec::new());
    let mut of_attacks = false;
    for line in text.lines() {
        let row = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |"));
        let Some((row, rest)) = row.and_then(|row| row.split_once(" | ")) else {
            if line.starts_with('|') {
                faults.push(format!("SECURITY.md: not a row of a table: {line}"));
            } else {
                of_attacks = false;
            }
            continue;
        };
        let last = rest.rsplit(" | ").next().unwrap_or(rest);
        if last == "test" {
            of_attacks = true;
        } else if of_attacks && last != "---" {
            let tests = last.split('`').skip(1).step_by(2).collect();
            threats.push(Threat { row, tests });
        }
    }
    (threats, faults)
}

/// Every row of a table of attacks names its tests, and each is there: a case of the end-to-end suite or a test function.
fn threat_faults(text: &str, tests: &str) -> Vec<String> {
    let (threats, mut faults) = threats(text);
    for Threat { row, tests: names } in threats {
        if names.is_empty() {
            faults.push(format!("SECURITY.md: row {row} names no test"));
        }
        let missing = names.into_iter().filter(|name| !is_test(tests, name));
        faults.extend(missing.map(|name| format!("SECURITY.md: row {row}: there is no test `{name}`")));
    }
    faults
}

/// Whether a name is that of a case of the end-to-end suite, or of a test function.
pub(crate) fn is_test(tests: &str, name: &str) -> bool {
    tests.contains(&format!("\"{name}\"")) || tests.contains(&format!("fn {name}("))
}

/// Where the marks are, with their line numbers.
fn marks<'m>(text: &str, marks: &[&'m str]) -> Vec<(&'m str, usize)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        found.extend(
            marks
                .iter()
                .filter(|mark| line.contains(**mark))
                .map(|mark| (*mark, number + 1)),
        );
    }
    found
}

/// The core decides and the shells perform: nothing of the browser is below it.
fn core_is_pure(faults: &mut Vec<String>) -> Result<()> {
    let tree = cargo()
        .args([
            "tree",
            "--quiet",
            "--package",
            "virtual-files-core",
            "--all-features",
            "--edges",
            "normal",
        ])
        .args(["--target", WASM, "--prefix", "none", "--format", "{p}"])
        .output()?;
    for krate in BROWSER {
        if tree.lines().any(|line| line.split_whitespace().next() == Some(krate)) {
            faults.push(format!(
                "core/Cargo.toml: {krate} is in the core's tree (`cargo tree -i {krate}` says why)"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_a_header() {
        assert!(rust_faults("a.rs", "//! What it is.\n").is_empty());
        assert_eq!(rust_faults("a.rs", "fn main() {}\n").len(), 1);
    }

    #[test]
    fn leftovers_are_found() {
        let text = format!("//! A.\nfn a() {{ {}{}) }}\n", "todo", "!(");
        assert_eq!(rust_faults("a.rs", &text).len(), 1);
        assert_eq!(text_faults("a.rs", &format!("see /{}/x\n", "root")).len(), 1);
        assert_eq!(text_faults("a.rs", "a \n").len(), 1);
        assert_eq!(text_faults("a.rs", "a").len(), 1);
        assert!(text_faults("a.rs", "a\n").is_empty());
    }

    #[test]
    fn threats_name_real_tests() {
        let tests = "Case::new(\"a_case\", a), fn a_test() {}";
        let row = |cell: &str| format!("| # | what | test |\n| --- | --- | --- |\n| 7 | this | {cell} |\n");
        assert!(threat_faults(&row("`a_case`; core's `a_test`"), tests).is_empty());
        assert_eq!(threat_faults(&row("none"), tests), ["SECURITY.md: row 7 names no test"]);
        assert_eq!(
            threat_faults(&row("`a_case`, `another`"), tests),
            ["SECURITY.md: row 7: there is no test `another`"]
        );
        assert_eq!(threat_faults(&row("`a_case` |  "), tests).len(), 1);
    }

    #[test]
    fn documents_name_real_commands() {
        assert!(document_faults("a.md", "`cargo xtask dev`, `cargo xtask <command>`\n").is_empty());
        let fault = document_faults("a.md", "one\nrun `cargo xtask fly` now\n");
        assert_eq!(fault, ["a.md:2: there is no `cargo xtask fly`"]);
    }
}
