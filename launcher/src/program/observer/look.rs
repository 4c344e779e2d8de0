//! The listeners, and the processes of a tree with their sockets.

use std::{collections::HashSet, io, net::IpAddr};

use shared::os::{self, SocketEntry, TreeProcess};

/// What the system tells at one moment.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// The process that the tree descends from.
    pub(super) root: u32,
    pub(super) listeners: Vec<SocketEntry>,
    /// The processes of the tree, from the oldest on.
    pub(super) tree: Vec<Member>,
}

/// A process of the tree.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) process: TreeProcess,
    /// What it has open; `None` if that cannot be read.
    pub(super) sockets: Option<HashSet<u64>>,
}

impl Look {
    pub(super) fn take(root: u32) -> io::Result<Self> {
        let listeners = os::listeners()?;
        let member = |process: TreeProcess| {
            let sockets = match os::sockets_of(process.pid) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
                // It may also be gone.
                sockets => Some(sockets.unwrap_or_default()).filter(|_| process.can_be_read),
            };
            Member { process, sockets }
        };
        let mut tree: Vec<_> = os::tree_of(root)?.into_iter().map(member).collect();
        tree.sort_by_key(|member| (member.process.started, member.process.pid));
        Ok(Self { root, listeners, tree })
    }

    /// Whether a process is of the tree.
    pub(super) fn has(&self, pid: u32) -> bool {
        self.tree.iter().any(|member| member.process.pid == pid)
    }

    /// The oldest process of the tree that is this user's and whose descriptors cannot be read.
    pub(super) fn hidden_process_of(&self, uid: u32) -> Option<u32> {
        let is_it = |member: &&Member| member.sockets.is_none() && member.process.uid == Some(uid);
        self.tree.iter().find(is_it).map(|member| member.process.pid)
    }

    /// The oldest process of the tree that is seen to have this socket.
    pub(super) fn holder(&self, entry: &SocketEntry) -> Option<u32> {
        let has = |member: &&Member| {
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
