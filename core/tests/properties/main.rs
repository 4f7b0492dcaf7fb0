//! Promises that hold for every input, checked on published tests, on made-up inputs and on the corpora of the fuzzer.
//!
//! Each file but those of tests has a function `check`, which the fuzz target of its name calls, too.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is the report")]

mod corpora;
#[cfg(feature = "html")]
mod html;
#[cfg(feature = "html")]
mod html5lib;
#[cfg(feature = "html")]
mod html_fragments;
mod index;
#[cfg(feature = "mime")]
mod media_type;
#[cfg(feature = "modules")]
mod modules;
mod path;
mod protocol;
mod range;
mod route;
