//! What a diagnosis comes to, on a made-up system and on the real one.

mod made_up;
mod real;
mod voices;

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use crate::{
    claim::{ClaimError, LOOPBACKS},
    port::Port,
};

const PORT: Port = Port::new(3030).expect("not 0");

/// What a claim says when `ip` could not be had.
fn refused(ip: IpAddr, kind: io::ErrorKind) -> ClaimError {
    let address = SocketAddr::new(ip, PORT.get());
    ClaimError { address, other_bound: ip == LOOPBACKS[1], source: kind.into() }
}
