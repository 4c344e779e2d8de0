//! What only Linux tells of other processes and of files: the answers of systems on which it is unknown.

use std::{net::SocketAddr, path::Path};

use socket2::Socket;

use super::interface::{OpenFile, ProcessVisibility};
use crate::port::Port;

/// Whether an access list lets other users write: what macOS and Windows have of it does not show in a mode.
pub fn has_access_list(_: &Path) -> bool {
    false
}

/// Whether an attribute forbids changes of a file or a folder: only the error of a change shows it.
pub fn forbids_changes(_: &Path) -> bool {
    false
}

/// Whether a process is in the network of this one: there is one.
pub fn shares_network(_: u32) -> bool {
    true
}

/// Whether it is the same number: processes have one.
pub fn has_number(pid: u32, number: u32) -> bool {
    pid == number
}

/// No: the claims of these systems never ask.
pub fn has_connections_alone(_: SocketAddr, _: &Socket) -> bool {
    false
}

/// Not here: a socket cannot be given ports to choose from.
#[cfg(test)]
pub fn take_ports_from(_: &Socket, _: crate::port::Port) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Nothing: the system does not tell who has locked a file.
pub fn locking_process(_: &Path) -> Option<u32> {
    None
}

/// None: libproc of macOS tells the path that a file was opened at, and nothing that opens one again which is removed;
/// on Windows a lock that a process has open can neither be removed nor renamed.
pub fn open_files(_: impl Fn(&Path) -> bool) -> impl Iterator<Item = OpenFile> {
    std::iter::empty()
}

/// Every process: what is another user's may not be looked into, and is shown.
pub fn process_visibility() -> ProcessVisibility {
    ProcessVisibility::All
}

/// What would wait for the end of listeners on a port: the system does not tell of it.
#[derive(Debug, Clone)]
pub struct ListenerEndMonitor(());

impl ListenerEndMonitor {
    /// None.
    pub fn open(_: Port) -> Option<Self> {
        None
    }

    /// False at once.
    pub fn wait(&self) -> bool {
        false
    }

    /// Nothing: no thread waits.
    pub fn interrupt(&self) {}
}
