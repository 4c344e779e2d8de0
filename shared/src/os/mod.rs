//! The operating system, behind one seam.
//!
//! One folder per system, mounted once (and one for what the Unix systems share); everything else in
//! the crate is the same everywhere. What diagnosis asks of a system is the trait [`SocketTables`],
//! so that its tests can put a made-up system in its place. What can be decided without asking the
//! system is pure, and tested on all of them: the [`bind_table`], and how answers are read.

use std::sync::OnceLock;

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "locks of open file descriptions have no safe wrapper")]
#[path = "linux/mod.rs"]
mod system;
#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "sysctl and libproc have no safe wrapper")]
#[path = "macos/mod.rs"]
mod system;
#[cfg(windows)]
#[expect(unsafe_code, reason = "the port tables of Windows have no safe wrapper")]
#[path = "windows/mod.rs"]
mod system;

#[cfg(any(windows, test))]
mod netsh;
#[cfg(any(target_os = "macos", test))]
mod port_bitmap;
#[cfg(any(windows, test))]
mod tcp_rows;
#[cfg(unix)]
#[expect(unsafe_code, reason = "the signals that a thread blocks have no safe wrapper")]
mod unix;
#[cfg(not(target_os = "linux"))]
mod unknown;

pub mod bind_table;
mod interface;

pub use interface::{
    Account, FileIdentity, FileRights, HoldingProcess, ListenerSource, OpenFile, PortRanges,
    ProcessVisibility, SocketEntry, SocketState, SocketTables, SpecialFile, TreeProcess,
};
pub use system::*;
#[cfg(not(target_os = "linux"))]
pub use unknown::*;

/// The ranges of this system, read when they are first needed: on Windows that starts
/// other programs.
#[derive(Debug, Clone, Default)]
pub struct LiveRanges(OnceLock<PortRanges>);

impl LiveRanges {
    /// Asks the system the first time, and never again.
    pub fn get(&self) -> &PortRanges {
        self.0.get_or_init(port_ranges)
    }

    /// Whether [`get`](Self::get) has asked the system.
    pub fn are_known(&self) -> bool {
        self.0.get().is_some()
    }
}

impl From<PortRanges> for LiveRanges {
    fn from(ranges: PortRanges) -> Self {
        Self(ranges.into())
    }
}
