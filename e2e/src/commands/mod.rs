//! `cargo xtask`'s commands that are not tests themselves, as command lines: what a contributor types, and what comes of it.
//!
//! They come before the suites that serve the product: `dev` builds `dist/` anew, which a server would notice.

mod dev;
mod release;
mod xtask;

use std::path::PathBuf;

use crate::Result;
use crate::case::Case;

/// All cases.
pub const CASES: &[&[Case]] = &[dev::CASES, release::CASES];

/// The checkout.
fn root() -> Result<PathBuf> {
    let root = std::env::var_os("VF_ROOT").map_or_else(|| ".".into(), PathBuf::from);
    Ok(root.canonicalize()?)
}
