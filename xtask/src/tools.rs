//! The tools that are not cargo: brought into `.tools/`, once, at their pinned versions.
//!
//! What is there already is neither fetched nor built again, so that with everything present nothing here
//! touches the network.

use std::path::{Path, PathBuf};

use crate::debian;
use crate::failure::{Context, Failure, Result};
use crate::nginx;
use crate::pins::{Pins, at_least};
use crate::run::{Run, cargo, on_path};
use crate::workspace;

/// Brings what a build needs beside the compiler.
pub(crate) fn for_build(pins: &Pins) -> Result<()> {
    if cargo_tool(pins, "worker-build")?.is_none() {
        debian::ensure(&pins.debian.build, "Building the tools")?;
    }
    for tool in ["wasm-bindgen-cli", "worker-build"] {
        install(pins, tool)?;
    }
    npm_tools(pins)
}

/// Brings what the browser tests need: the browsers and their drivers, and a static server.
pub(crate) fn for_browsers(pins: &Pins) -> Result<()> {
    debian::ensure(&pins.debian.browsers, "Testing in browsers")?;
    nginx::ensure()?;
    install(pins, "geckodriver").map(drop)
}

/// The path of wasm-bindgen's command.
pub(crate) fn wasm_bindgen(pins: &Pins) -> Result<PathBuf> {
    present(pins, "wasm-bindgen-cli")
}

/// The path of worker-build.
pub(crate) fn worker_build(pins: &Pins) -> Result<PathBuf> {
    present(pins, "worker-build")
}

/// The path of geckodriver.
pub(crate) fn geckodriver(pins: &Pins) -> Result<PathBuf> {
    present(pins, "geckodriver")
}

/// The path of one of npm's tools: wasm-opt, esbuild or wrangler.
pub(crate) fn npm_tool(name: &str) -> Result<PathBuf> {
    let file = npm_folder().join("node_modules/.bin").join(name);
    if file.exists() {
        return Ok(file);
    }
    Err(Failure::new(format!(
        "{name} is not in .tools/npm: delete that folder and run `cargo xtask setup`"
    )))
}

/// Brings the packages that benchmarks compare us with, and gives the folder that has them.
pub(crate) fn peers(pins: &Pins) -> Result<PathBuf> {
    let all = workspace::tools().join("peers");
    for (name, peer) in &pins.peers {
        let (folder, wanted) = (all.join(name), format!("{} {}\n", peer.version, peer.integrity));
        let stamp = folder.join("installed");
        if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
            continue;
        }
        workspace::remove_folder(&folder)?;
        std::fs::create_dir_all(&folder).at(&folder)?;
        let packed = npm(&folder)
            .args(["pack", "--json"])
            .arg(format!("{name}@{}", peer.version))
            .output()?;
        let packed: serde_json::Value = serde_json::from_str(&packed).context("reading what npm says")?;
        let (file, integrity) = (packed[0]["filename"].as_str(), packed[0]["integrity"].as_str());
        if integrity != Some(&peer.integrity) {
            return Err(Failure::new(format!(
                "{name} {} is not what xtask/tools.toml has: {}",
                peer.version, packed[0]["integrity"]
            )));
        }
        Run::new("tar")
            .args(["--extract", "--strip-components=1", "--file"])
            .arg(file.unwrap_or_default())
            .folder(&folder)
            .run()?;
        workspace::write(&stamp, wanted)?;
    }
    Ok(all)
}

/// wrangler, kept local, and with nothing of the person's own: it would put an id of the machine there.
pub(crate) fn local_wrangler() -> Result<Run> {
    let settings = workspace::path(".wrangler/config");
    let run = Run::new(npm_tool("wrangler")?).quiet_env("XDG_CONFIG_HOME", settings);
    let variables = wrangler_environment().into_iter();
    Ok(variables.fold(run, |run, (name, value)| run.quiet_env(name, value)))
}

/// The variables that keep wrangler local: no metrics, no reports, no look for updates, no log outside the checkout, no
/// question asked.
pub(crate) fn wrangler_environment() -> Vec<(&'static str, String)> {
    let state = |name: &str| workspace::path(".wrangler").join(name).display().to_string();
    vec![
        ("CI", "1".into()),
        ("CLOUDFLARE_CF_FETCH_ENABLED", "false".into()),
        ("WRANGLER_CACHE_DIR", state("cache")),
        ("WRANGLER_HIDE_BANNER", "true".into()),
        ("WRANGLER_LOG_PATH", state("logs")),
        ("WRANGLER_REGISTRY_PATH", state("registry")),
        ("WRANGLER_SEND_ERROR_REPORTS", "false".into()),
        ("WRANGLER_SEND_METRICS", "false".into()),
    ]
}

/// Writes the lock file of npm's tools anew, after a change of their pins.
pub(crate) fn relock(pins: &Pins) -> Result<()> {
    let folder = workspace::intermediate().join("relock");
    workspace::remove_folder(&folder)?;
    workspace::write(&folder.join("package.json"), package_json(pins))?;
    npm(&folder)
        .args([
            "install",
            "--package-lock-only",
            "--ignore-scripts",
            "--omit-lockfile-registry-resolved",
        ])
        .run()?;
    workspace::copy(&folder.join("package-lock.json"), &npm_lock())
}

