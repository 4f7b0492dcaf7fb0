//! Fuzzes what `core/tests/properties/modules.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/modules.rs"]
mod modules;

libfuzzer_sys::fuzz_target!(|data: &[u8]| modules::check(data));
