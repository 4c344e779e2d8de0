//! Claims and reservations: the only ways in which a port becomes ours.
//!
//! A [`Claim`] is sockets bound **and listening** on both loopback addresses, `127.0.0.1` and
//! `[::1]`; it is ours while they live. There is no question "is this port free?" anywhere, because
//! the answer would be stale before it arrived: with `SO_REUSEADDR` two sockets may both bind a
//! port, and it is the second *listen* that fails, so only listening is proof.
//!
//! A [`Reservation`] keeps a port for a program that binds it by itself. Its sockets are bound and never listen.
//!
//! The steps differ by system; `plan` lists them, and `carry_out` performs them.
//!
//! An address family that the host lacks is skipped. A stranger on one of the two addresses makes
//! the whole port a conflict: a person who types `localhost` must not reach another program.

mod reservation;

mod carry_out;

mod error;
mod plan;

#[cfg(test)]
mod test;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

use self::carry_out::{HostNetwork, Network, carry_out};
pub use self::{carry_out::BACKLOG, error::ClaimError, reservation::Reservation};
use crate::{os::bind_table::Sharing, port::Port};

/// How often [`any`] and [`reserve_any`] ask the system again when a stranger holds the other loopback address of the
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

/// Claims `port` on both loopback addresses.
///
/// # Errors
///
/// [`ClaimError`] names the address that could not be claimed and the system's error.
pub fn port(port: Port) -> Result<Claim, ClaimError> {
    at(&LOOPBACKS, port)
}

/// Claims `port` on the given addresses, for a server that was asked to serve beyond loopback.
///
/// # Errors
///
/// [`ClaimError`] names the address that could not be claimed and the system's error.
pub fn at(addresses: &[IpAddr], port: Port) -> Result<Claim, ClaimError> {
    listen(addresses, port.get())
}

/// Claims whatever port the system gives: the last resort, never remembered.
///
/// # Errors
///
/// [`ClaimError`] if the system has none to give.
pub fn any() -> Result<Claim, ClaimError> {
    again_if_half_taken(|| listen(&LOOPBACKS, 0))
}

/// Reserves `port` on both loopback addresses.
///
/// # Errors
///
/// [`ClaimError`] names the address that could not be bound and the system's error.
pub fn reserve(port: Port) -> Result<Reservation, ClaimError> {
    bind(port.get())
}

/// Reserves whatever port the system gives.
///
/// # Errors
///
/// [`ClaimError`] if the system has none to give.
pub fn reserve_any() -> Result<Reservation, ClaimError> {
    again_if_half_taken(|| bind(0))
}

/// Listens on one address of a port that is reserved, over the reservation, as a program does. No program that is
/// started inherits the socket. Dropped, it leaves the reservation as it was. Only on Linux can that be done.
///
/// # Errors
///
/// [`ClaimError`] with the system's error, if another socket listens there or the host lacks the address.
pub fn listen_over_reservation(address: SocketAddr) -> Result<TcpListener, ClaimError> {
    let listen = || {
        let (socket, _) = HostNetwork.bind(address, Sharing::Reuse)?;
        HostNetwork.listen(&socket)?;
        Ok(socket.into())
    };
    listen().map_err(|source| ClaimError { address, other_had: false, anywhere: false, source })
}

fn bind(number: u16) -> Result<Reservation, ClaimError> {
    let bound = carry_out(&HostNetwork, &LOOPBACKS, number, false)?;
    Reservation::of(bound).ok_or_else(|| no_address(number))
}

fn again_if_half_taken<T>(any: impl Fn() -> Result<T, ClaimError>) -> Result<T, ClaimError> {
    let mut had = any();
    for _ in 1..ANY_TRIES {
        match had {
            Err(error) if error.other_had => had = any(),
            settled => return settled,
        }
    }
    had
}

/// Whether `port` could be bound at this moment, without listening, so that no other program notices. It
/// may be taken a moment later, so this decides nothing and is only shown to people.
pub fn can_be_bound(port: Port) -> bool {
    carry_out(&HostNetwork, &LOOPBACKS, port.get(), false).is_ok()
}

fn listen(addresses: &[IpAddr], number: u16) -> Result<Claim, ClaimError> {
    let sockets = carry_out(&HostNetwork, addresses, number, true)?;
    let port = sockets.first().and_then(|(given, _)| Port::new(given.port()));
    let port = port.ok_or_else(|| no_address(number))?;
    Ok(Claim { port, listeners: sockets.into_iter().map(|(_, socket)| socket.into()).collect() })
}

fn no_address(number: u16) -> ClaimError {
    ClaimError {
        address: SocketAddr::new(LOOPBACKS[0], number),
        other_had: false,
        anywhere: false,
        source: io::ErrorKind::AddrNotAvailable.into(),
    }
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

    /// The port on which all of its sockets listen.
    pub fn port(&self) -> Port {
        self.port
    }

    /// The addresses that listen, in the order in which they were claimed.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The sockets, to be passed on while the claim is kept.
    pub fn listeners(&self) -> &[TcpListener] {
        &self.listeners
    }

    /// The sockets, for the code that serves on them from now on.
    pub fn into_listeners(self) -> Vec<TcpListener> {
        self.listeners
    }
}

/// The address of a port for a browser. It has `127.0.0.1` and never `localhost`: that name may
/// lead to another family, and to rules that another local page has set for it.
///
/// ```
/// # use shared::{claim::url, port::Port};
/// assert_eq!(url(Port::new(17000).unwrap()), "http://127.0.0.1:17000/");
/// ```
pub fn url(port: Port) -> String {
    format!("http://{}:{port}/", Ipv4Addr::LOCALHOST)
}
