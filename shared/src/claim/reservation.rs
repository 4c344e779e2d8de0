//! A reservation: a port that is kept for a program which binds it by itself.

use std::net::SocketAddr;

use socket2::Socket;

use crate::{os, port::Port};

/// A port that no stranger gets and on which nothing listens: sockets that are bound on every loopback address that
/// the host has. No program that is started inherits them.
///
/// On Linux a program that sets `SO_REUSEADDR`, as most servers do, listens on the port over them, and they keep it
/// through its crashes and restarts. No program without the option gets it, no other claim or reservation, and
/// neither a program that asks for any port nor an outgoing connection. Elsewhere, and for a program without the
/// option, they are [released](Self::release) just before the program starts.
#[derive(Debug)]
pub struct Reservation {
    port: Port,
    addresses: Vec<SocketAddr>,
    /// Empty once it is released.
    sockets: Vec<Socket>,
}

impl Reservation {
    /// Of sockets that are bound to one port; `None` if there are none.
    pub(super) fn of(bound: Vec<(SocketAddr, Socket)>) -> Option<Self> {
        let port = bound.first().and_then(|(given, _)| Port::new(given.port()))?;
        let (addresses, sockets) = bound.into_iter().unzip();
        Some(Self { port, addresses, sockets })
    }

    /// Whether a program can listen on the port only after [`release`](Self::release): false on Linux, where it
    /// listens over the reservation.
    pub fn must_be_released_before_start() -> bool {
        !os::RULES.lets_listen_over_a_bound_socket()
    }

    /// The port, also after a release.
    pub fn port(&self) -> Port {
        self.port
    }

    /// The addresses that were reserved, in the order of [`LOOPBACKS`](super::LOOPBACKS), also after a release.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    /// Closes its sockets, so that any program can have the port.
    pub fn release(&mut self) {
        self.sockets.clear();
    }

    /// Whether the port is still kept.
    pub fn is_held(&self) -> bool {
        !self.sockets.is_empty()
    }
}
