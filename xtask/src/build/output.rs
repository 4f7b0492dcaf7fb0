//! A folder of `dist/` in the making: at the end it holds what was put in, and nothing from an earlier build.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Context, Result};
use crate::workspace;

/// A folder in the making.
pub(super) struct Output {
    folder: PathBuf,
    kept: BTreeSet<PathBuf>,
}

impl Output {
    /// Starts with nothing put in; what is in the folder stays until [`Output::finish`].
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            kept: BTreeSet::new(),
        }
    }

    /// Puts a file in.
    pub(super) fn write(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
        let path = self.folder.join(name);
        workspace::write(&path, bytes)?;
        self.kept.insert(path);
        Ok(())
    }

    /// Puts a copy of a file in.
    pub(super) fn copy(&mut self, from: &Path, name: &str) -> Result<()> {
        self.write(name, fs::read(from).at(from)?)
    }

    /// Puts in copies of what a folder holds and `wanted` takes, by names to which `prefix` is added.
    pub(super) fn copy_folder(&mut self, from: &Path, prefix: &str, wanted: impl Fn(&str) -> bool) -> Result<()> {
        for file in workspace::files(from)? {
            let name = file
                .strip_prefix(from)
                .context("copying a folder")?
                .display()
                .to_string();
            if wanted(&name) {
                self.copy(&file, &format!("{prefix}{name}"))?;
            }
        }
        Ok(())
    }

    /// Takes out what was not put in.
    pub(super) fn finish(self) -> Result<()> {
        for file in workspace::files(&self.folder)? {
            if !self.kept.contains(&file) {
                fs::remove_file(&file).at(&file)?;
            }
        }
        Ok(())
    }
}
