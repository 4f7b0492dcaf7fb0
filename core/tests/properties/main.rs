//! Promises that hold for every input, checked on published tests, on made-up inputs and on the corpora of the fuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is the report")]

#[cfg(feature = "html")]
mod html;
#[cfg(feature = "html")]
mod html5lib;
#[cfg(feature = "html")]
mod html_fragments;
