//! Candidate ports, in the order in which the launcher tries them.
//!
//! This module decides the order and nothing more: it opens no socket and reads no file, so equal
//! inputs give equal lists on every machine. Whether a port can be had is for
//! [`claim`](shared::claim) to find out, by listening on it.
//!
//! # Order
//!
//! 1. An explicit port, alone: it is never replaced.
//! 2. The home port of the settings.
//! 3. The last good port, so that bookmarks and saved data keep working.
//! 4. Earlier good ports, best record first.
//! 5. The port that another app was given for this one before it first ran, and a first choice computed from app and user: the same app begins at the same port after a
//!    reinstall, and two apps seldom meet.
//! 6. What portpicker proposes.
//! 7. The rest of the range, in a fixed shuffled order: a neighbour of a refused port is often
//!    refused for the same reason, so the order jumps.
//! 8. A port of the system's choice, so that the launch works at all.
//!
//! Each port is listed once, at its first place. The [`Policy`] applies in full from 5 on; before
//! that it refuses only what no browser would open, and such a candidate is listed with its refusal,
//! because a person named the port and gets the reason.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use shared::{
    assignment::Assignment,
    conflict::{Class, Origin},
    policy::{PREFERRED, Policy},
    port::{Port, PortRange},
};

/// How many ports portpicker is asked for. Each proposal costs it some eight sockets, and it knows
/// nothing that the shuffled range does not; three are enough.
pub const PROPOSALS: usize = 3;

/// A port to try, or to report as refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The port; `None` for a port of the system's choice.
    pub port: Option<Port>,
    /// Why it is on the list.
    pub origin: Origin,
    /// Why the policy refuses it; `None` if it is tried.
    pub refusal: Option<Class>,
}

/// What the order depends on.
#[derive(Debug, Clone, Copy)]
pub struct CandidateInputs<'a> {
    /// The first choice that was written down for the app, if one was.
    pub allotted: Option<Port>,
    /// The port of the command line or the environment.
    pub explicit: Option<Port>,
    /// Tried right after an explicit port.
    pub home: Option<Port>,
    /// What is remembered.
    pub assignment: &'a Assignment,
    /// The range, if it was set: remembered ports outside it are then left out, because
    /// the newer setting wins.
    pub asked_range: Option<PortRange>,
    /// What the first choice is computed from: app and user.
    pub seed: Seed,
}

/// A number computed from app and user, the same everywhere and for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The seed of `app` when run by `user`.
    pub fn new(app: &str, user: &str) -> Self {
        let digest = Sha256::digest(format!("homeport first choice 1\n{app}\n{user}"));
        Self(digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// Lists the ports to try, best first and each exactly once.
///
/// The last one has no port: it asks the system. An explicit port is the only one on its list.
///
/// # Examples
///
/// ```
/// use launcher::candidates::{Seed, CandidateInputs, candidates};
/// use shared::{assignment::Assignment, conflict::Origin, os::PortRanges, policy::Policy, port::{Port, PortRange}};
///
/// let live = PortRanges { unprivileged_start: 1024, ..PortRanges::default() };
/// let policy = Policy::new(PortRange::literal(20000, 20002), live, vec![], Default::default());
/// let nothing = Assignment::default();
/// let inputs = CandidateInputs {
///     allotted: None,
///     explicit: None,
///     home: Port::new(3030),
///     assignment: &nothing,
///     asked_range: None,
///     seed: Seed::new("notes", "ada"),
/// };
/// let list: Vec<_> = candidates(&inputs, &policy, || None).collect();
/// assert_eq!((list[0].port, list[0].origin), (Port::new(3030), Origin::Home));
/// assert_eq!(list.len(), 1 + 3 + 1);
/// assert_eq!((list[4].port, list[4].origin), (None, Origin::Temporary));
/// ```
pub fn candidates<'a>(
    inputs: &CandidateInputs<'a>,
    policy: &'a Policy,
    propose: impl FnMut() -> Option<Port> + 'a,
) -> impl Iterator<Item = Candidate> + 'a {
    let asked_range = inputs.asked_range;
    let wanted = move |port: &Port| asked_range.is_none_or(|range| range.contains(*port));
    let with = |origin| move |port| (Some(port), origin);

    let explicit = inputs.explicit.map(with(Origin::Explicit));
    let mut good = inputs.assignment.ports().map(|good| good.port);
    let last_good = inputs.assignment.last_good.and_then(|_| good.next());
    let remembered = inputs
        .home
        .map(with(Origin::Home))
        .into_iter()
        .chain(last_good.filter(wanted).map(with(Origin::LastGood)))
        .chain(good.filter(wanted).map(with(Origin::EarlierGood)));
    let chosen = inputs
        .allotted
        .filter(wanted)
        .into_iter()
        .chain([first_choice(policy, inputs.seed)])
        .map(with(Origin::FirstChoice))
        .chain(proposals(propose, policy.range()).map(with(Origin::Proposed)))
        .chain(shuffled(policy.range(), inputs.seed).map(with(Origin::Range)));
    let rest = remembered.chain(chosen).chain([(None, Origin::Temporary)]);

    let alone = inputs.explicit.is_some();
    let mut seen = HashSet::new();
    explicit
        .into_iter()
        .chain(rest.filter(move |_| !alone))
        .filter(move |(port, _)| seen.insert(*port))
        .filter_map(|(port, origin)| {
            let refusal = port.and_then(|port| policy.refusal(port, origin));
            let is_listed = origin.is_remembered() || refusal.is_none();
            is_listed.then_some(Candidate { port, origin, refusal })
        })
}

