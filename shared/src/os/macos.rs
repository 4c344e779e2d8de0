//! macOS.
//!
//! Who holds a port is not asked yet: the tables are "unsupported", so a diagnosis here rests on
//! the error and on the identity request alone, and names no holder.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

use super::{PortRanges, Process, SocketEntry, SocketTables, unix};
use crate::port::PortRange;

pub use unix::*;

/// `net.inet.ip.portrange.first` and `.last` of a macOS that nobody has changed.
const EPHEMERAL: PortRange = PortRange::literal(49152, 65535);

/// What the system uses itself: AirPlay (5000, 7000), and a port for programs with an entitlement,
/// which answers "in use" to all others (55555).
const EXCLUDED: [PortRange; 3] = [
    PortRange::literal(5000, 5000),
    PortRange::literal(7000, 7000),
    PortRange::literal(55555, 55555),
];

/// How long the loopback may take to say whether anybody listens.
const KNOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// Sets what a socket must have before it is bound to an address that we mean to own.
///
/// `SO_REUSEADDR` passes the `TIME_WAIT` of our own last run, but here it also lets `127.0.0.1`
/// succeed beside a stranger's `0.0.0.0`. So the wildcard is bound without it first. If that fails,
/// somebody listens, or it is a `TIME_WAIT`; a connection, closed at once, tells the two apart.
pub fn prepare_to_bind(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    if address.port() != 0
        && let Err(error) = bind_everywhere(address)
        && error.kind() == io::ErrorKind::AddrInUse
        && TcpStream::connect_timeout(&reachable(address), KNOCK_TIMEOUT).is_ok()
    {
        return Err(error);
    }
    socket.set_reuse_address(true)
}

fn bind_everywhere(address: SocketAddr) -> io::Result<()> {
    let every: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&SocketAddr::new(every, address.port()).into())
}

/// Where to knock for an address: a wildcard is reached through loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The ranges of a macOS that nobody has changed. Low ports need rights on a loopback address.
pub fn port_ranges() -> PortRanges {
    let excluded = EXCLUDED.to_vec();
    PortRanges { ephemeral: Some(EPHEMERAL), excluded, unprivileged_start: 1024 }
}

/// This system: its user database.
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
