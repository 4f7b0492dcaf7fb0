//! `dist/npm/`: the package `virtual-files`.
//!
//! It is the bindings as wasm-bindgen makes them, and what stands in `host-sdk/npm/`: the module that users import,
//! its types, its README. Fields that `host-sdk/npm/package.json` has win over those here, the version excepted.

use serde_json::{Value, json};

use super::Builder;
use super::output::Output;
use super::wasm::SDK;
use crate::failure::{Context, Failure, Result};
use crate::stamp::Inputs;
use crate::workspace;

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Builds the package.
pub(super) fn build(builder: &Builder) -> Result<()> {
    SDK.build(builder)?;
    let folder = workspace::dist().join("npm");
    Inputs::new("npm")
        .paths(SDK.files()?)?
        .paths(["host-sdk/npm", "README.md", "Cargo.toml"].map(workspace::path))?
        .paths(LICENCES.map(workspace::path))?
        .step("npm", &[folder.join("package.json")], || {
            assemble(Output::new(folder.clone()))
        })
}

fn assemble(mut output: Output) -> Result<()> {
    for file in SDK.files()? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        output.copy(&file, &name)?;
    }
    let own = workspace::path("host-sdk/npm");
    // Tests of the types stay here.
    output.copy_folder(&own, "", |name| !name.ends_with(".test-d.ts"))?;
    for (file, name) in LICENCES.map(|name| (workspace::path(name), name)) {
        if file.exists() {
            output.copy(&file, name)?;
        }
    }
    if !own.join("README.md").exists() && workspace::path("README.md").exists() {
        output.copy(&workspace::path("README.md"), "README.md")?;
    }
    output.write("package.json", manifest()?)?;
    output.finish()
}

fn manifest() -> Result<String> {
    let workspace_manifest = workspace::path("Cargo.toml");
    let cargo: toml::Table = toml::from_str(&workspace::read(&workspace_manifest)?).at(&workspace_manifest)?;
    let package = &cargo["workspace"]["package"];
    let text = |field: &str| package.get(field).and_then(toml::Value::as_str).unwrap_or_default();
    let mut manifest = json!({
        "name": "virtual-files",
        "version": text("version"),
        "description": "Sandboxed previews of web apps, served from files in the browser.",
        "license": text("license"),
        "repository": { "type": "git", "url": format!("git+{}.git", text("repository")) },
        "type": "module",
        "exports": {
            ".": { "types": "./index.d.ts", "default": "./index.js" },
            "./package.json": "./package.json",
        },
        "types": "./index.d.ts",
        "sideEffects": false,
    });
    let own = workspace::path("host-sdk/npm/package.json");
    if own.exists() {
        let fields: Value = serde_json::from_str(&workspace::read(&own)?).at(&own)?;
        let Value::Object(fields) = fields else {
            return Err(Failure::new("host-sdk/npm/package.json is not an object"));
        };
        for (name, value) in fields {
            if name != "version" {
                manifest[name] = value;
            }
        }
    }
    Ok(format!("{manifest:#}\n"))
}
