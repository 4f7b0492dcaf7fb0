//! Fuzzes what `core/tests/properties/range.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/range.rs"]
mod range;

libfuzzer_sys::fuzz_target!(|data: &[u8]| range::check(data));
