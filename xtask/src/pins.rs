//! The pinned versions: `tools.toml` for tools, `Cargo.lock` for those that must match a crate.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::failure::{Context, Failure, Result};
use crate::workspace;

/// The content of `xtask/tools.toml`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Pins {
    cargo: BTreeMap<String, String>,
    cargo_as_locked: BTreeMap<String, String>,
    /// Packages of npm and their versions.
    pub(crate) npm: BTreeMap<String, String>,
    /// Packages of npm that benchmarks compare us with.
    pub(crate) peers: BTreeMap<String, Peer>,
    /// What Node has to be.
    pub(crate) node: Node,
    /// Packages of Debian, by what needs them.
    pub(crate) debian: Debian,
}

/// What is asked of Node.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    /// The oldest version that will do.
    pub(crate) minimum: String,
}

/// A package of npm as it is, without what it depends on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    pub(crate) version: String,
    /// As npm writes it: `sha512-` and base64.
    pub(crate) integrity: String,
}

/// Packages of Debian, by what needs them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Debian {
    /// For building the tools that cargo installs.
    pub(crate) build: Vec<String>,
    /// For the wasm target, where rustup cannot bring it.
    pub(crate) wasm: Vec<String>,
    /// For building libFuzzer.
    pub(crate) fuzz: Vec<String>,
    /// For counting instructions.
    pub(crate) instructions: Vec<String>,
    /// For the end-to-end tests.
    pub(crate) browsers: Vec<String>,
}

impl Pins {
    /// Reads the pins.
    pub(crate) fn load() -> Result<Self> {
        let file = workspace::path("xtask/tools.toml");
        toml::from_str(&workspace::read(&file)?).at(&file)
    }

    /// The version that a tool of cargo's is pinned to.
    pub(crate) fn cargo_tool(&self, name: &str) -> Result<String> {
        if let Some(version) = self.cargo.get(name) {
            return Ok(version.clone());
        }
        match self.cargo_as_locked.get(name) {
            Some(krate) => locked(krate),
            None => Err(Failure::new(format!("xtask/tools.toml does not pin {name}"))),
        }
    }
}

/// The version of a crate in `Cargo.lock`.
pub(crate) fn locked(krate: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let file = workspace::path("Cargo.lock");
    let lock: Lock = toml::from_str(&workspace::read(&file)?).at(&file)?;
    let mut versions = lock.package.into_iter().filter(|package| package.name == krate);
    match (versions.next(), versions.next()) {
        (Some(only), None) => Ok(only.version),
        (None, _) => Err(Failure::new(format!("Cargo.lock has no crate {krate}"))),
        (Some(one), Some(other)) => Err(Failure::new(format!(
            "Cargo.lock has two versions of {krate}, {} and {}: one has to go",
            one.version, other.version
        ))),
    }
}

/// Whether a dotted version is at least another. What follows a hyphen does not count.
pub(crate) fn at_least(version: &str, minimum: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let text = text.trim_start_matches('v');
        let text = text.split('-').next().unwrap_or_default();
        text.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    numbers(version) >= numbers(minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_pin() {
        let pins = Pins::load().unwrap();
        for tool in ["geckodriver", "worker-build", "wasm-bindgen-cli"] {
            assert!(!pins.cargo_tool(tool).unwrap().is_empty());
        }
        assert!(pins.cargo_tool("nothing").is_err());
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(at_least("v20.20.2", "20.3.0"));
        assert!(at_least("20.3.0", "20.3.0"));
        assert!(at_least("22.0.0-nightly", "20.3.0"));
        assert!(!at_least("v20.2.9", "20.3.0"));
        assert!(!at_least("", "20.3.0"));
    }
}
