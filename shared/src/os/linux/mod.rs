//! Linux: `/proc` tells of sockets, processes and port ranges.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::OnceLock,
};

use super::{
    bind_table::BindRules,
    interface::{HoldingProcess, PortRanges, SocketEntry, SocketTables},
    unix,
};

mod connections;

mod accounts;
mod listeners;
mod locks;
mod ranges;
mod sock_diag;
mod tables;
mod tree;

mod process;

pub use accounts::{forbids_changes, has_access_list, keeps_modes, own_account};
pub use connections::has_connections_alone;
#[cfg(test)]
pub use connections::take_ports_from;
pub use listeners::{ListenerEndMonitor, listener_source, listeners};
pub use locks::{locking_process, try_lock};
pub use process::{
    boot_id, has_number, is_ignored, is_stopped, open_files, shares_network, sockets_of,
};
pub use ranges::port_ranges;
pub use tree::{descends_from, process_visibility, tree_of};
pub use unix::*;

/// Decides the steps of a claim on this system.
pub const RULES: BindRules = BindRules::Linux;

/// This system: `/proc` and the user database.
#[derive(Debug, Default)]
pub struct System {
    boot_time: OnceLock<Option<i64>>,
}

impl SocketTables for System {
    fn sockets(&self) -> io::Result<Vec<SocketEntry>> {
        let mut sockets = tables::sockets()?;
        sockets.extend(sock_diag::bound());
        Ok(sockets)
    }

    fn listeners(&self) -> Option<io::Result<Vec<SocketEntry>>> {
        // Where the kernel does not tell, the tables of all sockets are read at once.
        sock_diag::listeners().ok().map(Ok)
    }

    fn holders(&self, wanted: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
        process::holders(wanted)
    }

    fn process(&self, pid: u32) -> Option<HoldingProcess> {
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
