//! The system's sockets at the moment of the first conflict.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use crate::{
    os::{SocketEntry, SocketState, SocketTables},
    port::Port,
};

/// The socket tables, read once. Empty if the system did not answer in time.
#[derive(Default)]
pub(super) struct Snapshot {
    sockets: HashMap<u16, Vec<SocketEntry>>,
    holders: HashMap<u64, Vec<u32>>,
    /// Whether `sockets` has the listeners alone.
    pub(super) has_listeners_alone: bool,
    /// The user id of this process; `None` on Windows.
    pub(super) own_uid: Option<u32>,
}

/// The sockets that conflict with an address; of each kind only the most specific ones.
#[derive(Debug, Default)]
pub(super) struct ConflictingSockets {
    /// Sockets that accept connections.
    pub(super) listeners: Vec<SocketEntry>,
    /// Sockets that have the port, and neither listen nor have a connection.
    pub(super) bound: Vec<SocketEntry>,
    /// Sockets with a connection, which may be opening or closing.
    pub(super) connections: Vec<SocketEntry>,
    /// Closed connections in TIME_WAIT. They too can keep a port for a minute, if they were opened
    /// without the option to share it; no process holds them any more.
    pub(super) time_wait: Vec<SocketEntry>,
}

impl Snapshot {
    /// The sockets of `system`, still without their holders; or the listeners alone, if they are enough and can be
    /// had sooner.
    pub(super) fn read(system: &dyn SocketTables, listeners_are_enough: bool) -> Self {
        let listeners = system.listeners().filter(|_| listeners_are_enough);
        let has_listeners_alone = listeners.is_some();
        let entries = listeners.unwrap_or_else(|| system.sockets()).unwrap_or_default();
        Self::new(entries, has_listeners_alone, system.own_uid())
    }

    fn new(entries: Vec<SocketEntry>, has_listeners_alone: bool, own_uid: Option<u32>) -> Self {
        let mut sockets: HashMap<u16, Vec<SocketEntry>> = HashMap::new();
        for entry in entries {
            sockets.entry(entry.local.port()).or_default().push(entry);
        }
        Self { sockets, holders: HashMap::new(), has_listeners_alone, own_uid }
    }

    /// The sockets of these states at a port, on whatever address.
    pub(super) fn in_states(&self, port: Port, states: &[SocketState]) -> Vec<SocketEntry> {
        let entries = self.sockets.get(&port.get()).into_iter().flatten();
        entries.filter(|entry| states.contains(&entry.state)).cloned().collect()
    }

    /// The ids by which [`SocketTables::holders`] finds the holders of the sockets.
    pub(super) fn ids(&self) -> HashSet<u64> {
        self.sockets.values().flatten().filter_map(|entry| entry.id).collect()
    }

    pub(super) fn with_holders(self, holders: HashMap<u64, Vec<u32>>) -> Self {
        Self { holders, ..self }
    }

    /// The processes that hold one of these sockets, each once.
    pub(super) fn pids(&self, entries: &[SocketEntry]) -> Vec<u32> {
        let mut pids = Vec::new();
        for entry in entries {
            let held = entry.id.and_then(|id| self.holders.get(&id)).into_iter().flatten().copied();
            pids.extend(held.chain(entry.pid));
        }
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// The sockets that conflict with `wanted` at `port`; if the conflict may be `anywhere`, those
    /// on any address of its family.
    pub(super) fn conflicting_sockets(
        &self,
        wanted: IpAddr,
        port: Port,
        anywhere: bool,
    ) -> ConflictingSockets {
        let entries = self.sockets.get(&port.get()).into_iter().flatten();
        let rank = |held: IpAddr| {
            let is_kin = anywhere && held.to_canonical().is_ipv4() == wanted.is_ipv4();
            specificity(held, wanted).or(is_kin.then_some(0))
        };
        let ranked: Vec<_> = entries
            .filter_map(|entry| rank(entry.local.ip()).map(|close| (close, entry)))
            .collect();
        let nearest = |state| {
            let alike = || ranked.iter().filter(move |(_, entry)| entry.state == state);
            let best = alike().map(|(close, _)| close).max();
            alike().filter(|(close, _)| Some(close) == best).map(|(_, e)| (*e).clone()).collect()
        };
        ConflictingSockets {
            listeners: nearest(SocketState::Listen),
            bound: nearest(SocketState::Bound),
            connections: nearest(SocketState::Other),
            time_wait: nearest(SocketState::TimeWait),
        }
    }
}

/// How specifically a socket at `held` conflicts with `wanted`; `None` if the two do not conflict.
/// The same address does; a wildcard of the same family does; `::` does for an IPv4 address unless
/// it was opened for IPv6 alone, which no table has.
fn specificity(held: IpAddr, wanted: IpAddr) -> Option<u8> {
    let (is_dual, held) = (held.is_ipv6(), held.to_canonical());
    let every = |ip: IpAddr| ip.is_unspecified();
    match (held.is_ipv4(), wanted.is_ipv4()) {
        (true, true) | (false, false) if held == wanted => Some(3),
        (true, true) | (false, false) if every(held) || every(wanted) => Some(2),
        (false, true) if every(held) && is_dual => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn close(held: &str, wanted: &str) -> Option<u8> {
        specificity(held.parse().expect("an address"), wanted.parse().expect("an address"))
    }

    #[test]
    fn only_addresses_that_cannot_live_together_conflict() {
        for held in ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "::ffff:0.0.0.0", "::"] {
            assert!(close(held, "127.0.0.1").is_some(), "{held}");
        }
        for held in ["127.0.0.2", "192.0.2.1", "::1", "::ffff:127.0.0.2"] {
            assert_eq!(close(held, "127.0.0.1"), None, "{held}");
        }
        assert!(close("::", "::1").is_some() && close("::1", "::1").is_some());
        assert_eq!((close("0.0.0.0", "::1"), close("127.0.0.1", "::1")), (None, None));
        assert!(close("192.0.2.1", "0.0.0.0").is_some());
    }

    #[test]
    fn of_several_conflicting_sockets_the_most_specific_is_suspected() {
        let socket = |local: &str| SocketEntry {
            local: local.parse().expect("an address"),
            state: SocketState::Listen,
            id: None,
            uid: None,
            pid: None,
            waiting: 0,
            is_ipv6_only: None,
        };
        let all = ["[::]:9", "127.0.0.1:9", "0.0.0.0:9", "192.0.2.1:9", "[::1]:9"].map(socket);
        let conflicting_sockets = |entries: &[SocketEntry], anywhere| {
            let seen = Snapshot::new(entries.to_vec(), false, None);
            let port = Port::new(9).expect("not 0");
            seen.conflicting_sockets(IpAddr::from([127, 0, 0, 1]), port, anywhere).listeners
        };
        for anywhere in [false, true] {
            assert_eq!(conflicting_sockets(&all, anywhere), [all[1].clone()]);
            assert_eq!(
                conflicting_sockets(&[all[0].clone(), all[2].clone()], anywhere),
                [all[2].clone()]
            );
            assert_eq!(conflicting_sockets(&all[..1], anywhere), [all[0].clone()]);
        }
        assert_eq!(conflicting_sockets(&all[3..], false), []);
        assert_eq!(conflicting_sockets(&all[3..], true), [all[3].clone()]);
    }
}
