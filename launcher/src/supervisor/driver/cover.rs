//! The cover of a program: whether there can be one, and opening it.

use std::io;

use shared::{
    claim::{self, LOOPBACKS, Reservation},
    port::Port,
};

use crate::{forwarder::Forwarder, hold::Hold, program::verification::Loopback};

/// Whether a program on the port of `hold` can be covered: where no stranger comes in while the cover is closed, and on
/// a host that has both loopback addresses.
pub(super) fn is_possible(hold: &Hold) -> bool {
    let addresses = hold.addresses();
    let has = |ip| addresses.iter().any(|address| address.ip() == ip);
    !Reservation::must_be_released_before_start() && LOOPBACKS.into_iter().all(has)
}

/// Listens at `loopback` and forwards to the other loopback address, where the program listens. Over a reservation that
/// stands (`is_reserved`), which then keeps the address when the cover is closed; else as a claim of that address alone.
pub(super) fn open(loopback: Loopback, port: Port, is_reserved: bool) -> io::Result<Forwarder> {
    let listener = if is_reserved {
        claim::listen_over_reservation(loopback.at(port)).map(Some)
    } else {
        claim::at(&[loopback.ip()], port).map(|claim| claim.into_listeners().pop())
    };
    let listener = listener.map_err(|error| error.source)?;
    let listener = listener.ok_or(io::ErrorKind::AddrNotAvailable)?;
    Forwarder::start(listener, loopback.other().at(port))
}
