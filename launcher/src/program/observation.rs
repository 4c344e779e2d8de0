//! What is seen of the listeners of a program at one moment.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use shared::port::Port;

/// The listeners that matter to a program: those of its tree, and everyone's on its port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// In the order of their addresses.
    pub listeners: Vec<ObservedListener>,
    /// The further ports that the program was given: one that listens on them has not moved there.
    pub further: BTreeSet<Port>,
}

impl Observation {
    /// The listeners that a connection to this address may reach; see [`ObservedListener::covers`].
    pub fn covers(&self, ip: IpAddr, port: u16) -> impl Iterator<Item = &ObservedListener> {
        self.listeners.iter().filter(move |listener| listener.covers(ip, port))
    }
}

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedListener {
    /// The address that it is bound to.
    pub address: SocketAddr,
    /// Whether a listener on `::` takes no connections of IPv4. `false` where it cannot be known.
    pub is_ipv6_only: bool,
    /// Whose it is.
    pub owner: ListenerOwner,
}

impl ObservedListener {
    /// Whether a connection to this address reaches it if no listener is more specific.
    pub fn covers(&self, ip: IpAddr, port: u16) -> bool {
        self.distance(ip).is_some() && self.address.port() == port
    }

    /// How specific it is for this address, the lower the more: 0 is bound to the very address, 1 to every
    /// address of its family, 2 to those of both families. `None` if it does not cover it. Of several
    /// listeners the most specific one gets the connection.
    pub fn distance(&self, ip: IpAddr) -> Option<u8> {
        // Java binds IPv4 addresses in their form of IPv6.
        let bound = self.address.ip().to_canonical();
        match bound {
            _ if bound == ip => Some(0),
            _ if !bound.is_unspecified() => None,
            _ if bound.is_ipv4() == ip.is_ipv4() => Some(1),
            _ => (bound.is_ipv6() && !self.is_ipv6_only).then_some(2),
        }
    }

    /// Whether other machines may reach it.
    pub fn is_exposed(&self) -> bool {
        !self.address.ip().to_canonical().is_loopback()
    }

    /// The process that listens; `None` if it cannot be seen.
    pub fn pid(&self) -> Option<u32> {
        match self.owner {
            ListenerOwner::Tree { pid, .. } => Some(pid),
            ListenerOwner::Stranger { pid, .. } => pid,
        }
    }
}

/// Whose a listener is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListenerOwner {
    /// A process of the program's tree.
    Tree {
        /// The process.
        pid: u32,
        /// How this is known.
        proof: OwnershipProof,
    },
    /// Any other process.
    Stranger {
        /// The process; `None` if it cannot be seen.
        pid: Option<u32>,
        /// Whether it did not listen yet when the program was started.
        is_new: bool,
    },
}

/// How a listener is known to be of the program's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OwnershipProof {
    /// The process has the socket among its descriptors.
    Descriptor,
    /// The descriptors of a process of the tree cannot be read, and the socket is of that process' user and new.
    User,
}

#[cfg(test)]
mod test {
    use super::*;

    fn listener(address: &str, is_ipv6_only: bool) -> ObservedListener {
        let owner = ListenerOwner::Stranger { pid: None, is_new: false };
        ObservedListener { address: address.parse().expect("an address"), is_ipv6_only, owner }
    }

    #[test]
    fn a_listener_covers_its_address_and_a_wildcard_covers_its_families() {
        let [v4, v6] = ["127.0.0.1", "::1"].map(|ip| ip.parse::<IpAddr>().expect("an address"));
        for (address, is_ipv6_only, distances) in [
            ("127.0.0.1:80", false, [Some(0), None]),
            ("[::ffff:127.0.0.1]:80", false, [Some(0), None]),
            ("127.0.0.2:80", false, [None, None]),
            ("0.0.0.0:80", false, [Some(1), None]),
            ("[::ffff:0.0.0.0]:80", false, [Some(1), None]),
            ("[::]:80", false, [Some(2), Some(1)]),
            ("[::]:80", true, [None, Some(1)]),
            ("[::1]:80", false, [None, Some(0)]),
            ("192.168.1.5:80", false, [None, None]),
        ] {
            let listener = listener(address, is_ipv6_only);
            assert_eq!([v4, v6].map(|ip| listener.distance(ip)), distances, "{address}");
            assert_eq!(listener.covers(v4, 80), distances[0].is_some(), "{address}");
            assert!(!listener.covers(v4, 81) && !listener.covers(v6, 81), "another port");
        }
    }

    #[test]
    fn all_but_loopback_addresses_are_exposed() {
        for address in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(!listener(address, false).is_exposed(), "{address}");
        }
        for address in ["0.0.0.0:80", "[::]:80", "192.168.1.5:80", "[fe80::1]:80"] {
            assert!(listener(address, false).is_exposed(), "{address}");
        }
    }
}
