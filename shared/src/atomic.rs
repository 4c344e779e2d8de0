//! Files that are there whole or not at all.
//!
//! A crash at any moment leaves the old file or the new one: the new content is written beside it,
//! made durable, renamed over it, and the folder is made durable too.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;

use crate::{os, paths};

/// How the names end of files that are written beside others.
const SUFFIX: &str = ".tmp";

/// How long to wait for a file that another program has open. A virus scanner reads what was
/// just written for some tenths of a second; a program that keeps a file for longer means to.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The errors of Windows for a file that another program has open: `ERROR_ACCESS_DENIED`,
/// `ERROR_SHARING_VIOLATION` and `ERROR_LOCK_VIOLATION`. Elsewhere an open file does not block others.
const HELD: &[i32] = if cfg!(windows) { &[5, 32, 33] } else { &[] };

/// Replaces `file` by what `write` puts into the path it is given, for this user alone (0600). What root
/// makes in a folder of another user is that user's.
///
/// # Errors
///
/// Whatever `write` or the system fails with; the old file is then untouched.
pub fn replace<E: From<io::Error>>(
    file: &Path,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    paths::make_parent(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let beside = beside(file)?;
    os::give_to_owner_of_folder(beside.as_file(), beside.path());
    let beside = beside.into_temp_path();
    write(&beside)?;
    patiently(|| fs::OpenOptions::new().write(true).open(&beside)?.sync_all())?;
    let mut beside = Some(beside);
    patiently(|| {
        let Some(path) = beside.take() else { return Ok(()) };
        path.persist(file).map_err(|failed| {
            beside = Some(failed.path);
            failed.error
        })
    })?;
    Ok(os::sync_folder(folder)?)
}

/// Writes `file`, for this user alone, where none is. Of several processes that try at once one does. What root makes in a
/// folder of another user is that user's.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] if something is there, or whatever writing fails with.
pub fn create(file: &Path, content: &[u8]) -> io::Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    paths::make_parent(file)?;
    let mut written = beside(file)?;
    os::give_to_owner_of_folder(written.as_file(), written.path());
    written.write_all(content)?;
    written.as_file().sync_all()?;
    written.persist_noclobber(file)?;
    os::sync_folder(file.parent().unwrap_or(Path::new(".")))
}

/// A new, empty file beside `file`, for this user alone, that is removed when it is dropped.
///
/// # Errors
///
/// Whatever making it fails with.
pub fn beside(file: &Path) -> io::Result<NamedTempFile> {
    let name = name_beside(file);
    let folder = file.parent().unwrap_or(Path::new("."));
    // Its own way to open a file puts a path into the error that no person knows, and takes the code out of it.
    let open = |path: &Path| os::private_file().read(true).write(true).create_new(true).open(path);
    tempfile::Builder::new().prefix(&name).suffix(SUFFIX).make_in(folder, open)
}

fn name_beside(file: &Path) -> OsString {
    [OsStr::new("."), file.file_name().unwrap_or_default(), OsStr::new(".")].into_iter().collect()
}

/// Removes what processes left [`beside`] `file` that were killed meanwhile, if it is as old as `age`. With
/// an age of zero no other process may be writing the file.
pub fn remove_leftovers(file: &Path, age: Duration) {
    let folder = file.parent().and_then(|folder| fs::read_dir(folder).ok());
    let prefix = name_beside(file);
    let is_leftover = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        let ours = name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(SUFFIX.as_bytes());
        // Version 0.1 did not say which file it wrote.
        ours || (!age.is_zero() && name.starts_with(SUFFIX.as_bytes()))
    };
    let is_old = |entry: &fs::DirEntry| {
        let changed_at = entry.metadata().and_then(|metadata| metadata.modified());
        age.is_zero() || changed_at.is_ok_and(|at| at.elapsed().is_ok_and(|past| past >= age))
    };
    let entries = folder.into_iter().flatten().flatten();
    for leftover in entries.filter(|entry| is_leftover(&entry.file_name()) && is_old(entry)) {
        // What cannot be removed now is tried again at the next start.
        let _ = fs::remove_file(leftover.path());
    }
}

/// Runs `act` on a file, and again while another program has the file open, for 2 s at most.
///
/// # Errors
///
/// What `act` failed with the last time.
pub fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        match act() {
            Err(error) if is_held(&error) && Instant::now() < until => thread::sleep(PAUSE),
            settled => return settled,
        }
    }
}

fn is_held(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| HELD.contains(&code))
}

/// Moves an unreadable file out of the way, to `<file>.bad-<time>`, and returns its new path.
///
/// # Errors
///
/// Whatever renaming it fails with.
pub fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let renamed = paths::put_aside(file, "bad-");
    patiently(|| fs::rename(file, &renamed)).map(|()| renamed)
}

#[cfg(test)]
mod test {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_killed_writers_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.toml");
        let left = |name: &str, hours: u64| {
            let path = folder.path().join(name);
            let file = fs::File::create(&path).expect("made");
            file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600))
                .expect("dated");
            path
        };
        let ours = beside(&file).expect("made").keep().expect("kept").1;
        let (new, old) = (left(".tmp123456", 0), left(".tmp654321", 2));
        let others = [left(".b.toml.123456.tmp", 2), left("a.toml.tmp", 2), left("notes.tmp", 2)];
        remove_leftovers(&file, Duration::from_secs(3600));
        assert!(ours.exists() && new.exists() && !old.exists());
        remove_leftovers(&file, Duration::ZERO);
        assert!(!ours.exists() && new.exists() && others.iter().all(|other| other.exists()));
    }
}
