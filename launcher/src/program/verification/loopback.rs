//! The two loopback addresses of a port.

use std::net::{IpAddr, SocketAddr};

use shared::{claim::LOOPBACKS, port::Port};

/// One of the two addresses that `localhost` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loopback {
    /// `127.0.0.1`.
    V4,
    /// `::1`.
    V6,
}

impl Loopback {
    /// Both, in the order in which they are preferred.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The one that this is not.
    pub fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }

    /// The address without a port.
    pub fn ip(self) -> IpAddr {
        let [v4, v6] = LOOPBACKS;
        match self {
            Self::V4 => v4,
            Self::V6 => v6,
        }
    }

    /// The address on this port.
    pub fn at(self, port: Port) -> SocketAddr {
        SocketAddr::new(self.ip(), port.get())
    }
}
