//! Why a port could not be claimed.

use std::{io, net::SocketAddr};

/// Why a port could not be claimed.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ClaimError {
    /// The address that failed.
    pub address: SocketAddr,
    /// Whether another address of the same port could be had before.
    pub other_had: bool,
    /// Whether a socket on any address of the family may be what keeps this one from us: every
    /// address was asked for at once.
    pub anywhere: bool,
    /// The error of the system call that failed.
    pub source: io::Error,
}

impl ClaimError {
    /// Whether this is about the port, so that another port may do better. Anything else (no file
    /// descriptors left, no memory) would fail in the same way there.
    pub fn is_conflict(&self) -> bool {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        matches!(self.source.kind(), AddrInUse | AddrNotAvailable | PermissionDenied)
    }
}
