//! What a diagnosis comes to, on a fake system and on the real one.

mod fake_system;
mod other_systems;
mod probes;
mod reservations;
mod this_system;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
};

use crate::{
    claim::{ClaimError, LOOPBACKS},
    paths::Folders,
    port::Port,
};

const PORT: Port = Port::new(3030).expect("not 0");

/// The folders of a home that is not there.
fn nowhere() -> Folders {
    Folders::locate(Some(Path::new("nowhere")), None).expect("given")
}

/// The error of a claim when `ip` is not available.
fn refused(ip: IpAddr, kind: io::ErrorKind) -> ClaimError {
    let address = SocketAddr::new(ip, PORT.get());
    let other_had = ip == LOOPBACKS[1];
    ClaimError { address, other_had, anywhere: false, source: kind.into() }
}
