//! What is started at login, where that is one file for each entry.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use shared::atomic;

/// The text of `file`, if it exists.
pub(crate) fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces `file`.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    let write =
        |beside: &Path| File::options().write(true).open(beside)?.write_all(text.as_bytes());
    atomic::replace(file, write)
}

/// Removes `file`. It is no error if it does not exist.
pub(crate) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The error of a system that does not give this user's folders.
pub(crate) fn no_home() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the system has no folders for this user")
}
