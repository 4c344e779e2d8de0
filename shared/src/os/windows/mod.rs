//! Windows: system calls tell of sockets and processes, `netsh` of most port ranges.

use std::{
    collections::{HashMap, HashSet},
    io,
    os::windows::io::AsRawSocket,
};

use socket2::Socket;
use windows_sys::Win32::Networking::WinSock::{
    SO_EXCLUSIVEADDRUSE, SOCKET, SOL_SOCKET, WSAEAFNOSUPPORT, setsockopt,
};

use super::{
    bind_table::{BindRules, Sharing},
    interface::{HoldingProcess, PortRanges, SocketEntry, SocketTables},
};
use crate::port::Port;
use tables::Table;

mod process;

mod ranges;
mod snapshot;
mod user;

mod files;
mod handle;
mod hcn;
mod tables;

pub use files::*;
pub use process::{descends_from, tree_of};
pub use ranges::port_ranges;
pub use tables::{listener_source, listeners, sockets_of};

/// Decides the steps of a claim on this system.
pub const RULES: BindRules = BindRules::Windows;

/// Sets how a socket asks for its address, before it is bound. `SO_REUSEADDR`, which here takes an
/// address over from the program that has it, is never asked for.
pub fn set_sharing(socket: &Socket, sharing: Sharing) -> io::Result<()> {
    match sharing {
        Sharing::Default => Ok(()),
        Sharing::Exclusive => make_exclusive(socket),
        Sharing::Reuse | Sharing::ReusePort | Sharing::ReuseAfterBind => {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

fn make_exclusive(socket: &Socket) -> io::Result<()> {
    let yes = 1_i32.to_ne_bytes();
    let length = i32::try_from(yes.len()).unwrap_or_default();
    let handle = socket.as_raw_socket() as SOCKET;
    // SAFETY: the socket is open while it is borrowed, and the option is a `BOOL`, whose four bytes
    // `yes` holds until the call returns.
    let failed =
        unsafe { setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, yes.as_ptr(), length) };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether the error means that the system has no such address family.
pub fn is_unsupported_family(error: &io::Error) -> bool {
    error.raw_os_error() == Some(WSAEAFNOSUPPORT)
}

/// This system. Its tables name the process that opened each socket, so that sockets need no
/// number by which to ask for one.
#[derive(Debug, Default)]
pub struct System;

impl SocketTables for System {
    fn sockets(&self) -> io::Result<Vec<SocketEntry>> {
        tables::sockets(Table::All)
    }

    fn listeners(&self) -> Option<io::Result<Vec<SocketEntry>>> {
        Some(tables::sockets(Table::Listeners))
    }

    fn holders(&self, _: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
        HashMap::new()
    }

    fn process(&self, pid: u32) -> Option<HoldingProcess> {
        process::process(pid)
    }

    fn children(&self, pid: u32) -> Vec<u32> {
        snapshot::children(pid)
    }

    fn user_name(&self, _: u32) -> Option<String> {
        None
    }

    fn own_uid(&self) -> Option<u32> {
        None
    }

    fn is_privileged(&self, _: Port) -> bool {
        false
    }

    fn port_ranges(&self) -> PortRanges {
        port_ranges()
    }
}
