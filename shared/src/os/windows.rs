//! Windows.
//!
//! Who holds a port is not asked yet: the tables are "unsupported", so a diagnosis here rests on
//! the error and on the identity request alone, and names no holder.

use std::{
    collections::{HashMap, HashSet},
    env,
    fs::{self, OpenOptions},
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::windows::io::AsRawSocket,
    path::Path,
};

use socket2::{Domain, Protocol, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{
    SO_EXCLUSIVEADDRUSE, SOCKET, SOL_SOCKET, WSAEADDRNOTAVAIL, WSAEAFNOSUPPORT, setsockopt,
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
/// Only an exclusive bind of the wildcard fails beside every other socket of the port, so that comes
/// first, once per claim, and is closed without listening.
pub fn prepare_to_bind(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    if address.ip() == Ipv4Addr::LOCALHOST && address.port() != 0 {
        bind_everywhere(address.port())?;
    }
    make_exclusive(socket)
}

/// Fails if any socket of either family has the port.
fn bind_everywhere(port: u16) -> io::Result<()> {
    let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    match bind_exclusively(both) {
        Err(error) if is_unsupported_family(&error) || is_missing_address(&error) => {
            bind_exclusively(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
        }
        bound => bound,
    }
}

fn bind_exclusively(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    make_exclusive(&socket)?;
    socket.bind(&address.into())
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

fn is_missing_address(error: &io::Error) -> bool {
    error.raw_os_error() == Some(WSAEADDRNOTAVAIL)
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
