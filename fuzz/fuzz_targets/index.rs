//! Fuzzes what `core/tests/properties/index.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/index.rs"]
mod index;

libfuzzer_sys::fuzz_target!(|data: &[u8]| index::check(data));
