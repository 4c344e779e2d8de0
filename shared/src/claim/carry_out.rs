//! Carries out the plan of a claim: step by step, until the first refusal.
//!
//! What it asks is a [`Network`]: [`HostNetwork`] is the one of this machine, and tests put one made of the
//! bind table in its place.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

use super::{
    error::ClaimError,
    plan::{Step, plan},
};
use crate::os::{
    self,
    bind_table::{BindRules, Sharing},
};

/// How many connections may wait for a server that is not there yet: more than any browser opens,
/// below the kernel's own cap of 4096, so that a restart refuses no connection.
pub const BACKLOG: i32 = 1024;

/// How long a connection to a loopback address may take to be refused. A refusal comes at once; silence
/// means that a program listens whose queue is full.
const KNOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// The socket operations of a claim, which tests replace with a model.
pub(super) trait Network {
    /// A bound socket. Dropped, it is closed.
    type Socket;

    /// The rules by which this system gives one port to two sockets.
    fn rules(&self) -> BindRules;

    /// Binds a socket of the address's own family, and answers the address that it has now.
    fn bind(&self, address: SocketAddr, sharing: Sharing)
    -> io::Result<(Self::Socket, SocketAddr)>;

    /// Makes a bound socket listen.
    fn listen(&self, socket: &Self::Socket) -> io::Result<()>;

    /// Whether nothing but connections, open or over, has the address of a bound socket besides itself.
    fn has_connections_alone(&self, address: SocketAddr, own: &Self::Socket) -> bool;

    /// Whether no program listens at this address.
    fn is_silent(&self, address: SocketAddr) -> bool;
}

/// Binds all of `addresses` at port `number`, or at one port of the system's choice for 0, and
/// listens on them if that `is_to_listen`. A family that the host lacks is left out; if none is left,
/// that is the error.
pub(super) fn carry_out<N: Network>(
    network: &N,
    addresses: &[IpAddr],
    mut number: u16,
    is_to_listen: bool,
) -> Result<Vec<(SocketAddr, N::Socket)>, ClaimError> {
    let mut sockets: Vec<(SocketAddr, N::Socket)> = Vec::with_capacity(addresses.len());
    let (mut missing, mut first_had) = (None, None);
    for step in plan(network.rules(), addresses) {
        match take(network, step, number) {
            Ok(Taken { address, socket }) => {
                number = address.port();
                first_had = first_had.or(Some(step.wanted()));
                sockets.extend(socket.map(|socket| (address, socket)));
            }
            Err(StepError { address, anywhere, source }) => {
                let other_had = first_had.is_some_and(|ip| ip != step.wanted());
                let error = ClaimError { address, other_had, anywhere, source };
                if !is_missing_family(&error.source) {
                    return Err(error);
                }
                missing = Some(error);
            }
        }
    }
    for (index, (address, socket)) in sockets.iter().enumerate().filter(|_| is_to_listen) {
        let refused = |source| ClaimError {
            address: *address,
            other_had: index > 0,
            anywhere: false,
            source,
        };
        network.listen(socket).map_err(refused)?;
    }
    match missing {
        Some(error) if sockets.is_empty() => Err(error),
        _ => Ok(sockets),
    }
}

/// The address that a step could bind.
struct Taken<S> {
    address: SocketAddr,
    /// `None` if the step only tried whether it can be had.
    socket: Option<S>,
}

/// The system's error in a step.
struct StepError {
    /// The claimed address, also where its wildcard was tried.
    address: SocketAddr,
    /// Whether a socket on any address may be the reason.
    anywhere: bool,
    source: io::Error,
}

fn take<N: Network>(network: &N, step: Step, number: u16) -> Result<Taken<N::Socket>, StepError> {
    match step {
        Step::Bind { ip, sharing, beside_connections } => {
            let wanted = SocketAddr::new(ip, number);
            match bind(network, wanted, sharing, beside_connections) {
                Ok((socket, address)) => Ok(Taken { address, socket: Some(socket) }),
                Err(source) => Err(StepError { address: wanted, anywhere: false, source }),
            }
        }
        Step::Probe { every, sharing, wanted, unless_silent } => {
            let address = SocketAddr::new(wanted, number);
            match network.bind(SocketAddr::new(every, number), sharing) {
                Ok((_, address)) => Ok(Taken { address, socket: None }),
                Err(error)
                    if unless_silent
                        && error.kind() == io::ErrorKind::AddrInUse
                        && network.is_silent(address) =>
                {
                    Ok(Taken { address, socket: None })
                }
                Err(source) => Err(StepError { address, anywhere: true, source }),
            }
        }
    }
}

/// Binds with `sharing`, or where that is refused with `beside_connections`. The second attempt is cheap, fails at
/// once beside a listener, and is undone unless nothing but connections has the address.
fn bind<N: Network>(
    network: &N,
    wanted: SocketAddr,
    sharing: Sharing,
    beside_connections: Option<Sharing>,
) -> io::Result<(N::Socket, SocketAddr)> {
    let refused = match network.bind(wanted, sharing) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => error,
        settled => return settled,
    };
    let again = beside_connections.and_then(|sharing| network.bind(wanted, sharing).ok());
    again.filter(|(socket, address)| network.has_connections_alone(*address, socket)).ok_or(refused)
}

/// Whether the host lacks the family of the address: no IPv6 in the kernel, or none on loopback.
fn is_missing_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || os::is_unsupported_family(error)
}

/// The network of this computer.
pub(super) struct HostNetwork;

impl Network for HostNetwork {
    type Socket = Socket;

    fn rules(&self) -> BindRules {
        os::RULES
    }

    fn bind(&self, address: SocketAddr, sharing: Sharing) -> io::Result<(Socket, SocketAddr)> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        os::set_sharing(&socket, sharing)?;
        socket.bind(&address.into())?;
        if sharing == Sharing::ReuseAfterBind {
            socket.set_reuse_address(true)?;
        }
        let bound = match address.port() {
            0 => socket.local_addr()?.as_socket().unwrap_or(address),
            _ => address,
        };
        Ok((socket, bound))
    }

    fn listen(&self, socket: &Socket) -> io::Result<()> {
        socket.listen(BACKLOG)
    }

    fn has_connections_alone(&self, address: SocketAddr, own: &Socket) -> bool {
        os::has_connections_alone(address, own)
    }

    fn is_silent(&self, address: SocketAddr) -> bool {
        let answer = TcpStream::connect_timeout(&reachable(address), KNOCK_TIMEOUT);
        answer.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    }
}

/// The address to connect to: for a wildcard, the loopback of its family.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
