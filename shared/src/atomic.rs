//! Files that are there whole or not at all.
//!
//! A crash at any moment leaves the old file or the new one: the new content is written beside it,
//! made durable, renamed over it, and the folder is made durable too.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{os, paths};

/// How long to wait for a file that another program has open. A virus scanner reads what was
/// just written for some tenths of a second; a program that keeps a file for longer means to.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The errors of Windows for a file that another program has open: `ERROR_ACCESS_DENIED`,
/// `ERROR_SHARING_VIOLATION` and `ERROR_LOCK_VIOLATION`. Elsewhere an open file does not block others.
const HELD: &[i32] = if cfg!(windows) { &[5, 32, 33] } else { &[] };

/// Replaces `file` by what `write` puts into the path it is given, for this user alone (0600).
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
    let beside = tempfile::NamedTempFile::new_in(folder)?.into_temp_path();
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
