//! The operating system, behind one seam: the life and death of the server's process, the passing of
//! sockets, signals, the desktop.
//!
//! One file or folder per system, mounted once; everything else in the crate is the same everywhere.

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "what a child does between fork and exec has no safe wrapper")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "what a process and a signal are has no safe wrapper")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[expect(unsafe_code, reason = "jobs, sockets for another process and users have no safe wrapper")]
#[path = "windows/mod.rs"]
mod system;
#[cfg(unix)]
#[expect(unsafe_code, reason = "what a child does between fork and exec has no safe wrapper")]
mod unix;

#[cfg(target_os = "linux")]
#[path = "linux_desktop.rs"]
mod desktop;
#[cfg(target_os = "macos")]
#[path = "macos_desktop.rs"]
mod desktop;
#[cfg(windows)]
#[expect(unsafe_code, reason = "consoles and message boxes have no safe wrapper")]
#[path = "windows_desktop.rs"]
mod desktop;
#[cfg(unix)]
mod unix_desktop;

use std::process::Child;

use shared::handover::ProtocolInfo;

pub use desktop::*;
pub use system::*;

/// A server that was started.
#[derive(Debug)]
pub struct Started {
    /// Its process.
    pub process: Child,
    /// What it must be told to have its sockets, where it was not born with them.
    pub sockets: Vec<ProtocolInfo>,
}

/// What a signal of the system means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    /// End.
    Stop,
    /// Read the settings again.
    Reread,
}
