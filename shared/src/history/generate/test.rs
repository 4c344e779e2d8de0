//! What is made is what was asked for, and every planted fault is found where it was planted.

use std::{collections::BTreeSet, fs};

use super::*;
use crate::history::{Damage, DamageKind, Filter, Found, Reader, line_number};

/// How many different events are made.
const EVENTS: usize = 22;

fn made(seed: u64, records: u64, faults: bool) -> (Vec<u8>, Vec<InjectedFault>, GeneratedHistory) {
    let (mut bytes, mut truth) = (Vec::new(), Vec::new());
    let made = history(GenerateOptions { seed, records, faults }, &mut bytes, |fault| {
        truth.push(*fault);
        Ok(())
    });
    (bytes, truth, made.expect("memory does not refuse"))
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_makes_others() {
    assert_eq!(made(1, 500, true), made(1, 500, true));
    assert_ne!(made(1, 500, false).0, made(2, 500, false).0);
}

#[test]
fn a_sound_history_has_every_event_and_every_class_and_no_damage() {
    let (bytes, truth, made) = made(7, 20_000, false);
    assert!(truth.is_empty() && made.bytes == bytes.len() as u64);
    let text = String::from_utf8(bytes).expect("text");
    let records: Vec<Record> = text.lines().map(|line| line.parse().expect("a record")).collect();
    assert_eq!(records.len(), 20_000);
    let events: BTreeSet<_> = records.iter().map(|record| record.event.name()).collect();
    // An event that is added later need not be made here.
    assert!(events.len() >= EVENTS, "{events:?}");
    let classes = records.iter().filter_map(|record| Some(record.event.conflict()?.class));
    let classes: BTreeSet<_> = classes.collect();
    assert_eq!(classes.len(), crate::conflict::Class::ALL.len(), "{classes:?}");
    let years: BTreeSet<_> = text.lines().map(|line| line[7..11].to_owned()).collect();
    assert!(years.contains("1970") && years.contains("2035") && years.contains("2024"));
}

#[test]
fn every_planted_damage_is_found_with_its_kind_its_line_and_its_place() {
    for seed in 0..3 {
        let (bytes, truth, _) = made(seed, 5_000, true);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        fs::write(&file, &bytes).expect("written");
        let found = Reader::of_history(&file).forward(&Filter::default()).expect("readable");
        let damage = found.filter_map(|found| match found.expect("readable") {
            Found::Damage(damage) => Some(damage),
            Found::Record(_) => None,
        });
        let found: Vec<_> = damage.collect();
        let planted: Vec<_> = truth
            .iter()
            .filter_map(|fault| match fault.kind {
                FaultKind::Damage(kind) => Some(Damage { kind, offset: fault.offset }),
                FaultKind::Lost => None,
            })
            .collect();
        assert_eq!(found, planted);
        for fault in &truth {
            assert_eq!(line_number(&file, fault.offset).expect("readable"), fault.line);
        }
        let kinds: BTreeSet<_> = planted.iter().map(|damage| damage.kind).collect();
        assert_eq!(kinds.len(), DamageKind::ALL.len(), "{kinds:?}");
    }
}
