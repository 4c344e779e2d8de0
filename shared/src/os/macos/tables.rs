//! The sockets that processes have open, by libproc: those of this user, or every user's for root.
//!
//! A socket is known by the process that has it, so that one which several share is listed once for
//! each. Sockets whose process is gone are in no list, and those that are bound at most are left
//! out, as Linux has no table of them.

use std::{
    collections::{HashMap, HashSet},
    io,
};

use listeners::Protocol;

use crate::os::interface::{ListenerSource, SocketEntry, SocketState};

/// Every TCP socket of the processes that may be looked into.
pub(super) fn sockets() -> io::Result<Vec<SocketEntry>> {
    // Its error is a boxed text, and cannot cross threads.
    let all = listeners::get_all().map_err(|error| io::Error::other(error.to_string()))?;
    let is_told = |socket: &listeners::Listener| {
        socket.protocol == Protocol::TCP && socket.state != listeners::SocketState::Closed
    };
    let tcp = all.into_iter().filter(is_told);
    let entry = |socket: listeners::Listener| SocketEntry {
        local: socket.socket,
        state: match socket.state {
            listeners::SocketState::Listen => SocketState::Listen,
            listeners::SocketState::TimeWait => SocketState::TimeWait,
            _ => SocketState::Other,
        },
        id: Some(u64::from(socket.process.pid)),
        uid: None,
        pid: None,
        waiting: 0,
        is_ipv6_only: None,
    };
    Ok(tcp.map(entry).collect())
}

/// Every listener of the processes that may be looked into.
///
/// # Errors
///
/// If the processes cannot be listed.
pub fn listeners() -> io::Result<Vec<SocketEntry>> {
    let mut sockets = sockets()?;
    sockets.retain(|socket| socket.state == SocketState::Listen);
    Ok(sockets)
}

/// How [`listeners`] finds them.
///
/// # Errors
///
/// Those of [`listeners`].
pub fn listener_source() -> io::Result<ListenerSource> {
    listeners().map(|_| ListenerSource::SystemTable)
}

/// What the sockets of a process are known by in [`SocketEntry::id`]: the process itself.
///
/// # Errors
///
/// Never here.
pub fn sockets_of(pid: u32) -> io::Result<HashSet<u64>> {
    Ok(HashSet::from([u64::from(pid)]))
}

/// The processes that have these sockets.
pub(super) fn holders(wanted: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
    let process = |id: &u64| Some((*id, vec![u32::try_from(*id).ok()?]));
    wanted.iter().filter_map(process).collect()
}