/// The executable's name where it is not the crate's.
fn executable(tool: &str) -> &str {
    match tool {
        "wasm-bindgen-cli" => "wasm-bindgen",
        other => other,
    }
}

fn present(pins: &Pins, tool: &str) -> Result<PathBuf> {
    match cargo_tool(pins, tool)? {
        Some(path) => Ok(path),
        None => Err(Failure::new(format!("{tool} is missing: run `cargo xtask setup`"))),
    }
}

/// Where the pinned version of a tool is: in `.tools/`, or on `PATH`.
fn cargo_tool(pins: &Pins, tool: &str) -> Result<Option<PathBuf>> {
    let version = pins.cargo_tool(tool)?;
    let own = cargo_root(tool, &version).join("bin").join(executable(tool));
    if own.is_file() {
        return Ok(Some(own));
    }
    Ok(on_path(executable(tool)).filter(|found| is_version(found, &version)))
}

fn is_version(program: &Path, version: &str) -> bool {
    Run::new(program)
        .arg("--version")
        .probe()
        .is_some_and(|said| said.split_whitespace().any(|word| word == version))
}

fn cargo_root(tool: &str, version: &str) -> PathBuf {
    workspace::tools().join(format!("cargo-{tool}-{version}"))
}

fn install(pins: &Pins, tool: &str) -> Result<()> {
    if cargo_tool(pins, tool)?.is_some() {
        return Ok(());
    }
    let version = pins.cargo_tool(tool)?;
    // Without --locked: a tool's lock file can name versions that a registry mirror does not have yet.
    cargo()
        .args(["install", "--quiet", "--version"])
        .arg(format!("={version}"))
        .args(["--bin", executable(tool), "--root"])
        .arg(cargo_root(tool, &version))
        .arg(tool)
        // The tools share dependencies; a folder of their own lets them be built once.
        .quiet_env("CARGO_TARGET_DIR", workspace::tools().join("build"))
        // They run for seconds and are built for minutes: without optimisation it is a third of the time.
        .quiet_env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .quiet_env("CARGO_PROFILE_RELEASE_LTO", "off")
        .quiet_env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .quiet_env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo")
        .run()
}

fn npm_folder() -> PathBuf {
    workspace::tools().join("npm")
}

fn npm_lock() -> PathBuf {
    workspace::path("xtask/tools-lock.json")
}

fn npm(folder: &Path) -> Run {
    Run::new("npm")
        .folder(folder)
        .quiet_env("npm_config_audit", "false")
        .quiet_env("npm_config_fund", "false")
        .quiet_env("npm_config_update_notifier", "false")
}

fn npm_tools(pins: &Pins) -> Result<()> {
    check_node(pins)?;
    let folder = npm_folder();
    let (manifest, lock) = (package_json(pins), workspace::read(&npm_lock())?);
    let wanted = format!("{manifest}{lock}");
    let stamp = folder.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    workspace::write(&folder.join("package.json"), &manifest)?;
    workspace::write(&folder.join("package-lock.json"), &lock)?;
    // No script of a package has to run: the binaries are packages of their own.
    npm(&folder).args(["ci", "--ignore-scripts", "--no-progress"]).run()?;
    workspace::write(&stamp, wanted)
}

fn check_node(pins: &Pins) -> Result<()> {
    let minimum = &pins.node.minimum;
    let found = Run::new("node").arg("--version").probe();
    match found {
        Some(version) if at_least(&version, minimum) => Ok(()),
        Some(version) => Err(Failure::new(format!(
            "Node is {version}; {minimum} or newer is needed (https://nodejs.org)"
        ))),
        None => Err(Failure::new(format!(
            "Node {minimum} or newer is needed, and no `node` is on PATH (https://nodejs.org)"
        ))),
    }
}

/// The manifest that npm gets, made from the pins.
fn package_json(pins: &Pins) -> String {
    let manifest = serde_json::json!({
        "name": "virtual-files-tools",
        "private": true,
        "dependencies": pins.npm,
    });
    format!("{manifest:#}\n")
}

/// What is wrong with the lock file of npm's tools, if anything.
pub(crate) fn lock_faults(pins: &Pins) -> Result<Vec<String>> {
    let lock = workspace::read(&npm_lock())?;
    let mut faults = Vec::new();
    if lock.contains("\"resolved\"") {
        faults.push("xtask/tools-lock.json names a registry: run `cargo xtask setup --relock`".to_owned());
    }
    let lock: serde_json::Value =
        serde_json::from_str(&lock).map_err(|error| Failure::new(format!("xtask/tools-lock.json: {error}")))?;
    if lock["packages"][""]["dependencies"] != serde_json::json!(pins.npm) {
        faults
            .push("xtask/tools-lock.json is not that of xtask/tools.toml: run `cargo xtask setup --relock`".to_owned());
    }
    Ok(faults)
}
