//! Files that are renamed when they grow and deleted when they are old or too many, by several
//! processes at once.
//!
//! One process at a time renames, under a lock of its own that is not waited for: a process that finds it taken
//! writes on, and notices at the next write that the file has another name. A process that is stopped
//! while it has the lock lets the file grow up to [`Limits::max_kept`], and holds up no other.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use jiff::civil::DateTime;

use crate::{
    history::{Losses, Sink},
    log_file::{LogFile, LostLines, about, count_lines},
    os, paths, regular_file,
};

/// The size in bytes beyond which a file of diagnostics is put aside: an editor still opens it.
pub const ROTATE_AT: u64 = 10 << 20;

/// What all files of one log may take together, in bytes.
pub const MAX_KEPT: u64 = 100_000_000;

/// How long a file that was put aside is kept, after its last change.
pub const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How large the files of one log may be, how many, and how old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The size in bytes beyond which a file is put aside.
    pub rotate_at: u64,
    /// What all files may take together, in bytes.
    pub max_kept: u64,
    /// How many files that were put aside are kept.
    pub max_put_aside: usize,
    /// How long a file that was put aside is kept, after its last change.
    pub keep: Duration,
}

impl Limits {
    /// Those of diagnostics, whose files are not counted.
    pub(crate) const DIAGNOSTICS: Self =
        Self { rotate_at: ROTATE_AT, max_kept: MAX_KEPT, max_put_aside: usize::MAX, keep: KEEP };
}

/// A log that is kept within its limits.
#[derive(Debug)]
pub(crate) struct RotatingFile {
    log: LogFile,
    limits: Limits,
    losses: Losses,
}

/// A file that was put aside.
struct OldFile {
    path: PathBuf,
    changed_at: SystemTime,
    size: u64,
}

impl RotatingFile {
    /// The log at `path`.
    pub(crate) fn new(path: PathBuf, limits: Limits) -> Self {
        Self { log: LogFile::new(path), limits, losses: Losses::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.log.path()
    }

    /// Appends whole lines.
    ///
    /// # Errors
    ///
    /// How many of the lines were not written, and why. They are counted among the losses.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), LostLines> {
        let appended = self.make_room(lines).and_then(|()| self.log.append(lines));
        self.losses.dropped += appended.as_ref().map_or_else(|lost| lost.lines, |()| 0);
        appended
    }

    pub(crate) fn losses(&self) -> Losses {
        self.losses
    }

    fn make_room(&mut self, lines: &[u8]) -> Result<(), LostLines> {
        // What keeps the length from being read keeps the lines from being written, and that tells it.
        if self.log.length().is_ok_and(|length| length >= self.limits.rotate_at) {
            // The next write tries again.
            let _ = self.rotate();
        }
        if self.log.length().is_ok_and(|length| length >= self.limits.max_kept) {
            let full =
                io::Error::new(io::ErrorKind::FileTooLarge, "it is full, and stays in its place");
            return Err(LostLines { lines: count_lines(lines), error: about(self.path(), &full) });
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let lock = self.path().with_file_name("rotation.lock");
        let lock = regular_file::open_lock(&lock)?;
        match os::try_lock(&lock) {
            Ok(false) => return Ok(()),
            Err(error) if !os::has_no_locks(&error) => return Err(error),
            // Where nothing can be locked, two may rename at once: then one of the files is short.
            Ok(true) | Err(_) => {}
        }
        // Another process may have renamed it before this one had the lock.
        if self.log.length()? >= self.limits.rotate_at {
            fs::rename(self.path(), paths::put_aside(self.path(), ""))?;
            self.log.close();
            self.delete_old();
        }
        Ok(())
    }

    /// Deletes the files that are too old, and the oldest while they are too many, or all together may take too much.
    /// Their lines are counted first, which takes a second for each gigabyte or two.
    pub(crate) fn delete_old(&mut self) {
        let Limits { rotate_at, max_kept, max_put_aside, keep } = self.limits;
        let now = SystemTime::now();
        let mut files = self.old_files();
        files.sort_by_key(|file| file.changed_at);
        let mut kept: u64 = files.iter().map(|file| file.size).sum();
        let mut left = files.len();
        for file in files {
            let is_too_old = now.duration_since(file.changed_at).is_ok_and(|age| age > keep);
            if !is_too_old && kept + rotate_at <= max_kept && left <= max_put_aside {
                return;
            }
            let lines = lines_of(&file.path).unwrap_or_default();
            kept -= file.size;
            left -= 1;
            // Another process may have deleted, and counted, it.
            if fs::remove_file(&file.path).is_ok() {
                self.losses.deleted_files += 1;
                self.losses.deleted_lines += lines;
            }
        }
    }

    fn old_files(&self) -> Vec<OldFile> {
        let old_file = |path: PathBuf| {
            let metadata = path.symlink_metadata().ok().filter(fs::Metadata::is_file)?;
            Some(OldFile { changed_at: metadata.modified().ok()?, size: metadata.len(), path })
        };
        put_aside_of(self.path()).into_iter().filter_map(old_file).collect()
    }
}

impl Sink for RotatingFile {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        Self::append(self, line).map_err(|lost| lost.error)
    }

