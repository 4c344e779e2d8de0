//! The listeners, and the processes of a tree with their sockets.

use std::{collections::HashSet, io, net::IpAddr};

use shared::os::{self, SocketEntry, SocketTables, System, TreeProcess};

use crate::os::sitter;

/// What the system tells at one moment.
#[derive(Debug, Default)]
pub(super) struct TreeSnapshot {
    /// The process that the tree descends from.
    pub(super) root: u32,
    pub(super) listeners: Vec<SocketEntry>,
    /// The processes of the tree, from the oldest on.
    pub(super) tree: Vec<SocketHolder>,
}

/// A process of the tree.
#[derive(Debug)]
pub(super) struct SocketHolder {
    pub(super) process: TreeProcess,
    /// What it has open; `None` if that cannot be read.
    pub(super) sockets: Option<HashSet<u64>>,
}

impl TreeSnapshot {
    pub(super) fn take(root: u32) -> io::Result<Self> {
        let listeners = os::listeners()?;
        let member = |process: TreeProcess| {
            let sockets = match os::sockets_of(process.pid) {
                Ok(sockets) => Some(sockets),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
                Err(_) if process.is_hidden() => None,
                // It is gone.
                Err(_) => Some(HashSet::new()),
            };
            SocketHolder { process, sockets }
        };
        let mut tree: Vec<_> = sitter::tree_of(root)?.into_iter().map(member).collect();
        tree.sort_by_key(|member| (member.process.started, member.process.pid));
        Ok(Self { root, listeners, tree })
    }

    /// The listeners alone.
    pub(super) fn of_no_tree() -> io::Result<Self> {
        Ok(Self { listeners: os::listeners()?, ..Self::default() })
    }

    /// Whether a process that was not seen is of the tree all the same. Without a tree none is, although 0 stands for the
    /// parent of the first of all.
    pub(super) fn has_gained(&self, pid: u32) -> bool {
        self.root != 0 && os::descends_from(pid, self.root)
    }

    /// Whether a process is of the tree.
    pub(super) fn has(&self, pid: u32) -> bool {
        self.tree.iter().any(|member| member.process.pid == pid)
    }

    /// The oldest process of the tree that is this user's and whose descriptors cannot be read. One that `/proc`
    /// hides (`hidepid`) is taken to be of the user who asks, whose other processes are shown.
    pub(super) fn hidden_process_of(&self, uid: u32) -> Option<u32> {
        let own = System::default().own_uid();
        let is_it = |member: &&SocketHolder| {
            member.sockets.is_none() && member.process.uid.or(own) == Some(uid)
        };
        self.tree.iter().find(is_it).map(|member| member.process.pid)
    }

    /// The oldest process of the tree that is seen to have this socket.
    pub(super) fn holder(&self, entry: &SocketEntry) -> Option<u32> {
        let has = |member: &&SocketHolder| {
            let open = member.sockets.as_ref().zip(entry.id);
            entry.pid == Some(member.process.pid) || open.is_some_and(|(all, id)| all.contains(&id))
        };
        self.tree.iter().find(has).map(|member| member.process.pid)
    }

    /// Whether another socket has the port for IPv4, which it could not beside one for both.
    pub(super) fn has_ipv4_beside(&self, entry: &SocketEntry) -> bool {
        let is_for_ipv4 = |ip: IpAddr| ip.to_canonical().is_ipv4();
        let mut others = self.listeners.iter().filter(|other| is_for_ipv4(other.local.ip()));
        entry.local.is_ipv6() && others.any(|other| other.local.port() == entry.local.port())
    }
}
