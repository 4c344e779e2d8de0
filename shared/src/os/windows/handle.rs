//! Handles of the system that are closed when they are dropped.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
};

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};

/// A handle of our own.
pub(super) struct Handle(OwnedHandle);

impl Handle {
    /// Takes what a call that opens something has answered; it must be nobody else's.
    pub(super) fn from_answer(handle: HANDLE) -> io::Result<Self> {
        if handle.is_null() || handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open, as the call has answered it just now, and nobody else has it.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// For calls that borrow it.
    pub(super) fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }
}
