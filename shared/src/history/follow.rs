//! What is added to the port history.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::value::RawValue;

use super::{
    cursor::{Cursor, FileId},
    filter::{Filter, Head},
};

/// How much is read in one go at most; the rest is left for the next.
const MOST: u64 = 1 << 20;

/// Follows a history from one place on. One that was put aside or cut short is followed from the
/// beginning of the new one.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    filter: Filter,
    at: Cursor,
    /// The length at which nothing was new.
    seen: u64,
}

/// A record that was added, and the place behind it.
#[derive(Debug)]
pub struct Added {
    /// As it was written.
    pub record: Box<RawValue>,
    /// Where to go on.
    pub cursor: Cursor,
}

impl Follower {
    /// Follows `path` from its end on; it need not be there yet.
    #[must_use]
    pub fn from_end(path: &Path, filter: Filter) -> Self {
        let at = end_of(path).unwrap_or(Cursor { file: FileId::default(), at: 0 });
        Self { path: path.to_owned(), filter, at, seen: at.at }
    }

    /// Follows `path` from `cursor` on, or from its end if that points into another file.
    #[must_use]
    pub fn from_cursor(path: &Path, filter: Filter, cursor: Cursor) -> Self {
        let mut follower = Self::from_end(path, filter);
        let is_good = || -> io::Result<bool> {
            let mut file = File::open(path)?;
            let (id, length) = (FileId::of(&mut file)?, file.metadata()?.len());
            cursor.check(&mut file, id, length)
        };
        if is_good().unwrap_or(false) {
            (follower.at, follower.seen) = (cursor, cursor.at);
        }
        follower
    }

    /// The place up to which everything was told.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.at
    }

    /// How many bytes there are still to read.
    #[must_use]
    pub fn behind(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |now| now.len().saturating_sub(self.at.at))
    }

    /// The records that were added since the last time and are wanted. A file that cannot be read
    /// has nothing new. While nothing is added this costs one look at the file's length.
    pub fn news(&mut self) -> Vec<Added> {
        let length = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        if length == self.seen {
            return Vec::new();
        }
        self.read().unwrap_or_default()
    }

    fn read(&mut self) -> io::Result<Vec<Added>> {
        let mut file = File::open(&self.path)?;
        let (id, length) = (FileId::of(&mut file)?, file.metadata()?.len());
        if !self.at.check(&mut file, id, length)? {
            self.at.at = 0;
        }
        self.at.file = id;
        file.seek(SeekFrom::Start(self.at.at))?;
        let (start, mut bytes) = (self.at.at, Vec::new());
        let read = file.take(MOST).read_to_end(&mut bytes)? as u64;
        // A line is read when it is whole, or longer than any record.
        let whole = memchr::memrchr(b'\n', &bytes).map(|end| end + 1);
        bytes.truncate(whole.unwrap_or(if read == MOST { bytes.len() } else { 0 }));
        let mut added = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.at.at += line.len() as u64;
            let text = str::from_utf8(line).unwrap_or_default().trim();
            let is_wanted =
                serde_json::from_str(text).is_ok_and(|head: Head<'_>| self.filter.wants(&head));
            if let (true, Ok(record)) = (is_wanted, RawValue::from_string(text.to_owned())) {
                added.push(Added { record, cursor: self.at });
            }
        }
        // What was not read yet is news the next time; a line that is not whole, when it has grown.
        self.seen = if read == MOST { self.at.at } else { start + read };
        Ok(added)
    }
}

fn end_of(path: &Path) -> io::Result<Cursor> {
    let mut file = File::open(path)?;
    let (id, mut at) = (FileId::of(&mut file)?, file.metadata()?.len());
    // A piece of a line is told when it is whole.
    let mut last = [0];
    while at > 0 {
        file.seek(SeekFrom::Start(at - 1))?;
        file.read_exact(&mut last)?;
        if last == *b"\n" {
            break;
        }
        at -= 1;
    }
    Ok(Cursor { file: id, at })
}

#[cfg(test)]
mod test {
    use std::{fs, io::Write};

    use super::*;

    fn record(n: u32) -> String {
        format!(r#"{{"ts":"2026-11-22T12:00:00Z","event":"e","app":"notes","seq":{n}}}"#) + "\n"
    }

    fn told(follower: &mut Follower) -> Vec<String> {
        follower.news().into_iter().map(|added| added.record.get().to_owned() + "\n").collect()
    }

    #[test]
    fn what_is_added_is_told_once_when_its_line_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history");
        let mut follower = Follower::from_end(&path, Filter::default());
        assert!(told(&mut follower).is_empty());
        fs::write(&path, record(0)).expect("written");
        assert_eq!(told(&mut follower), [record(0)]);
        let mut file = fs::File::options().append(true).open(&path).expect("there");
        let (begin, rest) = (record(1)[..20].to_owned(), record(1)[20..].to_owned());
        file.write_all(begin.as_bytes()).expect("written");
        assert!(told(&mut follower).is_empty());
        file.write_all(rest.as_bytes()).expect("written");
        file.write_all(b"broken\n").expect("written");
        assert_eq!(told(&mut follower), [record(1)]);
        assert!(told(&mut follower).is_empty());
    }

    #[test]
    fn a_cursor_resumes_and_one_of_another_file_begins_at_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history");
        fs::write(&path, record(0)).expect("written");
        let cursor = Follower::from_end(&path, Filter::default()).cursor();
        fs::write(&path, record(0) + &record(1)).expect("written");
        let mut resumed = Follower::from_cursor(&path, Filter::default(), cursor);
        assert_eq!(told(&mut resumed), [record(1)]);
        fs::write(&path, record(7) + &record(8)).expect("written");
        assert_eq!(told(&mut resumed).len(), 0, "it is as long as before");
        fs::write(&path, record(7) + &record(8) + &record(9)).expect("written");
        assert_eq!(told(&mut resumed), [record(7), record(8), record(9)]);
        let mut anew = Follower::from_cursor(&path, Filter::default(), cursor);
        assert!(told(&mut anew).is_empty());
    }
}
