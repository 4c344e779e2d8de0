//! The steps of a claim or a reservation, as data: what is asked of the system, in which order, and how.
//!
//! The plan follows from the [`BindRules`] of the system and the addresses that are wanted, and from
//! nothing else. [`carry_out`](super::carry_out) asks the real system, or in tests one that is made
//! of the bind table; so what is proved of a plan there is proved of the claim.
//!
//! Every address is bound before the first one listens: a listening socket that is closed again,
//! because the next address fails, would reset connections to it.
//!
//! # Linux
//!
//! Bind without `SO_REUSEADDR`, which is refused beside every other socket, also one that is merely bound: that may
//! be the reservation of another app. Then set the option on the bound socket. On a reservation it lets the program
//! listen over it, and a listener hands it down to its connections, so that the next claim gets past them.
//!
//! What is left of the connections of our own last run (`TIME_WAIT`) refuses such a bind too. So a refused bind is
//! tried again with the option, which no connection of a server like ours refuses. What it gets is kept only if
//! nothing but connections is there, by the tables of the system; they are read for this alone.
//!
//! # Windows
//!
//! Bind with `SO_EXCLUSIVEADDRUSE`, so that no program takes the address over. That still succeeds on
//! `127.0.0.1` beside a stranger's `0.0.0.0`, and ours would take the stranger's connections. Only an
//! exclusive *wildcard* is refused beside every other socket of its family. So one is bound first, as
//! a probe, and closed without listening; no wait after closing blocks it. The probes come before all
//! else, because our own sockets would make them fail too.
//!
//! # macOS
//!
//! Bind with `SO_REUSEADDR`, for `TIME_WAIT`, which here also succeeds beside a wildcard of the same
//! user. A wildcard without it is refused beside every other socket, but also beside a `TIME_WAIT`.
//! So it is the probe, and where it is refused a connection attempt shows whether a program listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::os::bind_table::{BindRules, Sharing};

/// One attempt to bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Bind the wildcard of a family and close it again.
    Probe {
        /// The wildcard of its family.
        every: IpAddr,
        /// The option that the socket is bound with.
        sharing: Sharing,
        /// The claimed address that an error of this step names.
        wanted: IpAddr,
        /// Whether a refusal counts only if a program accepts connections at `wanted`.
        unless_silent: bool,
    },
    /// Bind an address, to keep it.
    Bind {
        ip: IpAddr,
        /// The option that the socket is bound with.
        sharing: Sharing,
        /// The option of a second attempt, where the first is refused and nothing but connections, open or
        /// over, has the address.
        beside_connections: Option<Sharing>,
    },
}

impl Step {
    /// The claimed address that an error of this step names.
    pub(super) fn wanted(self) -> IpAddr {
        match self {
            Self::Probe { wanted, .. } => wanted,
            Self::Bind { ip, .. } => ip,
        }
    }
}

/// The steps that lead to sockets on these addresses. For a claim all of them then listen, in the same order.
pub(super) fn plan(rules: BindRules, addresses: &[IpAddr]) -> Vec<Step> {
    let (probe, unless_silent, sharing) = match rules {
        BindRules::Linux => (None, false, Sharing::ReuseAfterBind),
        BindRules::Windows => (Some(Sharing::Exclusive), false, Sharing::Exclusive),
        BindRules::MacOs => (Some(Sharing::Default), true, Sharing::Reuse),
    };
    let families = addresses.iter().filter(|&&ip| is_first_of_its_family(ip, addresses));
    let probes = families.filter_map(|&wanted| {
        // An exclusive wildcard that is wanted itself is refused beside every socket as it is.
        let asks_alike = probe == Some(sharing) && wanted.is_unspecified();
        let every = every_address_like(wanted);
        probe.filter(|_| !asks_alike).map(|sharing| Step::Probe {
            every,
            sharing,
            wanted,
            unless_silent,
        })
    });
    let beside_connections = (sharing == Sharing::ReuseAfterBind).then_some(Sharing::Reuse);
    let binds = addresses.iter().map(|&ip| Step::Bind { ip, sharing, beside_connections });
    probes.chain(binds).collect()
}

fn is_first_of_its_family(ip: IpAddr, addresses: &[IpAddr]) -> bool {
    addresses.iter().find(|other| other.is_ipv4() == ip.is_ipv4()) == Some(&ip)
}

/// `0.0.0.0` for an IPv4 address, `::` for an IPv6 one.
pub(super) fn every_address_like(ip: IpAddr) -> IpAddr {
    if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::claim::LOOPBACKS;

    #[test]
    fn linux_needs_no_probe_and_the_others_probe_each_family_once_before_all_else() {
        let [v4, v6] = LOOPBACKS;
        let wanted = [v4, v6, IpAddr::from([192, 0, 2, 1])];
        assert_eq!(plan(BindRules::Linux, &wanted).len(), 3);
        for rules in [BindRules::Windows, BindRules::MacOs] {
            let steps = plan(rules, &wanted);
            let is_probe = |step: &Step| matches!(step, Step::Probe { .. });
            let probes: Vec<_> = steps.iter().map(is_probe).collect();
            assert_eq!(probes, [true, true, false, false, false], "{rules:?}");
        }
    }

    #[test]
    fn linux_alone_tries_a_refused_address_again() {
        for rules in [BindRules::Linux, BindRules::Windows, BindRules::MacOs] {
            let is_tried_again =
                |step| matches!(step, Step::Bind { beside_connections: Some(Sharing::Reuse), .. });
            let again = plan(rules, &LOOPBACKS).into_iter().filter(|&step| is_tried_again(step));
            let wanted = if rules == BindRules::Linux { LOOPBACKS.len() } else { 0 };
            assert_eq!(again.count(), wanted, "{rules:?}");
        }
    }

    #[test]
    fn a_wildcard_that_is_wanted_is_its_own_probe_where_it_is_asked_for_in_the_same_way() {
        let every = every_address_like(LOOPBACKS[0]);
        let steps = |rules| plan(rules, &[every, LOOPBACKS[1]]).len();
        assert_eq!((steps(BindRules::Windows), steps(BindRules::MacOs)), (3, 4));
    }
}
