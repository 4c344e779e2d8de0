//! macOS. The server watches its stdin for the end of the launcher: there is no death signal here.

use std::{io, net::TcpListener, process::Command};

use super::Started;

pub use super::unix::{
    SERVER_PROGRAM, detach, for_this_user_alone, keep_to_ourselves, kill, on_signal, signal_of,
    socket_name, user, wait_for_end,
};

/// Starts the server on these sockets.
///
/// # Errors
///
/// If the program cannot be started, or the system has no descriptors left.
pub fn spawn(command: &mut Command, sockets: &[TcpListener]) -> io::Result<Started> {
    super::unix::pass(command, sockets)?;
    Ok(Started { process: command.spawn()?, sockets: vec![] })
}

/// Whether this process was started with `signal` ignored: not known here.
pub(super) fn is_ignored(_: i32) -> bool {
    false
}

/// The memory that a process occupies: not asked here yet.
#[must_use]
pub fn memory_of(_: u32) -> Option<u64> {
    None
}

/// Tells a service manager that the server serves: launchd does not ask.
pub fn notify_ready(_: &str) {}

/// Tells a service manager that the launch is ending: launchd does not ask.
pub fn notify_stopping() {}
