//! The life and death of the server's process.

use std::{
    io,
    mem::size_of,
    net::TcpListener,
    os::windows::{
        io::{AsRawHandle, OwnedHandle},
        process::CommandExt,
    },
    process::{Child, Command, ExitStatus},
};

use shared::handover::ProtocolInfo;
use windows_sys::Win32::System::{
    ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS},
    Threading::{
        CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED, DETACHED_PROCESS, INFINITE,
        OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
        TerminateProcess, WaitForSingleObject,
    },
};

use super::{
    handle::{done, owned},
    handover, job, threads,
};
use crate::os::interface::Started;

/// The exit code of a process that [`kill`] has ended: there are no signals here.
const KILLED: u32 = 1;

/// Starts the server on these sockets, bound to this process for life and death.
///
/// It has no window, and Ctrl-C in ours reaches the launcher alone. It does nothing before it is in
/// the job, so that nothing that it starts is left out, and before the sockets are copied for it, so
/// that it cannot be gone by then.
///
/// # Errors
///
/// If the program cannot be started or not be bound to this process, or the system has no handles
/// left.
pub fn spawn(command: &mut Command, sockets: &[TcpListener]) -> io::Result<Started> {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED);
    let mut process = command.spawn()?;
    match set_going(&process, sockets) {
        Ok(sockets) => Ok(Started { process, sockets }),
        Err(error) => {
            // It has not run yet; a child that cannot be ended has ended.
            let _ = process.kill();
            let _ = process.wait();
            Err(error)
        }
    }
}

fn set_going(process: &Child, sockets: &[TcpListener]) -> io::Result<Vec<ProtocolInfo>> {
    job::take_in(process)?;
    let sockets = handover::pass(process.id(), sockets)?;
    threads::resume(process.id())?;
    Ok(sockets)
}

/// Waits until the process has ended. Its number cannot pass to another process for as long as
/// a handle of it is open, as its [`Child`] does.
pub fn wait_for_end(pid: u32) {
    let Ok(process) = open(pid, PROCESS_SYNCHRONIZE) else { return };
    // SAFETY: the handle is open, with the right that this needs.
    let _ = unsafe { WaitForSingleObject(process.as_raw_handle(), INFINITE) };
}

/// Ends a child at once.
pub fn kill(child: &Child) {
    // SAFETY: the handle is open while the child is borrowed. The call fails only if the process has
    // ended already, which is what was wanted.
    let _ = unsafe { TerminateProcess(child.as_raw_handle(), KILLED) };
}

/// The signal that ended a process: there are none, and a crash is an exit code.
pub fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Makes the process that `command` will start outlive the console: it gets none.
pub fn detach(command: &mut Command) {
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

/// The memory that a process occupies, in bytes, if it can be seen.
pub fn memory_of(pid: u32) -> Option<u64> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    let mut counters = PROCESS_MEMORY_COUNTERS::default();
    let length = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    // SAFETY: the handle is open, with the right that this needs, and `counters` is writable for
    // `length` bytes until the call returns.
    let read =
        unsafe { K32GetProcessMemoryInfo(process.as_raw_handle(), &raw mut counters, length) };
    done(read).ok().map(|()| counters.WorkingSetSize as u64)
}

fn open(pid: u32, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<OwnedHandle> {
    // SAFETY: the call takes numbers and touches no memory of ours.
    owned(unsafe { OpenProcess(rights, 0, pid) })
}
