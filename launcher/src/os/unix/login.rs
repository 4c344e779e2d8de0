//! What is started at login, where that is one file for each entry.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use shared::atomic;

use crate::os::system::desktop;

pub use crate::os::system::desktop::login_format::{program_of, rendered};

/// The text that is registered under `name`, if there is one.
///
/// # Errors
///
/// If it cannot be read.
pub fn read(name: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(file(name)?) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Registers `text` under `name`.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(name: &str, text: &str) -> io::Result<()> {
    let write =
        |beside: &Path| File::options().write(true).open(beside)?.write_all(text.as_bytes());
    atomic::replace(&file(name)?, write)
}

/// Removes what is registered under `name`.
///
/// # Errors
///
/// If it is there and stays.
pub fn remove(name: &str) -> io::Result<()> {
    match fs::remove_file(file(name)?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn file(name: &str) -> io::Result<PathBuf> {
    desktop::login_file(name).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "the system does not tell this user's folders")
    })
}