/// The ports that are worth trying for an app of which nothing is remembered, the first choice first. It may come twice.
pub fn first_choices(policy: &Policy, seed: Seed) -> impl Iterator<Item = Port> {
    let ports = std::iter::once(first_choice(policy, seed)).chain(shuffled(policy.range(), seed));
    ports.filter(|port| policy.refusal(*port, Origin::Range).is_none())
}

/// The first choice: in the preferred window as far as the range goes there, else in the range.
fn first_choice(policy: &Policy, seed: Seed) -> Port {
    let window = policy.range().intersection(PREFERRED).unwrap_or(policy.range());
    nth(window, seed.0)
}

fn proposals(
    propose: impl FnMut() -> Option<Port>,
    range: PortRange,
) -> impl Iterator<Item = Port> {
    std::iter::repeat_with(propose)
        .take(PROPOSALS)
        .flatten()
        .filter(move |port| range.contains(*port))
}

/// Every port of `range` once, each far from the one before.
///
/// Steps of a width that shares no divisor with the length of a circle visit every point of it. A
/// width near 0.618 of the length is the one whose visits spread most evenly.
fn shuffled(range: PortRange, seed: Seed) -> impl Iterator<Item = Port> {
    let length = range.count() as u64;
    let golden = (length as f64 * 0.618_033_988_75) as u64;
    let width =
        (golden.max(1)..).find(|&width| greatest_common_divisor(width, length) == 1).unwrap_or(1);
    (0..length).map(move |n| nth(range, (seed.0 % length) + n * width))
}

