//! The operating system, behind one seam: the life and death of the server's process, the passing of
//! sockets, signals, the desktop.
//!
//! One folder per system, mounted once (and one for what the Unix systems share); everything else in
//! the crate is the same everywhere. Each module uses only modules that are declared below it.

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

pub mod login_format;

#[cfg(any(windows, test))]
mod command_finder;

mod interface;

pub use self::{
    interface::{KillReport, ProgramInput, Signalled, SourceEvent, Started, TerminalSize},
    system::*,
};
