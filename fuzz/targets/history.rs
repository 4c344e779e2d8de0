//! The port history: any bytes are records or broken lines, and all ways of reading find the same.

#![no_main]

#[path = "../../shared/tests/support/readings.rs"]
mod readings;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| readings::agree(bytes));
