//! The end-to-end harness: browsers over WebDriver, host servers, and the cases that run in them.
//!
//! It is not a general test framework: it knows three engines, one product and one machine. What it keeps true:
//! every process it starts is ended by its id, every wait is for an event and has a limit, and a case that an
//! engine has no means for is reported by name with the reason.

pub mod bench;
pub mod browser;
pub mod case;
pub mod cdp;
pub mod commands;
pub mod facts;
pub mod fixtures;
pub mod lab;
pub mod process;
pub mod product;
pub mod server;
pub mod soak;
pub mod store;
pub mod torture;
pub mod webdriver;

/// The error of everything here: text for the person who reads the failure.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A result whose error is text for the person who reads the failure.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// Where the build has put what only tests load.
pub fn test_dist() -> std::path::PathBuf {
    std::env::var_os("VF_TEST_DIST").map_or_else(|| "target/test-dist".into(), Into::into)
}

/// Fails with `message()` unless `condition` holds.
pub fn ensure(condition: bool, message: impl FnOnce() -> String) -> Result {
    if condition { Ok(()) } else { Err(message().into()) }
}
