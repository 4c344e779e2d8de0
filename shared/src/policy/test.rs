//! What a policy may never propose, and what it must let pass.

use proptest::prelude::*;

use super::*;
use crate::os::PortRanges;

const EPHEMERAL: PortRange = PortRange::literal(32768, 60999);
const ORIGINS_OF_OURS: [Origin; 3] = [Origin::FirstChoice, Origin::Proposed, Origin::Range];
const REMEMBERED: [Origin; 5] =
    [Origin::Explicit, Origin::Home, Origin::LastGood, Origin::EarlierGood, Origin::Further];

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

fn live(ephemeral: Option<PortRange>, excluded: &[PortRange]) -> PortRanges {
    let restricted = vec![PortRange::literal(55555, 55555)];
    PortRanges { ephemeral, excluded: excluded.to_vec(), restricted, unprivileged_start: 1024 }
}

fn policy(range: PortRange, live: PortRanges) -> Policy {
    Policy::new(range, live, Vec::new(), BTreeMap::new())
}

#[test]
fn browsers_block_83_ports_and_none_above_10080() {
    assert!(BROWSER_BLOCKED.is_sorted_by(|a, b| a < b));
    assert_eq!((BROWSER_BLOCKED.len(), BROWSER_BLOCKED.last()), (83, Some(&10080)));
}

#[test]
fn the_crowded_ports_leave_first_choices_alone() {
    assert!(CROWDED.is_sorted_by(|a, b| a.last() < b.first()));
    assert!(CROWDED.iter().all(|range| range.intersection(PREFERRED).is_none()));
    assert_eq!(DEFAULT_RANGE.intersection(PREFERRED), Some(PREFERRED));
}

#[test]
fn the_gravest_fault_is_told_first_and_all_of_them_on_request() {
    let everything = PortRange::literal(1, 65535);
    let reserved = BTreeMap::from([(port(80), "notes".parse().expect("a name"))]);
    let live = live(Some(everything), &[everything]);
    let policy = Policy::new(everything, live, vec![everything], reserved);
    assert_eq!(policy.remarks(port(79)), [FAULTS[0], FAULTS[1], FAULTS[2], FAULTS[4], FAULTS[6]]);
    let but_restricted: Vec<_> =
        FAULTS[1..].iter().copied().filter(|c| *c != Class::Restricted).collect();
    assert_eq!(policy.remarks(port(80)), but_restricted);
    assert!(policy.remarks(port(55555)).contains(&Class::Restricted));
    assert_eq!(policy.refusal(port(79), Origin::Range), Some(Class::BrowserBlocked));
    assert_eq!(policy.refusal(port(80), Origin::Range), Some(Class::Privileged));
    assert_eq!(policy.reserved_by(port(80)).map(AppName::as_str), Some("notes"));
}

#[test]
fn a_dynamic_range_that_leaves_too_little_is_ignored_and_what_is_excluded_is_not() {
    let dynamic = PortRange::literal(1024, 65535);
    let excluded = PortRange::literal(20000, 20999);
    let policy = policy(DEFAULT_RANGE, live(Some(dynamic), &[excluded]));
    assert_eq!(policy.ignores_ephemeral(), Some(dynamic));
    assert_eq!(policy.refusal(port(20000), Origin::Range), Some(Class::Excluded));
    assert_eq!(policy.refusal(port(19999), Origin::Range), None);
    assert_eq!(policy.remarks(port(19999)), [Class::Ephemeral]);
}

#[test]
fn the_system_is_not_asked_for_its_ranges_before_a_port_has_to_be_chosen() {
    let policy = Policy::new(DEFAULT_RANGE, LiveRanges::default(), Vec::new(), BTreeMap::new());
    for origin in REMEMBERED {
        assert_eq!(policy.refusal(port(3030), origin), None);
        assert_eq!(policy.refusal(port(6000), origin), Some(Class::BrowserBlocked));
    }
    assert!(!policy.live.are_known());
    let _ = policy.refusal(port(17000), Origin::FirstChoice);
    assert!(policy.live.are_known());
}

/// Row 30 of the test matrix: WSL in mirrored mode keeps such a block, wherever it likes.
#[test]
fn the_block_that_wsl_keeps_for_its_guests_is_left_out_whole() {
    let block = PortRange::literal(17000, 21095);
    let policy = policy(DEFAULT_RANGE, live(None, &[block]));
    assert!(block.ports().all(|port| policy.refusal(port, Origin::FirstChoice).is_some()));
    assert!(policy.allowed().all(|port| !block.contains(port)));
    assert_eq!(policy.refusal(port(21096), Origin::FirstChoice), None);
}

#[test]
fn a_narrow_range_does_not_make_the_dynamic_range_too_wide() {
    let narrow = PortRange::literal(20000, 20009);
    assert_eq!(policy(narrow, live(Some(EPHEMERAL), &[])).ignores_ephemeral(), None);
    let policy = policy(PortRange::literal(32700, 40000), live(Some(EPHEMERAL), &[]));
    assert_eq!(policy.ignores_ephemeral(), Some(EPHEMERAL));
}

#[test]
fn a_range_of_nothing_but_crowded_ports_is_meant_and_what_is_avoided_is_not() {
    let avoid = vec![PortRange::from(port(27001))];
    let range = PortRange::literal(27000, 27003);
    let policy = Policy::new(range, live(None, &[]), avoid, BTreeMap::new());
    assert_eq!(policy.allowed().map(Port::get).collect::<Vec<_>>(), [27000, 27002, 27003]);
    assert_eq!(policy.refusal(port(27001), Origin::Range), Some(Class::Crowded));
}

fn range() -> impl Strategy<Value = PortRange> {
    (1..=u16::MAX, 0..3000_u16)
        .prop_map(|(first, more)| PortRange::literal(first, first.saturating_add(more)))
}

proptest! {
    #[test]
    fn no_port_with_a_fault_is_ever_proposed(
        range in range(),
        ephemeral in proptest::option::of(range()),
        excluded in proptest::collection::vec(range(), 0..4),
        avoid in proptest::collection::vec(range(), 0..3),
        reserved in 1..=u16::MAX,
    ) {
        let reserved = BTreeMap::from([(port(reserved), AppName::default())]);
        let live = live(ephemeral, &excluded);
        let policy = Policy::new(range, live, avoid.clone(), reserved);
        for allowed in policy.allowed() {
            prop_assert!(range.contains(allowed) && !holds(&avoid, allowed));
            let mut faults = policy.remarks(allowed);
            faults.retain(|&fault| fault != Class::Ephemeral || !policy.spares_ephemeral());
            faults.retain(|&fault| fault != Class::Crowded || !policy.spares_crowded);
            prop_assert_eq!(faults, []);
        }
    }

    #[test]
    fn a_port_that_was_asked_for_is_refused_only_as_browser_blocked(
        number in 1..=u16::MAX,
        excluded in range(),
    ) {
        let policy = policy(DEFAULT_RANGE, live(Some(EPHEMERAL), &[excluded]));
        let blocked = BROWSER_BLOCKED.contains(&number).then_some(Class::BrowserBlocked);
        for origin in REMEMBERED.into_iter().chain([Origin::Temporary, Origin::Inherited]) {
            prop_assert_eq!(policy.refusal(port(number), origin), blocked);
        }
        let first = policy.remarks(port(number)).first().copied();
        for origin in ORIGINS_OF_OURS {
            prop_assert_eq!(policy.refusal(port(number), origin), first);
        }
    }
}
