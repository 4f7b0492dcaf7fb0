//! The compiler for wasm: rustup's, and where rustup cannot add the target, Debian's.
//!
//! Debian's rustc comes without a std for wasm. It is built once from the packaged source into a sysroot inside
//! `.tools/`, which a two-line wrapper around rustc names; nothing outside the checkout is touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::debian;
use crate::failure::{Context, Failure, Result};
use crate::pins::Pins;
use crate::run::{Run, cargo, on_path};
use crate::workspace::{self, WASM};

/// A compiler that has the wasm target.
pub(crate) enum WasmToolchain {
    /// The one that also builds everything else.
    Usual,
    /// Debian's, with a std built here.
    Debian(DebianRust),
}

/// Where the parts of Debian's toolchain are.
pub(crate) struct DebianRust {
    folder: PathBuf,
    linker: String,
}

/// Asks for one of the toolchains, for testing the second one on a machine that has the first.
const VARIABLE: &str = "VF_WASM_TOOLCHAIN";

impl WasmToolchain {
    /// Finds the toolchain, and brings it where it is missing.
    pub(crate) fn ensure(pins: &Pins) -> Result<Self> {
        let wanted = std::env::var(VARIABLE).unwrap_or_default();
        match wanted.as_str() {
            "" | "rustup" | "debian" => {}
            other => {
                return Err(Failure::new(format!(
                    "{VARIABLE} is {other:?}; it can be rustup or debian"
                )));
            }
        }
        if wanted == "debian" {
            return DebianRust::ensure(pins).map(Self::Debian);
        }
        if has_target() {
            return Ok(Self::Usual);
        }
        // Once Debian's is there, rustup is not asked again: asking takes a network.
        if wanted.is_empty()
            && let Some(rust) = DebianRust::built(pins)?
        {
            return Ok(Self::Debian(rust));
        }
        if add_target() {
            return Ok(Self::Usual);
        }
        if wanted == "rustup" {
            return Err(Failure::new(format!("rustup could not add {WASM}")));
        }
        println!("rustup could not add {WASM}: Debian's toolchain takes its place");
        DebianRust::ensure(pins).map(Self::Debian)
    }

    /// A run of this toolchain's cargo.
    pub(crate) fn cargo(&self) -> Run {
        self.apply(match self {
            Self::Usual => cargo(),
            Self::Debian(rust) => Run::new(rust.bin().join("cargo")),
        })
    }

    /// Makes a program that runs cargo itself run this toolchain's.
    pub(crate) fn apply(&self, run: Run) -> Run {
        let run = run.quiet_env("CARGO_ENCODED_RUSTFLAGS", anonymous_paths());
        match self {
            Self::Usual => run,
            Self::Debian(rust) => rust.apply(run),
        }
    }

    /// Whether clippy can check code for the wasm target. Debian's toolchain has no clippy that could.
    pub(crate) fn lints(&self) -> bool {
        matches!(self, Self::Usual)
    }
}

/// Flags that keep this machine's paths out of panic messages: what ships is the same wherever it was built.
///
/// They are joined as cargo wants them in its environment, since a path may hold a space.
fn anonymous_paths() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=", workspace::root().display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=cargo", home.display())));
    flags.join("\x1f")
}

/// Whether the usual rustc has a std for wasm.
fn has_target() -> bool {
    Run::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .probe()
        .is_some_and(|folder| has_std(Path::new(&folder)))
}

