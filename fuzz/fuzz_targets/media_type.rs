//! Fuzzes what `core/tests/properties/media_type.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/media_type.rs"]
mod media_type;

libfuzzer_sys::fuzz_target!(|data: &[u8]| media_type::check(data));
