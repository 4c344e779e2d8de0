//! What is added to a log.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    blocks,
    cursor::{Cursor, FileId},
    filter::Matcher,
    found::{Entry, Found, find, open},
};
use crate::os::{self, FileIdentity};

/// How much is read in one go, in bytes, before the rest is left for the next.
const MAX_READ: u64 = 1 << 20;

/// Follows a log from one place on.
///
/// It holds the file that it reads. One that is rotated is read to its end, also what is written
/// to it later, and then the new one from its beginning; one that is cut short is read anew.
pub struct Follower {
    path: PathBuf,
    matcher: Matcher,
    current: Option<Followed>,
    /// The file that was rotated away before, which a writer may still have open.
    before: Option<Followed>,
    broken_lines: u64,
}

/// A file, as far as it was read.
struct Followed {
    blocks: blocks::ForwardBlocks,
    identity: FileIdentity,
    id: FileId,
}

/// Collects the records of one look.
struct Batch<'f> {
    matcher: &'f Matcher,
    added: Vec<Appended>,
    broken: &'f mut u64,
}

/// A record that was added, and the place behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The added line and its place.
    pub entry: Entry,
    /// The place from which a follower returns the next record.
    pub cursor: Cursor,
}

impl Follower {
    pub(super) fn from_start(path: &Path, matcher: Matcher) -> Self {
        Self { path: path.to_owned(), matcher, current: None, before: None, broken_lines: 0 }
    }

    pub(super) fn from_end(path: &Path, matcher: Matcher) -> Self {
        let mut follower = Self::from_start(path, matcher);
        // What cannot be opened now is read from its beginning when it can.
        follower.current = Followed::at_end(path).unwrap_or_default();
        follower
    }

    pub(super) fn from_cursor(path: &Path, matcher: Matcher, cursor: Cursor) -> Self {
        let mut follower = Self::from_end(path, matcher);
        if let Some(current) = &mut follower.current {
            // If that is unknown, it is followed from its end.
            let _ = current.go_to(cursor);
        }
        follower
    }

    /// The place up to which everything was returned.
    pub fn cursor(&self) -> Cursor {
        self.current.as_ref().map_or_else(Cursor::default, Followed::cursor)
    }

    /// How many bytes there are still to read.
    pub fn behind(&mut self) -> u64 {
        let all = self.before.iter_mut().chain(&mut self.current);
        all.map(|followed| followed.behind().unwrap_or_default()).sum()
    }

    /// How many lines that were read are no records.
    pub fn broken_lines(&self) -> u64 {
        self.broken_lines
    }

    /// The records that were added since the last time and are wanted; a line that is none is counted
    /// and passed over. While nothing is added this costs two or three looks at the state of files.
    ///
    /// # Errors
    ///
    /// If the log is there and cannot be read.
    pub fn poll(&mut self) -> io::Result<Vec<Appended>> {
        let mut batch =
            Batch { matcher: &self.matcher, added: Vec::new(), broken: &mut self.broken_lines };
        if let Some(before) = &mut self.before {
            // What cannot be read any more is over.
            if before.read(&mut batch).is_err() {
                self.before = None;
            }
        }
        if let Some(current) = &mut self.current {
            current.read(&mut batch)?;
            if current.behind()? > 0 {
                return Ok(batch.added);
            }
        }
        let now = match os::plain_identity_at(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            found => Some(found?),
        };
        if now == self.current.as_ref().map(|current| current.identity) {
            return Ok(batch.added);
        }
        // While there is no file in its place, the old one is followed.
        let Some(mut new) = Followed::open(&self.path)? else { return Ok(batch.added) };
        if let Some(old) = &mut self.current {
            // What it got between the two looks comes first.
            old.read(&mut batch)?;
        }
        new.read(&mut batch)?;
        let added = batch.added;
        self.before = self.current.replace(new);
        Ok(added)
    }
}

