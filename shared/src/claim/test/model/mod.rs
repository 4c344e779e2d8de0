//! The claim, carried out on systems that are nothing but their bind tables, with a stranger who may
//! come at any moment and ask in any way.
//!
//! A program that listens on our addresses before us keeps the port, and the claim is refused. One that
//! comes later never gets a connection to an address of ours: mostly because the system refuses him,
//! and where it lets him in, because he has the wildcard and the closer address is ours. No option
//! prevents that, and a test lists those cases.
//!
//! On Linux a program that is merely bound before us keeps the port too, because that may be the reservation of
//! another app; beside our own reservation only a program that sets `SO_REUSEADDR` gets it.

mod system;

use std::{collections::BTreeSet, net::IpAddr};

use self::system::{Modelled, PORT, Stranger, US};
use crate::{
    claim::{ClaimError, LOOPBACKS, carry_out::carry_out},
    os::bind_table::{BindRules, Bound, Sharing},
};

const ANOTHER_USER: u32 = US + 1;
const SYSTEMS: [BindRules; 3] = [BindRules::Linux, BindRules::Windows, BindRules::MacOs];

/// More than any claim asks, so that the last stranger comes when all is done.
const MOMENTS: usize = 10;

/// How a claim ended for us and for the stranger.
struct End {
    ours: Result<(), ClaimError>,
    /// Whether the stranger listens where a connection to one of our addresses could arrive.
    he_listens: bool,
    /// Whether a connection to one of our addresses may become the stranger's.
    is_shared: bool,
    /// Whether the stranger came after our last attempt to bind.
    he_was_late: bool,
}

fn claim_beside(rules: BindRules, stranger: Stranger, has_probes: bool) -> End {
    let system = Modelled::new(rules, stranger, has_probes);
    let sockets = carry_out(&system, &LOOPBACKS, PORT, true);
    let he_was_late = system.it_is_over();
    let end = End {
        he_was_late,
        he_listens: LOOPBACKS.iter().any(|&ip| system.is_reached(ip)),
        is_shared: LOOPBACKS.iter().any(|&ip| system.is_shared(ip)),
        ours: sockets
            .as_ref()
            .map(|_| ())
            .map_err(|error| ClaimError { source: error.source.kind().into(), ..*error }),
    };
    drop(sockets);
    end
}

/// Every stranger of a system, at every address that meets one of ours or none.
fn strangers(rules: BindRules) -> impl Iterator<Item = Stranger> {
    let addresses =
        ["127.0.0.1", "0.0.0.0", "::1", "::", "192.0.2.1", "127.0.0.2", "::ffff:127.0.0.1"];
    let sockets = addresses.into_iter().flat_map(move |ip| {
        let ip: IpAddr = ip.parse().expect("an address");
        let kinds = [(false, US), (true, US), (false, ANOTHER_USER), (true, ANOTHER_USER)];
        let kinds = kinds.into_iter().filter(move |(dual, _)| !dual || ip.is_ipv6());
        kinds.flat_map(move |(dual, user)| {
            rules.ways().iter().map(move |&sharing| Bound {
                ip,
                dual,
                sharing,
                listens: false,
                user,
            })
        })
    });
    sockets.flat_map(|socket| {
        (0..MOMENTS).flat_map(move |comes_after| {
            [true, false].map(|listens_at_once| Stranger { socket, comes_after, listens_at_once })
        })
    })
}

fn every_pair() -> impl Iterator<Item = (BindRules, Stranger)> {
    SYSTEMS.into_iter().flat_map(|rules| strangers(rules).map(move |stranger| (rules, stranger)))
}

#[test]
fn a_port_without_other_sockets_is_claimed_except_where_the_probe_cannot_tell() {
    for (rules, stranger) in every_pair() {
        let ip = stranger.socket.ip;
        let meets = ip.is_unspecified() || LOOPBACKS.contains(&ip.to_canonical());
        let end = claim_beside(rules, stranger, true);
        if !meets && rules != BindRules::Windows {
            assert!(end.ours.is_ok(), "{rules:?} {stranger:?}");
        }
    }
}

#[test]
fn an_earlier_listener_keeps_the_port_whatever_its_options() {
    for (rules, stranger) in every_pair() {
        let end = claim_beside(rules, stranger, true);
        let was_first = stranger.comes_after == 0 && stranger.listens_at_once;
        if was_first && end.he_listens {
            let error = end.ours.expect_err("the port is his");
            assert!(error.is_conflict(), "{rules:?} {stranger:?} {error:?}");
        }
    }
}

#[test]
fn no_claim_ends_with_a_shared_port() {
    for (rules, stranger) in every_pair() {
        let end = claim_beside(rules, stranger, true);
        assert!(end.ours.is_err() || !end.is_shared, "{rules:?} {stranger:?}");
    }
}

#[test]
fn without_the_probe_we_would_take_a_strangers_connections_on_windows_and_on_macos() {
    let takes_over = |rules| {
        strangers(rules).any(|stranger| {
            let end = claim_beside(rules, stranger, false);
            let was_first = stranger.comes_after == 0 && stranger.listens_at_once;
            was_first && end.he_listens && end.ours.is_ok()
        })
    };
    assert_eq!(SYSTEMS.map(takes_over), [false, true, true]);
}

