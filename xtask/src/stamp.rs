//! Skipping what is already done: a step's inputs are hashed, and the hash is kept beside its name.
//!
//! Content counts, not time: a `git checkout` there and back builds nothing anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use xxhash_rust::xxh3::Xxh3;

use crate::failure::{Context, Result};
use crate::workspace;

/// What a step depends on.
pub(crate) struct Inputs(Xxh3);

impl Inputs {
    /// Inputs of a step that does what `recipe` says; change the text when the step changes.
    pub(crate) fn new(recipe: &str) -> Self {
        let mut hash = Xxh3::new();
        hash.update(&program().to_le_bytes());
        hash.update(recipe.as_bytes());
        Self(hash)
    }

    /// Adds a file, or all files below a folder. What is not there counts as not there.
    pub(crate) fn path(mut self, path: &Path) -> Result<Self> {
        let files = if path.is_dir() {
            workspace::files(path)?
        } else {
            vec![path.to_owned()]
        };
        for file in files {
            self.0.update(file.as_os_str().as_encoded_bytes());
            match fs::read(&file) {
                Ok(bytes) => {
                    self.0.update(&(bytes.len() as u64).to_le_bytes());
                    self.0.update(&bytes);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.0.update(b"-"),
                Err(error) => return Err(error).at(&file),
            }
        }
        Ok(self)
    }

    /// Adds several paths.
    pub(crate) fn paths<P: AsRef<Path>>(self, paths: impl IntoIterator<Item = P>) -> Result<Self> {
        paths
            .into_iter()
            .try_fold(self, |inputs, path| inputs.path(path.as_ref()))
    }

    /// Does the step, unless its inputs are those of the last time and what it makes is still there.
    pub(crate) fn step(self, name: &str, outputs: &[PathBuf], work: impl FnOnce() -> Result<()>) -> Result<()> {
        // Beside what it vouches for: target folders come and go, and there can be two of them.
        let in_dist = outputs.iter().any(|output| output.starts_with(workspace::dist()));
        let home = if in_dist {
            workspace::dist()
        } else {
            workspace::intermediate()
        };
        let stamp = home.join(".stamps").join(name);
        let hash = format!("{:032x}", self.0.digest128());
        let fresh = fs::read_to_string(&stamp).is_ok_and(|last| last == hash);
        if fresh && outputs.iter().all(|output| output.exists()) {
            return Ok(());
        }
        // A step that fails half way must not look done.
        let _ = fs::remove_file(&stamp);
        work()?;
        workspace::write(&stamp, hash)
    }
}

/// The program that does the steps is an input of each of them.
fn program() -> u64 {
    static HASH: OnceLock<u64> = OnceLock::new();
    *HASH.get_or_init(|| {
        let bytes = std::env::current_exe().and_then(fs::read).unwrap_or_default();
        xxhash_rust::xxh3::xxh3_64(&bytes)
    })
}

/// A short name for some bytes, for a URL that may be cached for ever.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(bytes))
}
