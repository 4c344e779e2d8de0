//! Forward, backward, in pages and by following: every reading of a history finds the same.

#[path = "support/readings.rs"]
mod readings;

use proptest::prelude::*;
use shared::history::generate::{self, GenerateOptions};

/// A history with faults.
fn history(seed: u64, records: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let wanted = GenerateOptions { seed, records, faults: true };
    generate::history(wanted, &mut bytes, |_| Ok(())).expect("memory does not refuse");
    bytes
}

#[test]
fn all_readings_of_long_damaged_histories_agree() {
    // Long enough for several blocks, and for lines that are longer than any of ours.
    for seed in 0..2 {
        readings::agree(&history(seed, 2_000));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn all_readings_agree_on_bytes_that_were_changed_anywhere(
        seed: u64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        begin: prop::sample::Index,
    ) {
        let mut bytes = history(seed, 20);
        // Those of a line that is too long are all alike.
        bytes.truncate(20_000);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        readings::agree(&bytes);
        readings::agree(&bytes[begin.index(bytes.len())..]);
    }

    #[test]
    fn all_readings_agree_on_any_bytes(bytes in prop::collection::vec(
        prop_oneof![3 => prop::sample::select(&b"{}\n\r \"0\xff:,"[..]), 1 => any::<u8>()], 0..200,
    )) {
        readings::agree(&bytes);
    }
}
