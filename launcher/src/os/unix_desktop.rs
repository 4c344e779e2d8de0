//! The desktop, as far as Linux and macOS have it in common.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::fs::{FileType, fstat};
use shared::atomic;

use super::desktop;

/// A box that stood this long has been seen, however it was closed: a tool that finds no display
/// says so sooner, and no person is as quick.
const SEEN: Duration = Duration::from_secs(1);

/// A program has no console of its own here.
pub fn leave_own_console() {}

/// Whether this process belongs to a terminal, wherever its output goes.
#[must_use]
pub fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Whether stdout or stderr reaches somebody.
#[must_use]
pub fn output_is_read() -> bool {
    is_read(io::stdout().as_fd()) || is_read(io::stderr().as_fd())
}

fn is_read(stream: BorrowedFd<'_>) -> bool {
    let kind = fstat(stream).map(|stat| FileType::from_raw_mode(stat.st_mode));
    let is_kept = matches!(kind, Ok(FileType::Fifo | FileType::Socket | FileType::RegularFile));
    is_kept && !desktop::is_log_of_session(stream)
}

/// Runs one command after the other until one has shown its box, and waits until that is closed.
pub(super) fn first_shown(boxes: impl IntoIterator<Item = Command>) -> bool {
    boxes.into_iter().any(|mut command| {
        let began = Instant::now();
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let ended = silent.status();
        ended.is_ok_and(|ended| ended.success() || began.elapsed() >= SEEN)
    })
}

/// What is started at login, one file for each entry.
pub mod login {
    use super::{File, Path, PathBuf, Write, atomic, desktop, fs, io};

    pub use super::desktop::login_format::{program_of, rendered};

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
}
