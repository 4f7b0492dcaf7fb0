//! Fuzzes what `core/tests/properties/path.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/path.rs"]
mod path;

libfuzzer_sys::fuzz_target!(|data: &[u8]| path::check(data));
