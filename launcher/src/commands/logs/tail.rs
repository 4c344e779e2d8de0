//! The end of a log, and what is added to it.
//!
//! A log may be put aside and begun anew at any moment, or not be there yet. Whether a path still
//! leads to the same file is told from how the file begins: no two lines of logs are alike. A line
//! is read when it is whole.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

use serde_json::Value;
use shared::keys;

/// How much of the end is read at first; most lines have some 300 bytes.
const WINDOW: u64 = 64 << 10;

/// How much of the end is read at most, however few of its lines are wanted.
const WIDEST: u64 = 64 << 20;

/// How many bytes of a file's beginning tell it from another: the time and the count of its first
/// line are among them.
const HEAD: u64 = 512;

/// A line of a log.
#[derive(Debug)]
pub(super) struct Line {
    /// As it was written.
    pub(super) text: String,
    /// What it says.
    pub(super) record: Value,
}

impl Line {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let record: Value = serde_json::from_str(text).ok()?;
        record.is_object().then(|| Self { text: text.to_owned(), record })
    }

    /// Its stamp, which sorts as text.
    pub(super) fn ts(&self) -> &str {
        self.record[keys::TS].as_str().unwrap_or_default()
    }
}

/// A log that is followed.
pub(super) struct Tail {
    path: PathBuf,
    open: Option<Open>,
}

/// A file, as far as it was read.
struct Open {
    file: File,
    head: Vec<u8>,
    read: u64,
}

impl Tail {
    /// The log at this path, which need not be there.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// The last `count` lines that are wanted. What is written after them is news.
    pub(super) fn last(&mut self, count: usize, is_wanted: &impl Fn(&Value) -> bool) -> Vec<Line> {
        self.open = Open::new(&self.path).ok();
        let Some(open) = &mut self.open else { return Vec::new() };
        let mut lines = open.last(count, is_wanted).unwrap_or_default();
        lines.split_off(lines.len().saturating_sub(count))
    }

    /// The lines that were written since, and are wanted.
    pub(super) fn news(&mut self, is_wanted: &impl Fn(&Value) -> bool) -> Vec<Line> {
        let mut news = Vec::new();
        if let Some(open) = &mut self.open {
            news.extend(open.news().unwrap_or_default());
        }
        if let Ok(now) = Open::new(&self.path)
            && self.open.as_ref().is_none_or(|open| !open.is_the_same(&now))
        {
            // What the old one got between the two looks comes first.
            if let Some(open) = &mut self.open {
                news.extend(open.news().unwrap_or_default());
            }
            news.extend(self.open.insert(now).news().unwrap_or_default());
        }
        news.retain(|line| is_wanted(&line.record));
        news
    }
}

impl Open {
    fn new(path: &PathBuf) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head)?;
        Ok(Self { file, head, read: 0 })
    }

    /// Whether `now` is this file, perhaps longer.
    fn is_the_same(&self, now: &Self) -> bool {
        let length = now.file.metadata().map_or(0, |metadata| metadata.len());
        now.head.starts_with(&self.head) && length >= self.read
    }

    fn last(&mut self, count: usize, is_wanted: &impl Fn(&Value) -> bool) -> io::Result<Vec<Line>> {
        let end = self.file.metadata()?.len();
        let mut window = WINDOW;
        loop {
            let start = end.saturating_sub(window);
            let (mut lines, read) = self.lines(start, end)?;
            lines.retain(|line| is_wanted(&line.record));
            if lines.len() >= count || start == 0 || window >= WIDEST {
                self.read = read;
                return Ok(lines);
            }
            window *= 4;
        }
    }

    fn news(&mut self) -> io::Result<Vec<Line>> {
        let end = self.file.metadata()?.len();
        if end <= self.read {
            return Ok(Vec::new());
        }
        let (lines, read) = self.lines(self.read, end)?;
        self.read = read;
        if self.head.len() < HEAD as usize {
            self.file.rewind()?;
            self.head.clear();
            (&mut self.file).take(HEAD).read_to_end(&mut self.head)?;
        }
        Ok(lines)
    }

    /// The whole lines from `start` to `end`, and where the last of them ends. A piece of a line at
    /// the start is no record, and passed over like any other line that is none.
    fn lines(&mut self, start: u64, end: u64) -> io::Result<(Vec<Line>, u64)> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(start))?;
        (&mut self.file).take(end - start).read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let lines = bytes[..whole].split(|&byte| byte == b'\n').filter_map(Line::parse);
        Ok((lines.collect(), start + whole as u64))
    }
}

#[cfg(test)]
mod test {
    use std::{fs, io::Write};

    use super::*;

    fn line(n: u32) -> String {
        format!("{{\"ts\":\"{n:06}\",\"app\":\"server\",\"n\":{n}}}\n")
    }

    fn numbers(lines: &[Line]) -> Vec<u64> {
        lines.iter().filter_map(|line| line.record["n"].as_u64()).collect()
    }

    fn add(path: &PathBuf, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("opened");
        file.write_all(text.as_bytes()).expect("written");
    }

    fn followed() -> (tempfile::TempDir, PathBuf, Tail) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        (folder, path.clone(), Tail::of(path))
    }

    #[test]
    fn the_last_lines_are_found_in_a_long_file_among_unwanted_and_broken_ones() {
        let (_folder, path, mut tail) = followed();
        let text: String = (0..5000).map(line).collect();
        add(&path, &(text + "broken\n[]\n" + "{\"ts\":\"half"));
        assert_eq!(numbers(&tail.last(3, &|_| true)), [4997, 4998, 4999]);
        let even = |record: &Value| record["n"].as_u64().is_some_and(|n| n % 1000 == 0);
        assert_eq!(numbers(&tail.last(3, &even)), [2000, 3000, 4000]);
        assert!(tail.last(0, &|_| true).is_empty());
        // The half line is news when it is whole.
        add(&path, "\",\"n\":7}\n");
        assert_eq!(numbers(&tail.news(&|_| true)), [7]);
    }

    #[test]
    fn a_log_that_is_put_aside_is_read_to_its_end_and_the_new_one_from_its_beginning() {
        let (folder, path, mut tail) = followed();
        add(&path, &line(1));
        assert_eq!(numbers(&tail.last(9, &|_| true)), [1]);
        add(&path, &line(2));
        fs::rename(&path, folder.path().join("log.old")).expect("renamed");
        assert_eq!(numbers(&tail.news(&|_| true)), [2], "also while there is none");
        add(&folder.path().join("log.old"), &line(3));
        add(&path, &(line(4) + &line(5) + &line(6) + &line(7)));
        assert_eq!(numbers(&tail.news(&|_| true)), [3, 4, 5, 6, 7]);
        assert!(tail.news(&|_| true).is_empty());
    }

    #[test]
    fn a_log_that_is_made_or_cut_later_is_found() {
        let (_folder, path, mut tail) = followed();
        assert!(tail.last(9, &|_| true).is_empty() && tail.news(&|_| true).is_empty());
        add(&path, "");
        assert!(tail.news(&|_| true).is_empty());
        add(&path, &line(1));
        assert_eq!(numbers(&tail.news(&|_| true)), [1]);
        fs::write(&path, "").expect("cut");
        assert!(tail.news(&|_| true).is_empty());
        add(&path, &line(2));
        assert_eq!(numbers(&tail.news(&|_| true)), [2]);
    }
}