    fn losses(&self) -> Option<Losses> {
        Some(self.losses)
    }
}

/// What was put aside of the log at `path`, the oldest first.
pub(crate) fn put_aside_of(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().and_then(|folder| fs::read_dir(folder).ok());
    let live = path.file_name().and_then(|name| name.to_str());
    let is_put_aside = |name: &str| {
        let stamp = live.and_then(|live| name.strip_prefix(live)?.strip_prefix('.'));
        stamp.is_some_and(is_stamp)
    };
    let entries = folder.into_iter().flatten().flatten();
    let entries = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_put_aside));
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Whether this is what a file that was put aside has behind its name; version 0.1 wrote the local time,
/// without fractions of a second. The log of an app whose name ends in such a stamp goes on behind it.
fn is_stamp(text: &str) -> bool {
    let of_version_0_1 = "20261122T120159";
    let Some((time, rest)) = text.split_at_checked(of_version_0_1.len()) else { return false };
    DateTime::strptime("%Y%m%dT%H%M%S", time).is_ok()
        && rest.bytes().all(|byte| byte.is_ascii_digit() || b".Z".contains(&byte))
}

fn lines_of(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 64 << 10];
    let mut lines = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(lines),
            read => lines += count_lines(&piece[..read]),
        }
    }
}

#[cfg(test)]
mod test {
    use std::thread;

    use super::*;

    fn file_in(folder: &Path) -> RotatingFile {
        let mut file = RotatingFile::new(folder.join("server.jsonl"), Limits::DIAGNOSTICS);
        file.delete_old();
        file
    }

    fn put_aside(folder: &Path, stamp: &str, size: u64, age: Duration) -> PathBuf {
        let path = folder.join(format!("server.jsonl.{stamp}"));
        let file = File::create(&path).expect("made");
        file.set_len(size).expect("sized");
        file.set_modified(SystemTime::now() - age).expect("dated");
        path
    }

    #[test]
    fn files_that_are_too_old_or_too_many_are_deleted_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let (day, part) = (Duration::from_secs(24 * 60 * 60), MAX_KEPT / 4);
        let old = put_aside(folder, "20200101T000000", 1, 31 * day);
        fs::write(&old, "1\n2\n").expect("written");
        File::open(&old).expect("there").set_modified(SystemTime::now() - 31 * day).expect("dated");
        let kept = put_aside(folder, "20200102T000000.1", 1, 29 * day);
        let notes = put_aside(folder, "notes", 1, 31 * day);
        assert_eq!(
            file_in(folder).losses(),
            Losses { dropped: 0, deleted_files: 1, deleted_lines: 2 }
        );
        assert!(!old.exists() && kept.exists() && notes.exists());

        let large =
            (1..=4).map(|n| put_aside(folder, &format!("2026010{n}T000000"), part, n * day));
        let large: Vec<_> = large.collect();
        assert_eq!(file_in(folder).losses().deleted_files, 2, "the small one is the oldest");
        let exist: Vec<_> = large.iter().map(|path| path.exists()).collect();
        assert_eq!((kept.exists(), exist), (false, vec![true, true, true, false]));
    }

    #[test]
    fn a_file_that_grows_is_put_aside_once_by_two_writers() {
        let folder = tempfile::tempdir().expect("a folder");
        let piece = [vec![b'x'; (1 << 20) - 1], vec![b'\n']].concat();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut file = file_in(folder.path());
                    for _ in 0..30 {
                        file.append(&piece).expect("written");
                    }
                });
            }
        });
        let file = file_in(folder.path());
        let old = file.old_files();
        let size: u64 = old.iter().map(|file| file.size).sum();
        let live = fs::metadata(file.path()).expect("there").len();
        assert_eq!(size + live, 60 << 20);
        assert!(old.iter().all(|file| file.size >= ROTATE_AT), "none is short");
    }

    #[test]
    fn a_log_that_cannot_be_put_aside_is_full_in_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("rotation.lock")).expect("a folder instead of the lock");
        let mut file = file_in(folder.path());
        file.append(b"1\n").expect("written");
        let live = fs::OpenOptions::new().write(true).open(file.path()).expect("there");
        live.set_len(ROTATE_AT).expect("sized");
        file.append(b"2\n").expect("written all the same");
        live.set_len(MAX_KEPT).expect("sized");
        assert_eq!(file.append(b"3\n4\n").expect_err("full").lines, 2);
        assert_eq!(file.losses().dropped, 2);
    }
}
