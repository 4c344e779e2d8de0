//! Handles of the system, and the error of a call that failed.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle},
};

use windows_sys::{
    Win32::Foundation::{HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE, SetHandleInformation},
    core::BOOL,
};

/// What a call returned that answers 0 when it fails.
pub(super) fn done(answer: BOOL) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The handle that a call returned, ours to close.
pub(super) fn owned(handle: RawHandle) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call that has just returned this handle has made it for us alone, and it is
    // neither of the two values that mean failure.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Keeps the streams that this process was given from being inherited by those that it starts.
///
/// A child is given streams of its own, or copies of these. But every program that is started
/// inherits every handle that may be inherited, and a process that waits for the end of a pipe that was
/// given to us would wait for the end of the browser as well.
pub fn keep_to_ourselves() {
    let streams =
        [io::stdin().as_raw_handle(), io::stdout().as_raw_handle(), io::stderr().as_raw_handle()];
    for stream in streams {
        // SAFETY: the call changes a flag of the handle and touches no memory of ours. A stream that
        // is not there is no handle, which the call answers with an error that means nothing here.
        let _ = unsafe { SetHandleInformation(stream, HANDLE_FLAG_INHERIT, 0) };
    }
}
