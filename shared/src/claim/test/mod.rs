//! Claims on this very system, and on the three systems as their bind tables describe them.

mod model;
mod reservation;

use super::*;

#[test]
fn a_claim_holds_both_loopbacks_alone() {
    let claim = any().expect("some port");
    assert!(claim.addresses().iter().all(|a| a.port() == claim.port().get()));
    let error = port(claim.port()).expect_err("ours already");
    assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
    assert!(error.is_conflict() && !error.other_had);
}

#[test]
fn a_released_port_can_be_claimed_at_once() {
    let first = any().expect("some port");
    let number = first.port();
    drop(first);
    assert_eq!(port(number).expect("released").port(), number);
}

#[test]
fn a_stranger_on_the_other_family_makes_the_port_a_conflict() {
    let Ok(stranger) = listen(&LOOPBACKS[1..], 0) else { return };
    let error = port(stranger.port()).expect_err("a stranger is on ::1");
    assert!(error.other_had && error.address.is_ipv6());
}
