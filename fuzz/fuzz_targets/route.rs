//! Fuzzes what `core/tests/properties/route.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/route.rs"]
mod route;

libfuzzer_sys::fuzz_target!(|data: &[u8]| route::check(data));
