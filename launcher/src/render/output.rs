//! What is not written to stdout. That a reader has left is its own affair; that a disk is full is said at the
//! end of the command, which has not done its work then.

use std::{
    io::{self, ErrorKind},
    sync::OnceLock,
};

static FAILURE: OnceLock<String> = OnceLock::new();

/// The result of a write to stdout. If it failed, the reason is kept for [`failure`].
pub(crate) fn noted(written: io::Result<()>) -> io::Result<()> {
    if let Err(error) = &written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first one has led to all others.
        let _ = FAILURE.set(error.to_string());
    }
    written
}

/// Why something was not written to stdout, unless its reader has left.
pub(crate) fn failure() -> Option<&'static str> {
    FAILURE.get().map(String::as_str)
}
