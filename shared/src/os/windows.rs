//! Windows.
//!
//! Who holds a port is not asked yet: the tables are "unsupported", so a diagnosis here rests on
//! the error and on the identity request alone, and names no holder.

use std::{
    collections::{HashMap, HashSet},
    env,
    fs::{self, OpenOptions},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::windows::io::AsRawSocket,
    path::Path,
};

use socket2::{Domain, Protocol, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{
    SO_EXCLUSIVEADDRUSE, SOCKET, SOL_SOCKET, WSAEAFNOSUPPORT, setsockopt,
};

use super::{PortRanges, Process, SocketEntry, SocketTables};
use crate::port::PortRange;

/// Whether two processes that append to one file need a lock, so that their lines stay whole. Here
/// nothing promises that moving to the end and writing are one step.
pub const APPENDING_NEEDS_A_LOCK: bool = true;

/// The dynamic range of a Windows that nobody has changed.
const EPHEMERAL: PortRange = PortRange::literal(49152, 65535);

/// Sets what a socket must have before it is bound to an address that we mean to own.
///
/// `SO_EXCLUSIVEADDRUSE` keeps others from binding the same address with `SO_REUSEADDR`, which here
/// means to take it over and is never set by us; a wait after closing, which would need it, does not
/// block a bind. But an exclusive bind of `127.0.0.1` still succeeds beside a stranger's `0.0.0.0`.
/// Only an exclusive bind of the wildcard fails beside every other socket of the port, so for each
/// loopback address that of its family comes first, and is closed without listening. It would fail
/// beside our own sockets too, so loopback comes before other addresses of a claim.
pub fn prepare_to_bind(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    let every: Option<IpAddr> = match address.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => Some(Ipv4Addr::UNSPECIFIED.into()),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Some(Ipv6Addr::UNSPECIFIED.into()),
        _ => None,
    };
    if let Some(every) = every.filter(|_| address.port() != 0) {
        let every = SocketAddr::new(every, address.port());
        let probe = Socket::new(Domain::for_address(every), Type::STREAM, Some(Protocol::TCP))?;
        if every.is_ipv6() {
            probe.set_only_v6(true)?;
        }
        make_exclusive(&probe)?;
        probe.bind(&every.into())?;
    }
    make_exclusive(socket)
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

/// Whether the error says that the system has no such address family.
pub fn is_unsupported_family(error: &io::Error) -> bool {
    error.raw_os_error() == Some(WSAEAFNOSUPPORT)
}

/// Makes a folder and its parents. Under the user's profile what a folder inherits already keeps
/// other users out.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Options that make a new file; its folder keeps other users out.
pub fn private_file() -> OpenOptions {
    OpenOptions::new()
}

/// Whether other users may look into a file or a folder. Both inherit the rights of the user's
/// profile, and modes say nothing.
pub fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// Makes a change of a folder's entries durable: nothing to do, because a folder cannot be flushed
/// here and NTFS keeps its entries in a journal.
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The name of this computer.
pub fn machine_name() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

/// Files have no size limit here that would end a process.
pub fn survive_file_size_limit() {}

/// The ranges of a Windows that nobody has changed; what Hyper-V has excluded is not asked yet.
pub fn port_ranges() -> PortRanges {
    PortRanges { ephemeral: Some(EPHEMERAL), excluded: Vec::new(), unprivileged_start: 0 }
}

/// This system.
#[derive(Debug, Default)]
pub struct System;

impl SocketTables for System {
    fn sockets(&self) -> io::Result<Vec<SocketEntry>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn holders(&self, _: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
        HashMap::new()
    }

    fn process(&self, _: u32) -> Option<Process> {
        None
    }

    fn user_name(&self, _: u32) -> Option<String> {
        None
    }

    fn own_uid(&self) -> Option<u32> {
        None
    }

    fn port_ranges(&self) -> PortRanges {
        port_ranges()
    }
}
