//! Files that are there whole or not at all.
//!
//! A crash at any moment leaves the old file or the new one: the new content is written beside it,
//! made durable, renamed over it, and the folder is made durable too.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::{os, paths};

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
    fs::OpenOptions::new().write(true).open(&beside)?.sync_all()?;
    beside.persist(file).map_err(|error| error.error)?;
    Ok(os::sync_folder(folder)?)
}

/// Moves an unreadable file out of the way, to `<file>.bad-<time>`, and says where it is.
///
/// # Errors
///
/// Whatever renaming it fails with.
pub fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ");
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".bad-{stamp}"));
    let aside = PathBuf::from(name);
    fs::rename(file, &aside).map(|()| aside)
}