fn has_std(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

fn add_target() -> bool {
    on_path("rustup").is_some() && Run::new("rustup").args(["target", "add", WASM]).run().is_ok() && has_target()
}

impl DebianRust {
    fn new(pins: &Pins) -> Result<Self> {
        Ok(Self {
            folder: workspace::tools().join("debian-rust"),
            linker: linker(&pins.debian.wasm)?,
        })
    }

    /// What an earlier run has built, unless Debian's rustc has changed since.
    fn built(pins: &Pins) -> Result<Option<Self>> {
        let rust = Self::new(pins)?;
        let built_for = fs::read_to_string(rust.built_for()).ok();
        let current = built_for.is_some() && built_for == rustc_version();
        Ok((current && on_path(&rust.linker).is_some()).then_some(rust))
    }

    fn ensure(pins: &Pins) -> Result<Self> {
        if let Some(rust) = Self::built(pins)? {
            return Ok(rust);
        }
        debian::ensure(
            &pins.debian.wasm,
            &format!("Building for {WASM} without rustup's target"),
        )?;
        let rust = Self::new(pins)?;
        rust.build_std()?;
        workspace::write(&rust.built_for(), rustc_version().unwrap_or_default())?;
        Ok(rust)
    }

    fn built_for(&self) -> PathBuf {
        self.folder.join("built-for")
    }

    fn bin(&self) -> PathBuf {
        self.folder.join("bin")
    }

    fn sysroot_target(&self) -> PathBuf {
        self.folder.join("sysroot/lib/rustlib").join(WASM)
    }

    fn apply(&self, run: Run) -> Run {
        // What rustup put at the front of PATH and into the environment would win otherwise.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.bin()).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).unwrap_or(path);
        run.quiet_env("PATH", path)
            .quiet_env("RUSTC", self.bin().join("rustc"))
            .quiet_env("CARGO", "/usr/bin/cargo")
            .quiet_env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &self.linker)
    }

    /// Builds std for wasm from Debian's source, about half a minute.
    fn build_std(&self) -> Result<()> {
        workspace::remove_folder(&self.folder)?;
        let empty = self.folder.join("empty");
        workspace::write(
            &empty.join("Cargo.toml"),
            "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n",
        )?;
        workspace::write(&empty.join("lib.rs"), "#![no_std]\n")?;
        let target = empty.join("target");
        Run::new("/usr/bin/cargo")
            .args([
                "build",
                "--quiet",
                "--release",
                "-Zbuild-std=std,panic_abort",
                "--target",
                WASM,
            ])
            .folder(&empty)
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            // Without bitcode the release profile's LTO finds no ".llvmbc" section in std.
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .quiet_env("CARGO_TARGET_DIR", &target)
            .run()?;
        self.lay_out(&target.join(WASM).join("release/deps"))?;
        workspace::remove_folder(&empty)
    }

    /// Makes the sysroot, a rustc that uses it, and a cargo beside that.
    fn lay_out(&self, built: &Path) -> Result<()> {
        let library = self.sysroot_target().join("lib");
        for file in workspace::files(built)? {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(".rlib") && !name.starts_with("libempty-") {
                workspace::copy(&file, &library.join(&name))?;
            }
        }
        if !has_std(&library) {
            return Err(Failure::new(format!("Debian's cargo built no std for {WASM}")));
        }
        let theirs = Path::new("/usr/lib/rustlib");
        for entry in fs::read_dir(theirs).at(theirs)? {
            let entry = entry.at(theirs)?;
            let link = self.folder.join("sysroot/lib/rustlib").join(entry.file_name());
            if entry.file_name() != WASM {
                symlink(entry.path(), &link).at(&link)?;
            }
        }
        let wrapper = self.bin().join("rustc");
        let sysroot = self.folder.join("sysroot");
        let script = format!(
            "#!/bin/sh\nexec /usr/bin/rustc --sysroot '{}' \"$@\"\n",
            sysroot.display()
        );
        workspace::write(&wrapper, script)?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).at(&wrapper)?;
        let link = self.bin().join("cargo");
        symlink("/usr/bin/cargo", &link).at(&link)
    }
}

fn rustc_version() -> Option<String> {
    Run::new("/usr/bin/rustc").arg("--version").probe()
}

/// The linker's name follows from its package's: lld-22 brings wasm-ld-22.
fn linker(packages: &[String]) -> Result<String> {
    packages
        .iter()
        .find_map(|package| package.strip_prefix("lld-"))
        .map(|version| format!("wasm-ld-{version}"))
        .ok_or_else(|| Failure::new("xtask/tools.toml names no lld package"))
}
