//! The operating system, behind one seam: the life and death of the server's process, the passing of
//! sockets, signals.
//!
//! One file per system, mounted once; everything else in the crate is the same everywhere.

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "what a child does between fork and exec has no safe wrapper")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
#[cfg(unix)]
#[expect(unsafe_code, reason = "what a child does between fork and exec has no safe wrapper")]
mod unix;

pub use system::*;

/// What a signal of the system means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    /// End.
    Stop,
    /// Read the settings again.
    Reread,
}
