//! macOS: libproc tells of sockets and processes, `sysctl` of port ranges.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
};

use super::{
    bind_table::BindRules,
    interface::{Account, HoldingProcess, PortRanges, SocketEntry, SocketTables},
    unix,
};
use crate::port::Port;

mod process;
mod ranges;
mod sysctl;
mod tables;

pub use process::{below, descends_from, is_ignored, is_stopped, tree_of};
pub use ranges::port_ranges;
pub use sysctl::boot_id;
pub use tables::{listener_source, listeners, sockets_of};
pub use unix::*;

/// Decides the steps of a claim on this system.
pub const RULES: BindRules = BindRules::MacOs;

/// Takes the lock of an open file, until it is closed; false if another process has it.
pub fn try_lock(file: &std::fs::File) -> io::Result<bool> {
    unix::flock(file)
}

/// The user and the group of this process. All users share the usual group, so its name decides whether it
/// has other members.
pub fn own_account() -> Option<Account> {
    Some(unix::account(unix::is_own_group_by_name))
}

/// Whether a mode that is set stays; true where that is not known.
pub fn keeps_modes(path: &Path) -> bool {
    let Ok(about) = rustix::fs::statfs(path) else { return true };
    let name: Vec<u8> = about.f_fstypename.iter().map(|byte| byte.cast_unsigned()).collect();
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    !WITHOUT_MODES.contains(&name)
}

/// File systems that show what they were mounted with.
const WITHOUT_MODES: [&[u8]; 5] = [b"msdos", b"exfat", b"ntfs", b"smbfs", b"webdav"];

/// This system: its library of processes and its user database.
#[derive(Debug, Default)]
pub struct System;

impl SocketTables for System {
    fn sockets(&self) -> io::Result<Vec<SocketEntry>> {
        tables::sockets()
    }

    fn holders(&self, wanted: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
        tables::holders(wanted)
    }

    fn process(&self, pid: u32) -> Option<HoldingProcess> {
        process::process(pid)
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        unix::user_name(uid)
    }

    fn own_uid(&self) -> Option<u32> {
        Some(unix::own_uid())
    }

    fn is_restricted(&self, port: Port) -> bool {
        ranges::restricted().iter().any(|range| range.contains(port))
    }

    fn port_ranges(&self) -> PortRanges {
        port_ranges()
    }
}
