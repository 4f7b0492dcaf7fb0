//! The one error of this crate: a line that says what went wrong and, where there is one, the way out.
//!
//! Nothing matches on it, so it has no kinds; it is printed once, by `main`.

use std::fmt;
use std::path::Path;

/// What a command failed with.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// The result of everything here that can fail.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that reads as `message`.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self(format!("{error} (`cargo xtask help` lists the commands)"))
    }
}

/// Says what was being done when something went wrong.
pub(crate) trait Context<T> {
    /// Puts `what` before the error.
    fn context(self, what: &str) -> Result<T>;

    /// Puts the path before the error.
    fn at(self, path: &Path) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: &str) -> Result<T> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }

    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|error| Failure(format!("{}: {error}", path.display())))
    }
}
