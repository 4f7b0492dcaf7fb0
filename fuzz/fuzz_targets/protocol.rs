//! Fuzzes what `core/tests/properties/protocol.rs` promises.
#![no_main]

#[path = "../../core/tests/properties/protocol.rs"]
mod protocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| protocol::check(data));
