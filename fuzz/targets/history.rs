//! The port history: any bytes are records or broken lines, pages show what one reading shows, and no
//! line is told twice.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use shared::history::{Filter, conflicts, each, page};

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("port-history.jsonl");
    fs::write(&file, bytes).expect("written");
    let filter = Filter::default();

    let mut all = Vec::new();
    let broken = each(&file, &filter, |record| all.push(record)).expect("readable");
    let lines = bytes.split(|&byte| byte == b'\n').count();
    assert!(all.len() + broken as usize <= lines, "more was told than there is");

    let (mut told, mut unread, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = page(&file, &filter, 2, cursor).expect("a cursor of this file");
        unread += page.broken_lines;
        told.extend(page.records);
        let Some(next) = page.next else { break };
        assert!(cursor.is_none_or(|before| before.is_behind(next)), "no progress");
        assert_eq!(next.to_string().parse(), Ok(next), "a cursor is a word");
        cursor = Some(next);
    }
    let text = |records: &[Box<serde_json::value::RawValue>]| -> Vec<String> {
        records.iter().map(|record| record.get().to_owned()).collect()
    };
    assert_eq!((text(&told), unread), (text(&all), broken), "pages are not the whole");

    let taken = conflicts(&file, &filter).expect("readable");
    assert_eq!(taken.total, taken.holders.iter().map(|holder| holder.count).sum::<u64>());
    assert!(taken.total <= all.len() as u64 && taken.broken_lines >= broken);
});