impl Followed {
    /// The file at `path`, from its beginning on; `None` if there is none.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let Some(mut file) = open(path)? else { return Ok(None) };
        let (identity, id) = (os::file_identity(&file)?, FileId::of(&mut file)?);
        Ok(Some(Self { blocks: blocks::ForwardBlocks::new(file, 0), identity, id }))
    }

    /// The file at `path`, from the end of its last whole line on; `None` if there is none.
    fn at_end(path: &Path) -> io::Result<Option<Self>> {
        let Some(mut followed) = Self::open(path)? else { return Ok(None) };
        let end = end_of(followed.blocks.file())?;
        followed.restart(end)?;
        Ok(Some(followed))
    }

    fn restart(&mut self, at: u64) -> io::Result<()> {
        let file = self.blocks.file().try_clone()?;
        self.blocks = blocks::ForwardBlocks::new(file, at);
        Ok(())
    }

    fn cursor(&self) -> Cursor {
        Cursor { file: self.id, at: self.blocks.at() }
    }

    /// Goes to `cursor` if that is a place between two lines of this file.
    fn go_to(&mut self, cursor: Cursor) -> io::Result<()> {
        let length = self.length()?;
        if cursor.check(self.blocks.file(), self.id, length)? {
            self.restart(cursor.at)?;
        }
        Ok(())
    }

    fn length(&mut self) -> io::Result<u64> {
        Ok(self.blocks.file().metadata()?.len())
    }

    /// How many bytes were not read yet.
    fn behind(&mut self) -> io::Result<u64> {
        Ok(self.length()?.saturating_sub(self.blocks.position()))
    }

    fn read(&mut self, batch: &mut Batch<'_>) -> io::Result<()> {
        let length = self.length()?;
        if length == self.blocks.position() {
            return Ok(());
        }
        let (place, id) = (self.cursor(), FileId::of(self.blocks.file())?);
        if length < self.blocks.position() || !place.check(self.blocks.file(), id, length)? {
            // It was cut short, or written anew: another history in the same place.
            self.restart(0)?;
        }
        self.id = id;
        let begun = self.blocks.position();
        let mut found = VecDeque::new();
        while self.blocks.position() - begun < MAX_READ || self.blocks.has_whole_line() {
            let Some(lines) = self.blocks.next()? else { break };
            find(lines, batch.matcher, &mut found);
        }
        for found in found {
            match found {
                Found::Record(entry) => {
                    let cursor = Cursor { file: id, at: entry.end };
                    batch.added.push(Appended { entry, cursor });
                }
                Found::Damage(_) => *batch.broken += 1,
            }
        }
        Ok(())
    }
}

