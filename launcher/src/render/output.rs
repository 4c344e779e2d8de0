//! What is not written to stdout. That a reader has left is its own affair; that a disk is full is said at the
//! end of the command, which has not done its work then.

use std::{
    io::{self, ErrorKind},
    sync::OnceLock,
};

static FAILURE: OnceLock<String> = OnceLock::new();

/// Whether something was written to stdout; why not is kept for [`failure`].
pub(crate) fn is_written(written: io::Result<()>) -> bool {
    if let Err(error) = &written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first one has led to all others.
        let _ = FAILURE.set(error.to_string());
    }
    written.is_ok()
}

/// Why something was not written to stdout, unless its reader has left.
pub(crate) fn failure() -> Option<&'static str> {
    FAILURE.get().map(String::as_str)
}
