//! A file that several processes append lines to, and that others may rename, replace, cut or delete.
//!
//! Before each write the open file is compared with the one at the path, and opened anew if that is
//! another: a program that rotates logs or an editor that saves takes nothing with it. Lines that went
//! into a file which was deleted meanwhile are written again.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::{
    message,
    os::{self, FileIdentity},
    paths,
    regular_file::{self, Links},
};

/// How long a line may take to be written, in looks at the file and the pause between them. The
/// length that is seen meanwhile grows page by page, so a line that seems cut may only be under way.
/// Waiting is rare: nearly every file ends with a whole line.
const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// The log at a path; it is opened when it is needed.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    open: Option<OpenLog>,
}

/// Lines that could not be written.
#[derive(Debug)]
pub(crate) struct LostLines {
    /// How many.
    pub lines: u64,
    /// Why, with the name of the file.
    pub error: io::Error,
}

#[derive(Debug)]
struct OpenLog {
    file: File,
    identity: FileIdentity,
    /// Held while lines are written, on systems whose appends are no single step.
    lock: Option<File>,
    /// Whether the file ends in a piece of a line that could not be taken back.
    torn: bool,
}

impl LogFile {
    /// A log that opens `path` at the first append.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole lines, each with its end: in one write, unless the disk is full.
    ///
    /// # Errors
    ///
    /// How many of the lines were not written, and why. No piece of a line is left.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), LostLines> {
        self.write(lines)?;
        match &self.open {
            Some(open) if os::is_deleted(&open.file) => self.write(lines),
            _ => Ok(()),
        }
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), LostLines> {
        let appended = self.current().map_err(|error| (0, error));
        appended.and_then(|open| open.append(lines)).map_err(|(written, error)| LostLines {
            lines: count_lines(&lines[written..]),
            error: about(&self.path, &error),
        })
    }

    /// The length in bytes of the file at the path, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If it can be neither opened nor made.
    pub(crate) fn length(&mut self) -> io::Result<u64> {
        self.current()?.file.metadata().map(|metadata| metadata.len())
    }

    /// Makes what was appended durable.
    ///
    /// # Errors
    ///
    /// Whatever the system fails with.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let Some(open) = &self.open else { return Ok(()) };
        open.file.sync_data().map_err(|error| about(&self.path, &error))
    }

    /// Closes the file; the next use opens the one at the path.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }

    /// The file at the path.
    fn current(&mut self) -> io::Result<&mut OpenLog> {
        let is_current = |open: &OpenLog| {
            os::plain_identity_at(&self.path).is_ok_and(|there| there == open.identity)
        };
        // Closed first: where a file that is open keeps its name, no other could be made there.
        let open = match self.open.take().filter(is_current) {
            Some(open) => open,
            None => OpenLog::open(&self.path)?,
        };
        Ok(self.open.insert(open))
    }
}

impl OpenLog {
    fn open(path: &Path) -> io::Result<Self> {
        paths::make_parent(path)?;
        let mut options = os::private_file();
        options.read(true).append(true).create(true);
        let file = regular_file::open(&mut options, path, Links::Refused)?;
        let lock = path.with_extension("lock");
        let lock =
            os::APPENDING_NEEDS_A_LOCK.then(|| regular_file::open_lock(&lock)).transpose()?;
        Ok(Self { identity: os::file_identity(&file)?, torn: is_torn(&file)?, file, lock })
    }

    /// On failure also the bytes of the lines that were written.
    fn append(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
        let Some(lock) = self.lock.take() else { return self.append_locked(lines) };
        let appended = match lock.lock() {
            Ok(()) => self.append_locked(lines),
            Err(error) => Err((0, error)),
        };
        // The lines are written, whatever comes of this.
        let _ = lock.unlock();
        self.lock = Some(lock);
        appended
    }

    fn append_locked(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
        let text: Cow<'_, [u8]> = match self.torn {
            true => [b"\n", lines].concat().into(),
            false => lines.into(),
        };
        let before = text.len() - lines.len();
        let written = loop {
            match self.file.write(&text) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((0, error)),
                Ok(written) => break written,
            }
        };
        if written == text.len() {
            self.torn = false;
            return Ok(());
        }
        let whole = memchr::memrchr(b'\n', &text[..written]).map_or(0, |end| end + 1);
        self.torn = !self.take_back(written - whole);
        let error =
            io::Error::new(io::ErrorKind::StorageFull, "a full disk or a limit cut the line short");
        Err((whole.saturating_sub(before), error))
    }

    /// Removes a piece of a line that a full disk has cut, unless another program has written behind it.
    fn take_back(&mut self, piece: usize) -> bool {
        let end = self.file.stream_position();
        let length = self.file.metadata().map(|metadata| metadata.len());
        match (end, length) {
            (Ok(end), Ok(length)) if end == length => self.file.set_len(end - piece as u64).is_ok(),
            _ => false,
        }
    }
}

