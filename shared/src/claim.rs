//! Claims: the only way in which a port becomes ours.
//!
//! A [`Claim`] is sockets bound **and listening** on both loopback addresses, `127.0.0.1` and
//! `[::1]`; it is ours while they live. There is no question "is this port free?" anywhere, because
//! the answer would be stale before it arrived: with `SO_REUSEADDR` two sockets may both bind a
//! port, and it is the second *listen* that fails, so nothing short of listening tells.
//!
//! An address family that the host lacks is skipped. A stranger on one of the two addresses makes
//! the whole port a conflict: whoever types `localhost` must not meet somebody else.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};

use crate::{os, port::Port};

/// How many connections may wait for a server that is not there yet: more than any browser opens,
/// below the kernel's own cap of 4096, so that a restart refuses nobody.
pub const BACKLOG: i32 = 1024;

/// How often [`any`] asks the system again when a stranger holds the other loopback address of the
/// port it was given. Each time the chance is that of a port in use, so 16 in a row do not happen.
const ANY_TRIES: usize = 16;

/// The two addresses that `localhost` means, the one in our URLs first.
pub const LOOPBACKS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// A port that is ours, on every loopback address that the host has.
#[derive(Debug)]
pub struct Claim {
    port: Port,
    listeners: Vec<TcpListener>,
}

/// Why a port could not be claimed.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ClaimError {
    /// The address that failed.
    pub address: SocketAddr,
    /// Whether another address of the same port was already bound.
    pub other_bound: bool,
    /// What the system said.
    pub source: io::Error,
}

impl ClaimError {
    /// Whether this is about the port, so that another port may do better. Anything else (no file
    /// descriptors left, no memory) would fail in the same way there.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        matches!(self.source.kind(), AddrInUse | AddrNotAvailable | PermissionDenied)
    }
}

/// Claims `port` on both loopback addresses.
///
/// # Errors
///
/// [`ClaimError`] names the address that could not be had and what the system said of it.
pub fn port(port: Port) -> Result<Claim, ClaimError> {
    at(&LOOPBACKS, port)
}

/// Claims `port` on the given addresses, for a server that was asked to serve beyond loopback.
///
/// # Errors
///
/// [`ClaimError`] names the address that could not be had and what the system said of it.
pub fn at(addresses: &[IpAddr], port: Port) -> Result<Claim, ClaimError> {
    listen(addresses, port.get())
}

/// Claims whatever port the system gives: the last resort, never remembered.
///
/// # Errors
///
/// [`ClaimError`] if the system has none to give.
pub fn any() -> Result<Claim, ClaimError> {
    let mut claim = listen(&LOOPBACKS, 0);
    for _ in 1..ANY_TRIES {
        match claim {
            Err(error) if error.other_bound => claim = listen(&LOOPBACKS, 0),
            settled => return settled,
        }
    }
    claim
}

/// Whether `port` could be bound at this moment, without listening: nobody notices the question. The
/// answer may be wrong before it is heard, so it decides nothing; it is for telling a person.
#[must_use]
pub fn can_be_bound(port: Port) -> bool {
    let bindable = |ip| match bind(SocketAddr::new(ip, port.get())) {
        Ok(_) => true,
        Err(error) => is_missing_family(&error),
    };
    LOOPBACKS.into_iter().all(bindable)
}

/// Binds every address before it listens on the first: a listening socket that is closed again,
/// because the next address fails, would reset whoever had connected to it.
fn listen(addresses: &[IpAddr], mut number: u16) -> Result<Claim, ClaimError> {
    let mut sockets: Vec<(SocketAddr, Socket)> = Vec::with_capacity(addresses.len());
    let mut missing = None;
    for &ip in addresses {
        let address = SocketAddr::new(ip, number);
        let other_bound = !sockets.is_empty();
        match bind(address).map_err(|source| ClaimError { address, other_bound, source }) {
            Ok((socket, bound)) => {
                number = bound.port();
                sockets.push((bound, socket));
            }
            Err(error) if is_missing_family(&error.source) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    for (index, (address, socket)) in sockets.iter().enumerate() {
        let address = *address;
        socket.listen(BACKLOG).map_err(|source| ClaimError {
            address,
            other_bound: index > 0,
            source,
        })?;
    }
    let nothing = || ClaimError {
        address: SocketAddr::new(LOOPBACKS[0], number),
        other_bound: false,
        source: io::Error::from(io::ErrorKind::AddrNotAvailable),
    };
    match Port::new(number) {
        Some(port) if !sockets.is_empty() => {
            let listeners = sockets.into_iter().map(|(_, socket)| socket.into()).collect();
            Ok(Claim { port, listeners })
        }
        _ => Err(missing.unwrap_or_else(nothing)),
    }
}

fn bind(address: SocketAddr) -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    os::prepare_to_bind(&socket, address)?;
    socket.bind(&address.into())?;
    let bound = match address.port() {
        0 => socket.local_addr()?.as_socket().unwrap_or(address),
        _ => address,
    };
    Ok((socket, bound))
}

/// Whether the host has no such family at all: no IPv6 in the kernel, or none on loopback.
fn is_missing_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || os::is_unsupported_family(error)
}

impl Claim {
    /// Adopts sockets that are already listening, as a service manager or a launcher passes them.
    /// The port is that of the first.
    ///
    /// # Errors
    ///
    /// An error if there is none, or if one of them has no address of its own.
    pub fn adopt(listeners: Vec<TcpListener>) -> io::Result<Self> {
        let first = listeners.first().map(TcpListener::local_addr).transpose()?;
        let port = first.and_then(|address| Port::new(address.port()));
        let port = port.ok_or_else(|| io::Error::other("no listening socket was passed"))?;
        Ok(Self { port, listeners })
    }

    /// The port that is ours.
    #[must_use]
    pub fn port(&self) -> Port {
        self.port
    }

    /// The addresses that listen, in the order in which they were claimed.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The sockets, to be passed on while the claim is kept.
    #[must_use]
    pub fn listeners(&self) -> &[TcpListener] {
        &self.listeners
    }

    /// The sockets, for whoever serves on them from now on.
    #[must_use]
    pub fn into_listeners(self) -> Vec<TcpListener> {
        self.listeners
    }
}

/// The address of a port for a browser. It says `127.0.0.1` and never `localhost`: that name may
/// lead to another family, and to rules that another local page has set for it.
///
/// ```
/// # use shared::{claim::url, port::Port};
/// assert_eq!(url(Port::new(17000).unwrap()), "http://127.0.0.1:17000/");
/// ```
#[must_use]
pub fn url(port: Port) -> String {
    format!("http://{}:{port}/", Ipv4Addr::LOCALHOST)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_claim_holds_both_loopbacks_and_lets_nobody_else_in() {
        let claim = any().expect("some port");
        assert!(claim.addresses().iter().all(|a| a.port() == claim.port().get()));
        let error = port(claim.port()).expect_err("ours already");
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(error.is_conflict() && !error.other_bound);
    }

    #[test]
    fn a_released_port_can_be_claimed_at_once() {
        let first = any().expect("some port");
        let number = first.port();
        drop(first);
        assert_eq!(port(number).expect("released").port(), number);
    }

    #[test]
    fn a_stranger_on_the_other_family_makes_the_port_a_conflict() {
        let Ok(stranger) = listen(&LOOPBACKS[1..], 0) else { return };
        let error = port(stranger.port()).expect_err("a stranger is on ::1");
        assert!(error.other_bound && error.address.is_ipv6());
    }
}
