//! All ways of reading a history find the same in any bytes: for the tests, and for the fuzzer.

use std::fs;

use shared::{
    event::EventName,
    history::{Filter, Found, Reader},
    port::Port,
};

/// A filter for each word by which lines are passed over unread.
fn filters() -> [Filter; 4] {
    [
        Filter::default(),
        Filter::of_events([EventName::PortConflict]),
        Filter { port: Port::new(3030), ..Filter::default() },
        Filter { app: "notes".parse().ok(), ..Filter::default() },
    ]
}

fn texts<'f>(found: impl IntoIterator<Item = &'f Found>) -> Vec<&'f str> {
    let text = |found: &'f Found| match found {
        Found::Record(entry) => Some(&*entry.text),
        Found::Damage(_) => None,
    };
    found.into_iter().filter_map(text).collect()
}

fn offset(found: &Found) -> u64 {
    match found {
        Found::Record(entry) => entry.offset,
        Found::Damage(damage) => damage.offset,
    }
}

/// Holds all ways of reading to one another.
pub(crate) fn agree(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("port-history.jsonl");
    fs::write(&file, bytes).expect("written");
    let reader = Reader::of_history(&file);
    for filter in filters() {
        let forward: Vec<_> = reader.forward(&filter).expect("a file").flatten().collect();
        let lines = bytes.split(|&byte| byte == b'\n').count();
        assert!(forward.len() <= lines, "more was found than there is");
        assert!(forward.is_sorted_by_key(offset), "the order of the file");

        let mut backward: Vec<_> = reader.backward(&filter).expect("a file").flatten().collect();
        backward.reverse();
        assert_eq!(backward, forward, "the directions differ");

        check_pages(&reader, &filter, &forward);
        check_follower(&reader, &filter, &forward, bytes);

        let taken = reader.conflicts(&filter).expect("a file");
        assert_eq!(taken.total, taken.holders.iter().map(|holder| holder.count).sum::<u64>());
        assert!(taken.total + taken.broken_lines <= lines as u64);
    }
}

/// Pages in a row are the whole, newest first.
fn check_pages(reader: &Reader, filter: &Filter, forward: &[Found]) {
    // Short pages of short histories.
    let limit = 2 + forward.len() / 20;
    let (mut records, mut broken, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = reader.page(filter, limit, cursor).expect("a cursor of this file");
        assert!(page.records.len() <= limit);
        broken += page.broken_lines as usize;
        records.extend(page.records.into_iter().map(|entry| entry.text));
        let Some(next) = page.next else { break };
        assert!(cursor.is_none_or(|before| before.is_behind(next)), "no progress");
        assert_eq!(next.to_string().parse(), Ok(next), "a cursor is a word");
        cursor = Some(next);
    }
    records.reverse();
    let wanted = texts(forward);
    assert_eq!((records.len() + broken, records), (forward.len(), own(&wanted)), "pages");
}

/// Who follows from the beginning is told the same, but for a last line without an end.
fn check_follower(reader: &Reader, filter: &Filter, forward: &[Found], bytes: &[u8]) {
    let mut follower = reader.follow_from_start(filter);
    let mut told = Vec::new();
    loop {
        told.extend(follower.poll().expect("a file").into_iter().map(|added| added.entry.text));
        if follower.behind() == 0 {
            break;
        }
    }
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end as u64 + 1);
    let whole = forward.iter().filter(|found| offset(found) < end);
    assert_eq!(told, own(&texts(whole.clone())), "the follower");
    let broken = whole.filter(|found| matches!(found, Found::Damage(_))).count();
    assert_eq!(follower.broken_lines(), broken as u64, "the follower's count");
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