/// The end of the last whole line: an unfinished line is returned once it is whole.
fn end_of(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0; 64 << 10];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let length = usize::try_from(end - start).unwrap_or_default();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block[..length])?;
        if let Some(last) = memchr::memrchr(b'\n', &block[..length]) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod test {
    use std::{fs, io::Write};

    use super::*;
    use crate::history::{Filter, Reader};

    fn record(n: u32) -> String {
        format!(
            r#"{{"ts":"2026-11-22T12:00:00Z","event":"launch_started","app":"notes","seq":{n}}}"#
        ) + "\n"
    }

    fn polled(follower: &mut Follower) -> Vec<String> {
        let batch = follower.poll().expect("readable");
        batch.into_iter().map(|added| added.entry.text + "\n").collect()
    }

    fn followed() -> (tempfile::TempDir, PathBuf, Reader) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history");
        let reader = Reader::of_history(&path);
        (folder, path, reader)
    }

    fn add(path: &Path, text: &str) {
        let mut file = File::options().append(true).create(true).open(path).expect("opened");
        file.write_all(text.as_bytes()).expect("written");
    }

    #[test]
    fn what_is_added_is_told_once_when_its_line_is_whole() {
        let (_folder, path, reader) = followed();
        let mut follower = reader.follow(&Filter::default());
        assert!(polled(&mut follower).is_empty());
        fs::write(&path, record(0)).expect("written");
        assert_eq!(polled(&mut follower), [record(0)]);
        let (begin, rest) = (record(1)[..20].to_owned(), record(1)[20..].to_owned());
        add(&path, &begin);
        assert!(polled(&mut follower).is_empty());
        add(&path, &rest);
        add(&path, "broken\n");
        assert_eq!(polled(&mut follower), [record(1)]);
        assert!(polled(&mut follower).is_empty());
    }

    #[test]
    fn a_cursor_resumes_and_one_of_another_file_begins_at_the_end() {
        let (_folder, path, reader) = followed();
        fs::write(&path, record(0)).expect("written");
        let cursor = reader.follow(&Filter::default()).cursor();
        fs::write(&path, record(0) + &record(1)).expect("written");
        let mut resumed = reader.follow_from(&Filter::default(), cursor);
        assert_eq!(polled(&mut resumed), [record(1)]);
        fs::write(&path, record(7) + &record(8)).expect("written");
        assert_eq!(polled(&mut resumed).len(), 0, "it is as long as before");
        fs::write(&path, record(7) + &record(8) + &record(9)).expect("written");
        assert_eq!(polled(&mut resumed), [record(7), record(8), record(9)]);
        let mut anew = reader.follow_from(&Filter::default(), cursor);
        assert!(polled(&mut anew).is_empty());
    }

    #[test]
    fn a_history_that_is_put_aside_is_read_to_its_end_and_the_new_one_from_its_beginning() {
        let (folder, path, reader) = followed();
        let rotated = folder.path().join("rotated");
        add(&path, &record(0));
        let mut follower = reader.follow_from_start(&Filter::default());
        assert_eq!(polled(&mut follower), [record(0)]);
        add(&path, &record(1));
        fs::rename(&path, &rotated).expect("renamed");
        assert_eq!(polled(&mut follower), [record(1)], "also while there is none");
        add(&rotated, &record(2));
        add(&path, &record(3));
        assert_eq!(polled(&mut follower), [record(2), record(3)]);
        add(&rotated, &record(4));
        add(&path, &record(5));
        assert_eq!(polled(&mut follower), [record(4), record(5)], "a writer still has the old one");
        fs::remove_file(&path).expect("there");
        add(&path, &record(6));
        assert_eq!(polled(&mut follower), [record(6)]);
    }

    #[test]
    fn what_follows_a_line_that_is_too_long_is_told_at_once() {
        let (_folder, path, reader) = followed();
        let mut follower = reader.follow(&Filter::default());
        for length in [1 << 20, (1 << 20) + 1, 3 << 19, 2 << 20, 20 << 20] {
            add(&path, &("x".repeat(length) + "\n" + &record(1) + &record(2)));
            let mut heard = Vec::new();
            // Each look reads so much and no more.
            for _ in 0..=length >> 20 {
                heard.extend(polled(&mut follower));
            }
            assert_eq!(heard, [record(1), record(2)], "{length}");
        }
        assert_eq!(follower.broken_lines(), 5);
    }

    #[test]
    fn a_log_that_cannot_be_read_is_an_error_and_one_that_is_not_there_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");
        let batch =
            |path: &Path| Reader::of_history(path).follow_from_start(&Filter::default()).poll();
        assert!(batch(folder.path()).is_err(), "a folder");
        assert!(batch(&file.join("below")).is_err(), "below a file");
        assert!(batch(&folder.path().join("absent")).expect("empty").is_empty());
    }

    #[test]
    fn much_that_is_added_comes_in_several_looks_and_none_of_it_is_lost() {
        let (_folder, path, reader) = followed();
        let mut follower = reader.follow(&Filter::default());
        let all: String = (0..30_000).map(record).collect();
        add(&path, &all);
        let mut heard = String::new();
        for _ in 0..10 {
            let batch = polled(&mut follower);
            assert!(batch.len() < 30_000);
            heard.extend(batch);
        }
        assert_eq!(heard, all);
        assert_eq!(follower.behind(), 0);
    }
}
