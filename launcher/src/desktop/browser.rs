//! The one way in which a browser is opened.

use std::{ffi::OsStr, io};

/// Opens a page, outside this process's fate. What opens it is watched for a moment, so that a
/// desktop without a browser is noticed; it is no proof that anybody sees the page.
///
/// # Errors
///
/// If the desktop has nothing to open it with.
pub fn open(page: impl AsRef<OsStr>) -> io::Result<()> {
    ::open::that_detached(page)
}
