//! What every system answers: the trait [`SocketTables`] and the types of its answers.

use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    net::SocketAddr,
    path::PathBuf,
};

use crate::{
    conflict::Holder,
    port::{Port, PortRange},
};

/// The port ranges that the system controls, as they are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortRanges {
    /// Where it takes ports for outgoing connections.
    pub ephemeral: Option<PortRange>,
    /// What it has set aside.
    pub excluded: Vec<PortRange>,
    /// What it keeps for programs with an entitlement. To all others it reports "in use", although
    /// no program listens.
    pub restricted: Vec<PortRange>,
    /// The first port that an ordinary user may listen on; 0 where there is no such rule.
    pub unprivileged_start: u16,
}

/// Which file it is, for as long as it is there: the numbers of a file that is gone are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    /// The device or the volume.
    pub device: u64,
    /// The number of the file on that device.
    pub inode: u64,
}

impl fmt::Display for FileIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, inode } = self;
        write!(f, "{device:x}-{inode:x}")
    }
}

/// Who owns a file or a folder, and what others may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRights {
    /// The user that it belongs to.
    pub owner: u32,
    /// The group that it belongs to.
    pub group: u32,
    /// The bits of permission, with the sticky bit.
    pub mode: u32,
    /// In a folder the sticky bit keeps others from replacing files.
    pub is_folder: bool,
}

/// The user and the group that a process acts for.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// The user id, 0 for root.
    pub user: u32,
    /// The id of the primary group.
    pub group: u32,
    /// Whether the group has no other member. Asking may take a while where a server keeps the groups.
    pub has_private_group: fn() -> bool,
}

/// What a path of the file system can name besides files, folders and links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialFile {
    /// One process writes into it, and another reads; it has a name.
    Pipe,
    /// A process of this computer may listen on it.
    Socket,
    /// A device of characters or of blocks.
    Device,
}

/// What a socket is doing, as far as it matters to a claim on its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketState {
    /// It accepts connections.
    Listen,
    /// It has the port, and neither listens nor has a connection. Not every system tells of it.
    Bound,
    /// Its connection is over, and nothing but the wait for stray packets is left.
    TimeWait,
    /// It has a connection, or is about to have one or to lose it.
    Other,
}

/// One socket of the system's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketEntry {
    /// The address that it is bound to.
    pub local: SocketAddr,
    /// What it is doing.
    pub state: SocketState,
    /// What [`SocketTables::holders`] knows it by (the inode on Linux); `None` if no process holds it.
    pub id: Option<u64>,
    /// The user who opened it, if the tables have it.
    pub uid: Option<u32>,
    /// The process that opened it, if the tables have it.
    pub pid: Option<u32>,
    /// For a listener: how many connections wait to be accepted.
    pub waiting: u32,
    /// For a listener on an IPv6 address: whether it takes no IPv4 connections; `None` if the tables do
    /// not have it.
    pub is_ipv6_only: Option<bool>,
}

/// How the listeners of a system are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerSource {
    /// The kernel is asked for listeners alone, and tells when one ends.
    SockDiag,
    /// They are read from the tables of all sockets, which takes longer the more there are.
    ProcTables,
    /// Another table of the system has them.
    SystemTable,
}

/// Which processes the system shows to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessVisibility {
    /// Those of every user.
    All,
    /// Those of its own user, as where `/proc` is mounted with `hidepid`.
    OwnUser,
    /// None: `/proc` is not mounted.
    Nothing,
}

/// A process that descends from another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeProcess {
    /// Its number, which another process may have later.
    pub pid: u32,
    /// The process that started it, or has adopted it since.
    pub parent: u32,
    /// The user whose rights it has (the effective one); `None` if the system does not tell.
    pub uid: Option<u32>,
    /// When it started, in a unit of the system: with the number it means one process for as long as the
    /// system runs. `None` if the system does not tell.
    pub started: Option<u64>,
    /// Whether it can be seen which sockets it has open.
    pub can_be_read: bool,
}

impl TreeProcess {
    /// Whether nothing is known of it but that it is there, as with `hidepid`.
    pub fn is_hidden(&self) -> bool {
        self.started.is_none()
    }
}

/// A file that a process has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFile {
    /// The process that has it open.
    pub pid: u32,
    /// The path it was opened at, or was renamed to; there may be another file by now, or none.
    pub named: PathBuf,
    /// What opens the same file again, also where no path leads to it any more.
    pub link: PathBuf,
}

/// A process that holds a socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldingProcess {
    /// The process, as far as the system describes it.
    pub holder: Holder,
    /// Whether the process that started it is gone.
    pub orphan: bool,
}

/// What diagnosis asks of a system. Every call may block and may fail; callers must allow
/// for both.
pub trait SocketTables: Send {
    /// Every TCP socket that can be seen from here.
    ///
    /// # Errors
    ///
    /// Whatever reading the tables fails with.
    fn sockets(&self) -> io::Result<Vec<SocketEntry>>;

    /// The listeners among them, where the system has a table of these alone that is read sooner.
    fn listeners(&self) -> Option<io::Result<Vec<SocketEntry>>> {
        None
    }

    /// The processes that hold each of the `wanted` sockets, as far as they can be seen.
    fn holders(&self, wanted: &HashSet<u64>) -> HashMap<u64, Vec<u32>>;

    /// What is known of a process; `None` if it is gone.
    fn process(&self, pid: u32) -> Option<HoldingProcess>;

    /// The living processes that a process has started which is gone itself. One of them has its
    /// sockets, if any process has. Called only where tables name the process that opened a socket.
    fn children(&self, _: u32) -> Vec<u32> {
        Vec::new()
    }

    /// `None` for a user that the system does not know.
    fn user_name(&self, uid: u32) -> Option<String>;

    /// The user who asks, on systems where users are numbers.
    fn own_uid(&self) -> Option<u32>;

    /// Whether a port is too low for an ordinary user. Windows has no such rule.
    fn is_privileged(&self, port: Port) -> bool {
        port.get() < self.port_ranges().unprivileged_start
    }

    /// Whether the system keeps a port for programs with an entitlement, as only macOS does.
    fn is_restricted(&self, _: Port) -> bool {
        false
    }

    /// The port ranges that the system controls. Reading them may start other programs.
    fn port_ranges(&self) -> PortRanges;
}