/// A wildcard beside our two addresses gets what goes to other addresses of the machine. Who comes
/// while the claim is under way ends there too.
#[test]
fn a_wildcard_is_all_that_a_second_comer_can_have_beside_a_claim() {
    let mut let_in = BTreeSet::new();
    for (rules, stranger) in every_pair() {
        let end = claim_beside(rules, stranger, true);
        if end.ours.is_ok() && end.he_listens {
            assert!(stranger.socket.ip.is_unspecified(), "{rules:?} {stranger:?}");
            let when = if end.he_was_late { "later" } else { "meanwhile" };
            let who = if stranger.socket.user == US { "same user" } else { "another user" };
            let_in.insert(format!("{rules:?}: {:?}, {who}, {when}", stranger.socket.sharing));
        }
    }
    let expected = [
        "MacOs: Default, same user, meanwhile",
        "MacOs: Reuse, same user, later",
        "MacOs: Reuse, same user, meanwhile",
        "MacOs: ReusePort, same user, later",
        "MacOs: ReusePort, same user, meanwhile",
        "Windows: Default, another user, later",
        "Windows: Default, another user, meanwhile",
        "Windows: Default, same user, later",
        "Windows: Default, same user, meanwhile",
        "Windows: Reuse, another user, later",
        "Windows: Reuse, another user, meanwhile",
        "Windows: Reuse, same user, later",
        "Windows: Reuse, same user, meanwhile",
    ];
    assert_eq!(let_in.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// A reservation and what becomes of it, on Linux.
struct Reserved {
    ours: bool,
    /// Whether the stranger has a socket on one of our addresses.
    he_is_bound: bool,
    /// Whether the stranger listens there.
    he_listens: bool,
    he_was_late: bool,
}

fn reserve_beside(stranger: Stranger, is_after_a_run: bool) -> Reserved {
    let system = Modelled::new(BindRules::Linux, stranger, true);
    let system = if is_after_a_run { system.after_a_run() } else { system };
    let sockets = carry_out(&system, &LOOPBACKS, PORT, false);
    let he_was_late = system.it_is_over();
    Reserved {
        he_was_late,
        ours: sockets.is_ok(),
        he_is_bound: system.is_bound_beside_us(),
        he_listens: LOOPBACKS.iter().any(|&ip| system.is_reached(ip)),
    }
}

fn strangers_of_linux() -> impl Iterator<Item = (Stranger, bool)> {
    strangers(BindRules::Linux).flat_map(|stranger| [(stranger, false), (stranger, true)])
}

/// I1, of a program.
#[test]
fn beside_a_reservation_a_program_that_asks_with_the_option_listens_and_no_other_one_is_bound() {
    for (stranger, is_after_a_run) in strangers_of_linux() {
        let end = reserve_beside(stranger, is_after_a_run);
        let may_be_over_it = stranger.socket.sharing == Sharing::Reuse;
        let meets = stranger.socket.ip.is_unspecified()
            || LOOPBACKS.contains(&stranger.socket.ip.to_canonical());
        if end.ours && end.he_was_late && meets {
            // What is left of his own connections would not keep him out either.
            assert_eq!(end.he_is_bound, may_be_over_it, "{stranger:?}");
            assert_eq!(end.he_listens, may_be_over_it, "{stranger:?}");
        }
    }
}

#[test]
fn who_is_bound_before_us_keeps_the_port_from_claims_and_reservations_whatever_is_left_of_a_run() {
    for (stranger, is_after_a_run) in strangers_of_linux() {
        let meets = stranger.socket.ip.is_unspecified()
            || LOOPBACKS.contains(&stranger.socket.ip.to_canonical());
        let system = || {
            let system = Modelled::new(BindRules::Linux, stranger, true);
            if is_after_a_run { system.after_a_run() } else { system }
        };
        for is_to_listen in [true, false] {
            let system = system();
            let sockets = carry_out(&system, &LOOPBACKS, PORT, is_to_listen);
            if stranger.comes_after == 0 && meets && system.is_bound_beside_us() {
                assert!(sockets.is_err(), "{stranger:?}, {is_after_a_run}, {is_to_listen}");
            }
        }
    }
}

#[test]
fn what_is_left_of_a_run_costs_neither_a_claim_nor_a_reservation_its_port() {
    let socket = Bound {
        ip: IpAddr::from([192, 0, 2, 1]),
        dual: false,
        sharing: Sharing::Default,
        listens: false,
        user: US,
    };
    for is_to_listen in [true, false] {
        let stranger = Stranger { socket, comes_after: 0, listens_at_once: true };
        let system = Modelled::new(BindRules::Linux, stranger, true).after_a_run();
        let sockets = carry_out(&system, &LOOPBACKS, PORT, is_to_listen);
        assert_eq!(sockets.map(|had| had.len()).ok(), Some(LOOPBACKS.len()));
    }
}
