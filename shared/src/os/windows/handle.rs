//! Handles of the system that are closed when they are dropped.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
};

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};

/// Closed when it is dropped.
pub(super) struct Handle(OwnedHandle);

impl Handle {
    /// Takes the handle that a call has opened; no other owner may close it.
    pub(super) fn from_answer(handle: HANDLE) -> io::Result<Self> {
        if handle.is_null() || handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open, as the call has answered it just now, and it has no other owner.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// The raw handle, which the caller must not close.
    pub(super) fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }
}