/// Whether a writer was killed, or ran out of disk, in the middle of the last line.
fn is_torn(file: &File) -> io::Result<bool> {
    for _ in 0..LOOKS {
        let length = file.metadata()?.len();
        if length == 0 || !ends_within_a_line(file, length)? {
            return Ok(false);
        }
        thread::sleep(PAUSE);
    }
    Ok(true)
}

fn ends_within_a_line(mut file: &File, length: u64) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    match file.read(&mut last)? {
        // It was cut meanwhile.
        0 => Ok(false),
        _ => Ok(last != *b"\n"),
    }
}

/// How many lines end in it.
pub(crate) fn count_lines(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

/// An error that names the file it is about.
pub(crate) fn about(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), message!("log.cannot_write", file = file.display(), error))
}

#[cfg(test)]
mod test {
    use std::fs;

    use super::*;

    fn log_in(folder: &tempfile::TempDir) -> LogFile {
        LogFile::new(folder.path().join("logs").join("a.jsonl"))
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn a_file_that_was_renamed_is_left_and_the_next_line_is_at_the_path() {
        let folder = folder();
        let (mut log, mut other) = (log_in(&folder), log_in(&folder));
        log.append(b"1\n").expect("written");
        other.append(b"2\n").expect("written");
        let aside = folder.path().join("aside");
        fs::rename(log.path(), &aside).expect("renamed");
        log.append(b"3\n").expect("written");
        other.append(b"4\n").expect("written");
        assert_eq!(fs::read(&aside).expect("there"), b"1\n2\n");
        assert_eq!(fs::read(log.path()).expect("there"), b"3\n4\n");
    }

    #[test]
    fn a_file_that_was_deleted_or_replaced_or_whose_folder_is_gone_is_made_anew() {
        let folder = folder();
        let mut log = log_in(&folder);
        log.append(b"1\n").expect("written");
        fs::remove_file(log.path()).expect("removed");
        log.append(b"2\n").expect("written");
        assert_eq!(fs::read(log.path()).expect("there"), b"2\n");
        let saved = folder.path().join("saved");
        fs::write(&saved, "edited\n").expect("written");
        fs::rename(&saved, log.path()).expect("replaced");
        log.append(b"3\n").expect("written");
        assert_eq!(fs::read(log.path()).expect("there"), b"edited\n3\n");
        fs::remove_dir_all(log.path().parent().expect("a folder")).expect("removed");
        log.append(b"4\n").expect("written");
        assert_eq!(fs::read(log.path()).expect("there"), b"4\n");
    }

    #[test]
    fn a_file_that_was_cut_goes_on_at_its_new_end() {
        let folder = folder();
        let mut log = log_in(&folder);
        log.append(b"1\n2\n").expect("written");
        let copied = fs::OpenOptions::new().write(true).open(log.path()).expect("there");
        copied.set_len(0).expect("cut");
        log.append(b"3\n").expect("written");
        assert_eq!(fs::read(log.path()).expect("there"), b"3\n");
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_the_next_ones_find_their_way() {
        let folder = folder();
        let mut log = log_in(&folder);
        fs::create_dir_all(log.path()).expect("a folder where the file should be");
        let lost = log.append(b"1\n2\n").expect_err("not a file");
        assert_eq!(lost.lines, 2);
        let path = log.path().display().to_string();
        assert!(lost.error.to_string().contains(&path), "{}", lost.error);
        fs::remove_dir(log.path()).expect("removed");
        log.append(b"3\n").expect("written");
        assert_eq!(fs::read(log.path()).expect("there"), b"3\n");
    }

    #[test]
    fn half_a_line_that_a_killed_writer_left_is_ended() {
        let folder = folder();
        let mut log = log_in(&folder);
        paths::make_parent(log.path()).expect("made");
        fs::write(log.path(), "half").expect("written");
        log.append(b"1\n").expect("written");
        assert_eq!(fs::read(log.path()).expect("there"), b"half\n1\n");
    }
}
