//! Setting a process going that was started suspended.
//!
//! The handle of its first thread comes with the process, but std closes it, so the thread is looked
//! up among all those of the system.

use std::{
    io, iter,
    mem::size_of,
    os::windows::io::{AsRawHandle, OwnedHandle},
};

use windows_sys::Win32::System::{
    Diagnostics::ToolHelp::{
        CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
    },
    Threading::{OpenThread, ResumeThread, THREAD_SUSPEND_RESUME},
};

use super::handle::{done, owned};

/// What [`ResumeThread`] answers when it fails.
const FAILED: u32 = u32::MAX;

/// Lets the threads of process `pid` run. One that was only just started has a single one.
///
/// # Errors
///
/// If it has none, or if one of them cannot be resumed.
pub(super) fn resume(pid: u32) -> io::Result<()> {
    let mut found = Err(io::Error::other("the new process has no thread"));
    for thread in all()?.filter(|thread| thread.th32OwnerProcessID == pid) {
        // SAFETY: the call takes numbers and touches no memory of ours.
        let thread = owned(unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, thread.th32ThreadID) })?;
        // SAFETY: the handle is open, with the right that this needs.
        if unsafe { ResumeThread(thread.as_raw_handle()) } == FAILED {
            return Err(io::Error::last_os_error());
        }
        found = Ok(());
    }
    found
}

/// Every thread of the system, as of now.
fn all() -> io::Result<impl Iterator<Item = THREADENTRY32>> {
    // SAFETY: the call takes numbers and touches no memory of ours.
    let snapshot = owned(unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) })?;
    let first = first(&snapshot);
    Ok(iter::successors(first, move |_| next(&snapshot)))
}

/// An entry to be filled in, which must know its own length.
fn blank() -> THREADENTRY32 {
    THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..Default::default() }
}

fn first(snapshot: &OwnedHandle) -> Option<THREADENTRY32> {
    let mut entry = blank();
    // SAFETY: the handle is an open snapshot, and `entry` is writable and has its length.
    done(unsafe { Thread32First(snapshot.as_raw_handle(), &raw mut entry) }).ok().map(|()| entry)
}

fn next(snapshot: &OwnedHandle) -> Option<THREADENTRY32> {
    let mut entry = blank();
    // SAFETY: the handle is an open snapshot, and `entry` is writable and has its length.
    done(unsafe { Thread32Next(snapshot.as_raw_handle(), &raw mut entry) }).ok().map(|()| entry)
}
