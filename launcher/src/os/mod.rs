//! The operating system, behind one seam: the life and death of the server's process, the passing of
//! sockets, signals, the desktop.
//!
//! One folder per system, mounted once (and one for what the Unix systems share); everything else in
//! the crate is the same everywhere.

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "what a child does between fork and exec has no safe wrapper")]
#[path = "linux/mod.rs"]
mod system;
#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "what a process and a signal are has no safe wrapper")]
#[path = "macos/mod.rs"]
mod system;
#[cfg(windows)]
#[expect(unsafe_code, reason = "jobs, consoles, windows and users have no safe wrapper")]
#[path = "windows/mod.rs"]
mod system;
#[cfg(unix)]
#[expect(unsafe_code, reason = "what a child does between fork and exec has no safe wrapper")]
mod unix;

use std::process::Child;

use shared::{event::RequestedBy, handover::ProtocolInfo};

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
    /// End, for this cause as far as the system tells it.
    Stop(RequestedBy),
    /// Read the settings again.
    Reread,
}
