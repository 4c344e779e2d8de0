//! Pages of the port history, newest first.
//!
//! A page is read backwards from the end, or from where the last one ended, so its cost does not
//! depend on the length of the history. It also ends where enough was read: one in which few records
//! are wanted comes in several pages, some of them short.

use std::{fs::File, io, path::Path};

use serde_json::value::RawValue;

use super::{
    backwards::Backwards,
    cursor::{Cursor, FileId, Gone},
    filter::{Filter, Head},
};

/// How much is read for one page at most, in bytes: some 50,000 records, which takes no more than a
/// tenth of a second.
const BUDGET: u64 = 16 << 20;

/// How many records in a row must be too old before the rest is taken to be so too. Records are in
/// the order of their writing; a clock that was set back for a moment shall not hide what is older.
const OLD_ENOUGH: usize = 1000;

/// Records, and where to go on.
#[derive(Debug, Default)]
pub struct Page {
    /// The records as they were written, the newest first.
    pub records: Vec<Box<RawValue>>,
    /// Where the next page begins; `None` if there is nothing older.
    pub next: Option<Cursor>,
    /// How many of the lines read are no records.
    pub broken_lines: u64,
}

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The file cannot be read.
    #[error("the port history cannot be read")]
    Unreadable(#[from] io::Error),
    /// The file that the cursor points into is gone.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// The records of `file` that `filter` wants: `limit` of them at most, from `cursor` back to the
/// beginning. No history is an empty one.
///
/// # Errors
///
/// [`PageError`] if it cannot be read, or `cursor` points into another file.
pub fn page(
    file: &Path,
    filter: &Filter,
    limit: usize,
    cursor: Option<Cursor>,
) -> Result<Page, PageError> {
    let mut page = Page::default();
    let Some(mut reading) = Reading::begin(file, cursor)? else { return Ok(page) };
    while page.records.len() < limit {
        match reading.next(filter)? {
            Step::Wanted(record) => page.records.push(record),
            Step::Unwanted => {}
            Step::Broken => page.broken_lines += 1,
            Step::End => return Ok(page),
        }
        if reading.read() > BUDGET {
            break;
        }
    }
    page.next = (reading.at > 0).then_some(Cursor { file: reading.id, at: reading.at });
    Ok(page)
}

/// Every record that `filter` wants, newest first, each handed to `take` as it was written. Returns
/// how many lines are no records.
///
/// # Errors
///
/// If the file cannot be read. No history is an empty one.
pub fn each(
    file: &Path,
    filter: &Filter,
    mut take: impl FnMut(Box<RawValue>),
) -> Result<u64, PageError> {
    let mut broken = 0;
    let Some(mut reading) = Reading::begin(file, None)? else { return Ok(broken) };
    loop {
        match reading.next(filter)? {
            Step::Wanted(record) => take(record),
            Step::Unwanted => {}
            Step::Broken => broken += 1,
            Step::End => return Ok(broken),
        }
    }
}

/// A history that is being read backwards.
struct Reading {
    lines: Backwards,
    id: FileId,
    from: u64,
    /// Where the last line that was read begins.
    at: u64,
    /// How many records in a row were too old.
    old: usize,
}

enum Step {
    Wanted(Box<RawValue>),
    Unwanted,
    Broken,
    End,
}

impl Reading {
    fn begin(file: &Path, cursor: Option<Cursor>) -> Result<Option<Self>, PageError> {
        let mut file = match File::open(file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if cursor.is_none() { Ok(None) } else { Err(Gone.into()) };
            }
            Err(error) => return Err(error.into()),
        };
        let id = FileId::of(&mut file)?;
        let length = file.metadata()?.len();
        let from = match cursor {
            None => length,
            Some(cursor) if cursor.check(&mut file, id, length)? => cursor.at,
            Some(_) => return Err(Gone.into()),
        };
        let lines = Backwards::new(file, from)?;
        Ok(Some(Self { lines, id, from, at: from, old: 0 }))
    }

    /// How many bytes were read.
    fn read(&self) -> u64 {
        self.from - self.at
    }

    fn next(&mut self, filter: &Filter) -> io::Result<Step> {
        if self.old >= OLD_ENOUGH {
            return Ok(Step::End);
        }
        let Some(line) = self.lines.next()? else { return Ok(Step::End) };
        self.at = line.at;
        let text = line.bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else { return Ok(Step::Broken) };
        if text.trim().is_empty() {
            return Ok(Step::Unwanted);
        }
        let Ok(head) = serde_json::from_str::<Head<'_>>(&text) else { return Ok(Step::Broken) };
        let is_old = filter.since.is_some_and(|since| head.ts < since);
        self.old = if is_old { self.old + 1 } else { 0 };
        if !filter.wants(&head) {
            return Ok(Step::Unwanted);
        }
        drop(head);
        Ok(RawValue::from_string(text).map_or(Step::Broken, Step::Wanted))
    }
}

