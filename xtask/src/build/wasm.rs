//! From a crate to optimised wasm with its JavaScript bindings.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Builder, imports};
use crate::failure::{Context, Failure, Result};
use crate::run::Run;
use crate::stamp::Inputs;
use crate::workspace::{self, WASM};
use crate::{pins, tools};

/// A crate that becomes wasm.
pub(crate) struct Artefact {
    package: &'static str,
    /// The name of the files made of it.
    name: &'static str,
    target: &'static str,
    arguments: &'static [&'static str],
}

/// The service worker: a classic script, so its bindings are, too.
pub(crate) const WORKER: Artefact = Artefact {
    package: "virtual-files-sw",
    name: "virtual_files_sw",
    target: "no-modules",
    arguments: &["--no-typescript", "--omit-default-module-path"],
};

/// The hub page, which says itself where its wasm is.
pub(crate) const HUB: Artefact = Artefact {
    package: "virtual-files-hub",
    name: "virtual_files_hub",
    target: "web",
    arguments: &["--no-typescript", "--omit-default-module-path"],
};

/// What the hub loads for documents, which says itself where its wasm is.
pub(crate) const HTML: Artefact = Artefact {
    package: "virtual-files-html",
    name: "virtual_files_html",
    target: "web",
    arguments: &["--no-typescript", "--omit-default-module-path"],
};

/// The host SDK, whose `index.js` says where the wasm is.
pub(crate) const SDK: Artefact = Artefact {
    package: "virtual-files",
    name: "virtual_files",
    target: "web",
    arguments: &["--omit-default-module-path"],
};

/// The stores' conformance suite, run by tests in pages and workers.
const SUITE: Artefact = Artefact {
    package: "virtual-files-store-suite",
    name: "store-suite",
    target: "no-modules",
    arguments: &["--no-typescript", "--omit-default-module-path"],
};

/// What rustc's wasm target emits, by name: with --all-features wasm-opt writes encodings that browsers refuse.
const FEATURES: &[&str] = &[
    "bulk-memory",
    "bulk-memory-opt",
    "call-indirect-overlong",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// Set for wasm that is wanted soon, however large: nothing makes it smaller then.
pub(crate) const DRAFT: &str = "VF_DRAFT";

pub(super) fn is_draft() -> bool {
    std::env::var_os(DRAFT).is_some()
}

impl Artefact {
    fn folder(&self) -> PathBuf {
        workspace::intermediate().join(self.name)
    }

    /// The bindings' path.
    pub(crate) fn bindings(&self) -> PathBuf {
        self.folder().join(format!("{}.js", self.name))
    }

    /// The wasm's path.
    pub(crate) fn wasm(&self) -> PathBuf {
        self.folder().join(format!("{}_bg.wasm", self.name))
    }

    /// All that wasm-bindgen made.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>> {
        workspace::files(&self.folder())
    }

    /// Compiles, binds and optimises.
    pub(super) fn build(&self, builder: &Builder) -> Result<()> {
        // One crate at a time: together, the features that one asks of a dependency would be built into all.
        builder
            .toolchain
            .cargo()
            .args([
                "build",
                "--quiet",
                "--release",
                "--target",
                WASM,
                "--package",
                self.package,
            ])
            .run()?;
        let file = format!("{}.wasm", self.package.replace('-', "_"));
        let compiled = workspace::target().join(WASM).join("release").join(file);
        if !compiled.exists() {
            let message = format!("{} made no wasm: its crate-type must be cdylib", self.package);
            return Err(Failure::new(message));
        }
        let recipe = format!(
            "short imports {} {:?} {FEATURES:?} {}",
            self.target,
            self.arguments,
            is_draft()
        );
        Inputs::new(&format!(
            "{recipe} {} {:?}",
            pins::locked("wasm-bindgen")?,
            builder.pins.npm
        ))
        .path(&compiled)?
        .step(&format!("wasm-{}", self.name), &[self.bindings(), self.wasm()], || {
            self.bind(builder, &compiled)?;
            optimise(&self.wasm())?;
            self.shorten()
        })
    }

    fn bind(&self, builder: &Builder, compiled: &Path) -> Result<()> {
        workspace::remove_folder(&self.folder())?;
        Run::new(tools::wasm_bindgen(&builder.pins)?)
            .arg(compiled)
            .args(["--target", self.target, "--out-name", self.name, "--out-dir"])
            .arg(self.folder())
            .args(self.arguments)
            .run()
    }

    fn shorten(&self) -> Result<()> {
        let (wasm, bindings) = (self.wasm(), self.bindings());
        let (short, text) = imports::shorten(&fs::read(&wasm).at(&wasm)?, &workspace::read(&bindings)?)?;
        workspace::write(&wasm, short)?;
        workspace::write(&bindings, text)
    }
}

/// Makes wasm smaller, in place.
fn optimise(wasm: &Path) -> Result<()> {
    if is_draft() {
        return Ok(());
    }
    Run::new(tools::npm_tool("wasm-opt")?)
        .arg("-Oz")
        .args(FEATURES.iter().map(|feature| format!("--enable-{feature}")))
        .args(["--strip-debug", "--strip-producers"])
        .arg(wasm)
        .arg("--output")
        .arg(wasm)
        .run()
}

/// Builds what only tests load.
pub(super) fn build_for_tests(builder: &Builder) -> Result<()> {
    SUITE.build(builder)?;
    workspace::copy(&SUITE.bindings(), &workspace::test_dist().join("store-suite.js"))?;
    workspace::copy(&SUITE.wasm(), &workspace::test_dist().join("store-suite.wasm"))
}