/// The port at this place of the range, counted round and round.
fn nth(range: PortRange, place: u64) -> Port {
    let offset = (place % range.count() as u64) as u16;
    Port::new(range.first().get() + offset).unwrap_or(range.first())
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod test {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use shared::os::PortRanges;

    use super::*;

    fn port(number: u16) -> Port {
        Port::new(number).expect("not 0")
    }

    fn policy(range: PortRange) -> Policy {
        let live = PortRanges {
            ephemeral: Some(PortRange::literal(32768, 60999)),
            excluded: vec![PortRange::literal(20010, 20020)],
            restricted: vec![],
            unprivileged_start: 1024,
        };
        Policy::new(range, live, vec![], BTreeMap::new())
    }

    fn remembering(ports: &[u16]) -> Assignment {
        let mut assignment = Assignment::default();
        for &number in ports {
            assignment.assign(port(number), Origin::Range, Timestamp::UNIX_EPOCH);
        }
        assignment
    }

    fn inputs(assignment: &Assignment) -> CandidateInputs<'_> {
        let seed = Seed::new("server", "ada");
        let (allotted, explicit, home, asked_range) = (None, None, None, None);
        CandidateInputs { allotted, explicit, home, assignment, asked_range, seed }
    }

    #[test]
    fn the_first_choice_is_the_same_for_ever() {
        let policy = policy(shared::policy::DEFAULT_RANGE);
        // 17000 + (the first 8 bytes of the SHA-256 of the seed's text, big-endian) mod 7000.
        assert_eq!(first_choice(&policy, Seed::new("server", "ada")).get(), 18897);
    }

    #[test]
    fn an_explicit_port_stands_alone() {
        let (assignment, policy) = (remembering(&[17005]), policy(shared::policy::DEFAULT_RANGE));
        let inputs = CandidateInputs {
            explicit: Some(port(3030)),
            home: Some(port(4040)),
            ..inputs(&assignment)
        };
        let list: Vec<_> = candidates(&inputs, &policy, || Some(port(18000))).collect();
        assert_eq!(
            list,
            [Candidate { port: Some(port(3030)), origin: Origin::Explicit, refusal: None }]
        );
    }

    #[test]
    fn a_port_that_was_written_down_takes_the_place_of_the_first_choice_and_obeys_the_policy() {
        let (assignment, policy) = (remembering(&[17005]), policy(shared::policy::DEFAULT_RANGE));
        let list_in = |asked_range, allotted: u16| {
            let allotted = Some(port(allotted));
            let inputs = CandidateInputs { allotted, asked_range, ..inputs(&assignment) };
            candidates(&inputs, &policy, || None).take(3).collect::<Vec<_>>()
        };
        let list = |allotted| list_in(None, allotted);
        let tried = |number, origin| Candidate { port: Some(port(number)), origin, refusal: None };
        let first = tried(18897, Origin::FirstChoice);
        let written = tried(17999, Origin::FirstChoice);
        assert_eq!(list(17999), [tried(17005, Origin::LastGood), written, first]);
        assert_eq!(list(20010)[1], first);
        let asked = PortRange::literal(18000, 18999);
        assert_eq!(
            list_in(Some(asked), 17999)[0],
            first,
            "not the one outside of what was asked for"
        );
        assert_eq!(first_choices(&policy, Seed::new("server", "ada")).next(), first.port);
    }

    #[test]
    fn remembered_ports_outside_an_asked_range_are_left_out_but_the_home_port_is_not() {
        let assignment = remembering(&[17005, 20001]);
        let range = PortRange::literal(20000, 20005);
        let policy = policy(range);
        let inputs = CandidateInputs {
            home: Some(port(3030)),
            asked_range: Some(range),
            ..inputs(&assignment)
        };
        let list: Vec<_> =
            candidates(&inputs, &policy, || None).map(|c| (c.port, c.origin)).collect();
        assert_eq!(
            list[..2],
            [(Some(port(3030)), Origin::Home), (Some(port(20001)), Origin::LastGood)]
        );
        assert!(!list.iter().any(|(p, _)| *p == Some(port(17005))));
    }

    #[test]
    fn a_remembered_port_that_browsers_block_is_listed_with_its_refusal() {
        let (assignment, policy) = (remembering(&[6000]), policy(shared::policy::DEFAULT_RANGE));
        let first = candidates(&inputs(&assignment), &policy, || None).next().expect("listed");
        assert_eq!(first.refusal, Some(Class::BrowserBlocked));
    }

    proptest! {
        #[test]
        fn every_port_is_listed_once_none_that_is_refused_and_the_system_is_asked_last(
            (first, last) in (1..=u16::MAX, 1..=u16::MAX).prop_map(|(a, b)| (a.min(b), a.max(b).min(a.min(b).saturating_add(3000)))),
            remembered in proptest::collection::vec(1..=u16::MAX, 0..5),
            home in proptest::option::of(1..=u16::MAX),
            proposal in 1..=u16::MAX,
            app in "[a-z]{1,8}",
        ) {
            let (assignment, policy) = (remembering(&remembered), policy(PortRange::literal(first, last)));
            let inputs = CandidateInputs { home: home.map(port), seed: Seed::new(&app, "ada"), ..inputs(&assignment) };
            let list: Vec<_> = candidates(&inputs, &policy, || Some(port(proposal))).collect();
            let distinct: HashSet<_> = list.iter().map(|candidate| candidate.port).collect();
            prop_assert_eq!(distinct.len(), list.len());
            prop_assert_eq!(list.last().expect("never empty").port, None);
            for candidate in &list {
                let refusal = candidate.port.and_then(|port| policy.refusal(port, candidate.origin));
                prop_assert_eq!(refusal, candidate.refusal);
                prop_assert!(candidate.origin.is_remembered() || refusal.is_none());
            }
            let missing = policy.allowed().find(|port| !distinct.contains(&Some(*port)));
            prop_assert_eq!(missing, None);
            let again: Vec<_> = candidates(&inputs, &policy, || Some(port(proposal))).collect();
            prop_assert_eq!(again, list);
        }
    }
}
