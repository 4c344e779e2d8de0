//! How a port is held while a server has it.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use shared::{
    claim::{self, Claim, ClaimError, Reservation},
    conflict::Origin,
    event::Event,
    port::Port,
};

use crate::program::ServerKind;

/// A port that is ours.
#[derive(Debug)]
pub enum Hold {
    /// Its sockets listen, and are passed to our server.
    Claim(Claim),
    /// Its sockets do not listen: a program binds over them.
    Reservation(Reservation),
}

impl Hold {
    /// Takes `port` for a server of this kind.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] names the address that could not be had and the system's error.
    pub fn take(kind: ServerKind, port: Port) -> Result<Self, ClaimError> {
        match kind {
            ServerKind::Own => claim::port(port).map(Self::Claim),
            ServerKind::Program => claim::reserve(port).map(Self::Reservation),
        }
    }

    /// Takes whatever port the system gives.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] if it has none to give.
    pub fn take_any(kind: ServerKind) -> Result<Self, ClaimError> {
        match kind {
            ServerKind::Own => claim::any().map(Self::Claim),
            ServerKind::Program => claim::reserve_any().map(Self::Reservation),
        }
    }

    /// The record of it: the candidate of this `origin` was the last of `tried`, which took so long.
    pub fn event(&self, origin: Origin, tried: usize, elapsed: Duration) -> Event {
        let (port, addresses) = (self.port(), self.addresses());
        match self {
            Self::Claim(_) => Event::PortClaimed { port, origin, addresses, tried, elapsed },
            Self::Reservation(_) => Event::PortReserved { port, origin, addresses, tried, elapsed },
        }
    }

    /// The port that all of its sockets have.
    pub fn port(&self) -> Port {
        match self {
            Self::Claim(claim) => claim.port(),
            Self::Reservation(reservation) => reservation.port(),
        }
    }

    /// The addresses that are held.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::Claim(claim) => claim.addresses(),
            Self::Reservation(reservation) => reservation.addresses(),
        }
    }

    /// The sockets that are passed to a server of ours; a program gets none.
    pub fn listeners(&self) -> &[TcpListener] {
        match self {
            Self::Claim(claim) => claim.listeners(),
            Self::Reservation(_) => &[],
        }
    }

    /// Whether a program has to bind over sockets of ours.
    pub fn is_reserved(&self) -> bool {
        matches!(self, Self::Reservation(reservation) if reservation.is_held())
    }

    /// Closes the sockets of a reservation; the port stays the one that is wanted.
    pub fn release(&mut self) {
        if let Self::Reservation(reservation) = self {
            reservation.release();
        }
    }
}
