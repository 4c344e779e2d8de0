//! The desktop, as far as Linux and macOS have it in common.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::fs::{FileType, fstat};

/// A dialog that stood this long has been seen, however it was closed: a tool that finds no display
/// exits sooner, and no person is as quick.
const SEEN: Duration = Duration::from_secs(1);

/// A program has no console of its own here.
pub fn leave_own_console() {}

/// Whether stdout or stderr reaches a reader. A stream that `is_log_of_session` does not count.
pub(crate) fn output_is_read(is_log_of_session: fn(BorrowedFd<'_>) -> bool) -> bool {
    [io::stdout().as_fd(), io::stderr().as_fd()]
        .into_iter()
        .any(|stream| is_kept(stream) && !is_log_of_session(stream))
}

/// Whether what is written to `stream` can be read later or elsewhere.
fn is_kept(stream: BorrowedFd<'_>) -> bool {
    let kind = fstat(stream).map(|stat| FileType::from_raw_mode(stat.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::Socket | FileType::RegularFile))
}

/// Runs one command after the other until one has shown its dialog, and waits until that is closed.
pub(crate) fn first_shown(dialogs: impl IntoIterator<Item = Command>) -> bool {
    dialogs.into_iter().any(|mut command| {
        let began = Instant::now();
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let ended = silent.status();
        ended.is_ok_and(|ended| ended.success() || began.elapsed() >= SEEN)
    })
}
