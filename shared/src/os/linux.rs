//! Linux.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    sync::OnceLock,
};

use socket2::Socket;

use super::{PortRanges, Process, SocketEntry, SocketTables, unix};

#[path = "linux/process.rs"]
mod process;
#[path = "linux/ranges.rs"]
mod ranges;
#[path = "linux/tables.rs"]
mod tables;

pub use ranges::port_ranges;
pub use unix::*;

/// Sets what a socket must have before it is bound to an address that we mean to own.
///
/// `SO_REUSEADDR` passes the `TIME_WAIT` of our own last run and shadows nobody, because on Linux a
/// second *listen* fails all the same. `SO_REUSEPORT` is never set: with it any process of the same
/// user could take connections from us.
pub fn prepare_to_bind(socket: &Socket, _: SocketAddr) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// This system: `/proc` and the user database.
#[derive(Debug, Default)]
pub struct System {
    boot_time: OnceLock<Option<i64>>,
}

impl SocketTables for System {
    fn sockets(&self) -> io::Result<Vec<SocketEntry>> {
        tables::sockets()
    }

    fn holders(&self, wanted: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
        process::holders(wanted)
    }

    fn process(&self, pid: u32) -> Option<Process> {
        process::process(pid, *self.boot_time.get_or_init(process::boot_time))
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        unix::user_name(uid)
    }

    fn own_uid(&self) -> Option<u32> {
        Some(unix::own_uid())
    }

    fn port_ranges(&self) -> PortRanges {
        port_ranges()
    }
}
