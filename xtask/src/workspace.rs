//! Where things are: the checkout, its tools, what it builds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Context, Result};

/// The rustc name of the only target that ships.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The checkout's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or_else(|| Path::new("."))
}

/// A path inside the checkout.
pub(crate) fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// What a release is made of.
pub(crate) fn dist() -> PathBuf {
    path("dist")
}

/// The ignored folder of tools.
pub(crate) fn tools() -> PathBuf {
    path(".tools")
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => path("target"),
    }
}

/// The folder for everything between cargo's output and `dist/`.
pub(crate) fn intermediate() -> PathBuf {
    target().join("xtask")
}

/// The pages and modules that only tests load.
pub(crate) fn test_dist() -> PathBuf {
    target().join("test-dist")
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).at(path)
}

/// Writes a file, and the folders above it. A file that already holds these bytes is not touched,
/// so that nobody who watches it wakes up for nothing.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    let bytes = bytes.as_ref();
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).at(folder)?;
    }
    fs::write(path, bytes).at(path)
}

/// Copies a file onto another.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, fs::read(from).at(from)?)
}

/// Copies what a folder holds, and takes nothing away from the other.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        let name = file.strip_prefix(from).context("copying a folder")?;
        copy(&file, &to.join(name))?;
    }
    Ok(())
}

/// Deletes a folder and all in it, if it is there.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at(folder),
        _ => Ok(()),
    }
}

/// Every file below a folder, sorted; none where the folder is missing. Hidden ones and build output are left out.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(folder, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).at(folder)? {
        let entry = entry.at(folder)?;
        let name = entry.file_name();
        let path = entry.path();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().at(&path)?.is_dir() {
            if name != "node_modules" && name != "target" {
                walk(&path, found)?;
            }
        } else {
            found.push(path);
        }
    }
    Ok(())
}