#[cfg(test)]
mod test {
    use std::fs;

    use super::*;
    use crate::port::Port;

    fn record(n: u32) -> String {
        let (minute, port) = (n % 60, 17000 + n % 3);
        format!(
            r#"{{"ts":"2026-11-22T12:{minute:02}:00.000000Z","event":"port_claimed","app":"notes","seq":{n},"port":{port}}}"#
        )
    }

    fn seqs(page: &Page) -> Vec<u64> {
        let seq = |record: &Box<RawValue>| {
            let record: serde_json::Value = serde_json::from_str(record.get()).expect("JSON");
            record["seq"].as_u64().expect("a number")
        };
        page.records.iter().map(seq).collect()
    }

    #[test]
    fn pages_stay_where_they_were_while_the_file_grows() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        let lines = |numbers: std::ops::Range<u32>| -> String {
            numbers.map(|n| record(n) + "\n").collect()
        };
        fs::write(&file, lines(0..10)).expect("written");
        let first = page(&file, &Filter::default(), 4, None).expect("readable");
        assert_eq!(seqs(&first), [9, 8, 7, 6]);
        fs::write(&file, lines(0..12)).expect("written");
        let second = page(&file, &Filter::default(), 4, first.next).expect("readable");
        assert_eq!(seqs(&second), [5, 4, 3, 2]);
        let third = page(&file, &Filter::default(), 4, second.next).expect("readable");
        assert_eq!((seqs(&third), third.next), (vec![1, 0], None));
    }

    #[test]
    fn a_cursor_into_a_file_that_is_gone_or_cut_short_is_told_from_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        let text: String = (0..3).map(|n| record(n) + "\n").collect();
        fs::write(&file, &text).expect("written");
        let next = page(&file, &Filter::default(), 1, None).expect("readable").next;
        assert!(next.is_some());
        for other in [text.replace("notes", "other"), record(0) + "\n", String::new()] {
            fs::write(&file, other).expect("written");
            let error = page(&file, &Filter::default(), 1, next).expect_err("gone");
            assert!(matches!(error, PageError::Gone(Gone)), "{error}");
        }
        fs::remove_file(&file).expect("there");
        assert!(page(&file, &Filter::default(), 1, next).is_err());
        assert!(page(&file, &Filter::default(), 1, None).expect("empty").records.is_empty());
    }

    #[test]
    fn broken_lines_are_counted_and_the_rest_is_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        let spaced = record(1).replace("\":", "\": ");
        let first = record(0);
        let lines: [&[u8]; 6] =
            [first.as_bytes(), b"{\"ts\":\"2026", b"\xff\xfe", b"[]", b"", spaced.as_bytes()];
        fs::write(&file, lines.join(&b"\n"[..])).expect("written");
        let page = page(&file, &Filter::default(), 9, None).expect("readable");
        assert_eq!((page.broken_lines, page.records[0].get()), (3, spaced.as_str()));
        assert_eq!(seqs(&page), [1, 0]);
    }

    #[test]
    fn a_filter_leaves_out_what_is_not_wanted_and_a_clock_set_back_hides_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        let old = record(9).replace("2026", "1970");
        let text = [record(1), record(2), old, record(30), record(40)].join("\n");
        fs::write(&file, text).expect("written");
        let since = "2026-11-22T12:02:00Z".parse().ok();
        let until = "2026-11-22T12:30:00Z".parse().ok();
        let filter = Filter { since, until, ..Filter::default() };
        assert_eq!(seqs(&page(&file, &filter, 9, None).expect("readable")), [30, 2]);
        let filter = Filter { port: Port::new(17001), ..Filter::default() };
        assert_eq!(seqs(&page(&file, &filter, 9, None).expect("readable")), [40, 1]);
        let filter = Filter { app: "other".parse().ok(), ..Filter::default() };
        assert!(page(&file, &filter, 9, None).expect("readable").records.is_empty());
    }
}
