//! Fuzzes what `core/tests/properties/html.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/html.rs"]
mod html;

libfuzzer_sys::fuzz_target!(|data: &[u8]| html::check(data));
