//! A fake system, and the classes that follow from its tables.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use super::*;
use crate::{
    conflict::{Class, Holder},
    diagnose::{BUDGET, Depth, Diagnostician, Finding},
    identity::Secret,
    os::{HoldingProcess, PortRanges, SocketEntry, SocketState, SocketTables},
    port::PortRange,
};

pub(super) const US: u32 = 1000;
const ROOT: u32 = 0;

#[derive(Default)]
pub(super) struct FakeSystem {
    pub(super) sockets: Vec<SocketEntry>,
    pub(super) holders: HashMap<u64, Vec<u32>>,
    pub(super) processes: HashMap<u32, HoldingProcess>,
    /// Who was started by whom.
    pub(super) children: Vec<(u32, u32)>,
    /// Whether it has a table of listeners alone.
    pub(super) lists_listeners: bool,
    questions: Arc<AtomicUsize>,
    /// Never answers about sockets while the other end lives.
    stuck: Option<mpsc::Receiver<Infallible>>,
}

impl FakeSystem {
    pub(super) fn with(mut self, local: &str, state: SocketState, uid: u32, pids: &[u32]) -> Self {
        let id = u64::try_from(self.sockets.len()).expect("few sockets") + 1;
        let local = local.parse().expect("an address");
        let (id_, uid) = (Some(id), Some(uid));
        self.sockets.push(SocketEntry {
            local,
            state,
            id: id_,
            uid,
            pid: None,
            waiting: 0,
            is_ipv6_only: None,
        });
        self.holders.insert(id, pids.to_vec());
        self
    }

    pub(super) fn with_process(
        mut self,
        pid: u32,
        name: &str,
        started: &str,
        orphan: bool,
    ) -> Self {
        let holder = Holder {
            pid: Some(pid),
            name: Some(name.to_owned()),
            started_at: Some(started.parse().expect("a time")),
            ..Holder::default()
        };
        self.processes.insert(pid, HoldingProcess { holder, orphan });
        self
    }

    pub(super) fn examine(self, error: &ClaimError) -> Finding {
        self.examine_port(PORT.get(), error)
    }

    pub(super) fn examine_port(self, number: u16, error: &ClaimError) -> Finding {
        let mut diagnostician = Diagnostician::of(
            Box::new(self),
            BUDGET,
            Default::default(),
            &nowhere(),
            Secret::random(),
        );
        let port = Port::new(number).expect("not 0");
        diagnostician.examine(port, error, Depth::Quick)
    }

    fn asked(&self) {
        self.questions.fetch_add(1, Ordering::Relaxed);
    }
}

impl SocketTables for FakeSystem {
    fn sockets(&self) -> io::Result<Vec<SocketEntry>> {
        self.asked();
        if let Some(stuck) = &self.stuck {
            let _ = stuck.recv();
        }
        Ok(self.sockets.clone())
    }

    fn listeners(&self) -> Option<io::Result<Vec<SocketEntry>>> {
        self.lists_listeners.then(|| {
            let listen = |socket: &&SocketEntry| socket.state == SocketState::Listen;
            Ok(self.sockets.iter().filter(listen).cloned().collect())
        })
    }

    fn holders(&self, wanted: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
        self.asked();
        let found = wanted.iter().filter_map(|id| Some((*id, self.holders.get(id)?.clone())));
        found.collect()
    }

    fn process(&self, pid: u32) -> Option<HoldingProcess> {
        self.asked();
        self.processes.get(&pid).cloned()
    }

    fn children(&self, pid: u32) -> Vec<u32> {
        self.asked();
        self.children.iter().filter(|(of, _)| *of == pid).map(|(_, child)| *child).collect()
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        self.asked();
        (uid == ROOT).then(|| "root".to_owned())
    }

    fn own_uid(&self) -> Option<u32> {
        Some(US)
    }

    fn is_restricted(&self, port: Port) -> bool {
        port.get() == 55555
    }

    fn port_ranges(&self) -> PortRanges {
        let excluded = vec![PortRange::literal(3000, 3100)];
        PortRanges { excluded, unprivileged_start: 1024, ..PortRanges::default() }
    }
}

pub(super) fn in_use() -> ClaimError {
    refused(LOOPBACKS[0], io::ErrorKind::AddrInUse)
}

pub(super) fn denied() -> ClaimError {
    refused(LOOPBACKS[0], io::ErrorKind::PermissionDenied)
}

pub(super) fn name_of(finding: &Finding) -> Option<&str> {
    finding.holder.as_ref()?.name.as_deref()
}

#[test]
fn a_listener_is_named_by_the_process_that_started_first() {
    let system = FakeSystem::default()
        .with("0.0.0.0:3030", SocketState::Listen, US, &[7, 8, 9])
        .with_process(7, "worker", "2026-11-22T12:00:01Z", false)
        .with_process(9, "master", "2026-11-22T12:00:00Z", false);
    let finding = system.examine(&in_use());
    assert_eq!((finding.class, name_of(&finding)), (Class::InUse, Some("master")));
}

#[test]
fn a_listener_of_another_user_is_told_by_its_user() {
    let system = FakeSystem::default().with("[::]:3030", SocketState::Listen, ROOT, &[]);
    let finding = system.examine(&in_use());
    let holder = Some(Holder { user: Some("root".into()), ..Holder::default() });
    assert_eq!(finding, Finding { class: Class::HiddenOwner, holder });
}

#[test]
fn our_own_listener_without_a_visible_process_is_not_called_hidden() {
    let system = FakeSystem::default().with("127.0.0.1:3030", SocketState::Listen, US, &[]);
    let finding = system.examine(&in_use());
    let holder = Some(Holder { user: Some("1000".into()), ..Holder::default() });
    assert_eq!(finding, Finding { class: Class::InUse, holder });
}

#[test]
fn a_holder_that_has_ended_since_is_no_ghost() {
    let system = FakeSystem::default().with("127.0.0.1:3030", SocketState::Listen, US, &[666]);
    let finding = system.examine(&in_use());
    let holder = Some(Holder { pid: Some(666), ..Holder::default() });
    assert_eq!(finding, Finding { class: Class::InUse, holder });
}

#[test]
fn a_connection_that_uses_the_port_is_not_called_a_listener() {
    let system = FakeSystem::default()
        .with("127.0.0.2:3030", SocketState::Listen, ROOT, &[])
        .with("127.0.0.1:3030", SocketState::Other, US, &[7])
        .with_process(7, "curl", "2026-11-22T12:00:00Z", false);
    let finding = system.examine(&in_use());
    assert_eq!((finding.class, name_of(&finding)), (Class::SourcePort, Some("curl")));
}

#[test]
fn what_is_left_of_a_connection_keeps_the_port_and_has_no_holder() {
    let mut system = FakeSystem::default().with("127.0.0.1:3030", SocketState::TimeWait, US, &[]);
    system.sockets[0].uid = None;
    let finding = system.examine(&in_use());
    assert_eq!(finding, Finding { class: Class::SourcePort, holder: None });
}

/// A server that does not share its port, and was told not to listen any more.
#[test]
fn who_has_the_port_without_listening_is_named_whatever_is_left_of_earlier_connections() {
    let bound = || {
        FakeSystem::default()
            .with("127.0.0.1:3030", SocketState::Bound, US, &[7])
            .with_process(7, "python3", "2026-11-22T12:00:00Z", false)
            .with_process(8, "node", "2026-11-22T12:00:00Z", false)
    };
    for (system, name) in [
        (bound(), "python3"),
        (bound().with("127.0.0.1:3030", SocketState::TimeWait, US, &[]), "python3"),
        (bound().with("127.0.0.1:3030", SocketState::Listen, US, &[8]), "node"),
    ] {
        let finding = system.examine(&in_use());
        assert_eq!((finding.class, name_of(&finding)), (Class::InUse, Some(name)));
    }
    let other = FakeSystem::default().with("[::1]:3030", SocketState::Bound, US, &[]);
    let finding = other.examine(&refused(LOOPBACKS[1], io::ErrorKind::AddrInUse));
    assert_eq!(finding.class, Class::OtherFamily);
}

#[test]
fn a_stranger_on_the_other_loopback_is_told_as_such() {
    let system = FakeSystem::default()
        .with("[::1]:3030", SocketState::Listen, US, &[7])
        .with_process(7, "node", "2026-11-22T12:00:00Z", false);
    let finding = system.examine(&refused(LOOPBACKS[1], io::ErrorKind::AddrInUse));
    assert_eq!((finding.class, name_of(&finding)), (Class::OtherFamily, Some("node")));
}

#[test]
fn a_port_that_nothing_is_seen_to_hold_is_still_in_use() {
    let finding = FakeSystem::default().examine(&in_use());
    assert_eq!(finding, Finding { class: Class::InUse, holder: None });
}

#[test]
fn an_error_that_is_not_about_the_port_stays_unknown() {
    let finding =
        FakeSystem::default().examine(&refused(LOOPBACKS[0], io::ErrorKind::AddrNotAvailable));
    assert_eq!(finding, Finding { class: Class::Unknown, holder: None });
}

#[test]
fn a_system_that_does_not_answer_costs_the_budget_once_and_the_error_still_speaks() {
    let (keep_stuck, stuck) = mpsc::channel();
    let system = FakeSystem { stuck: Some(stuck), ..FakeSystem::default() };
    let system = system.with("127.0.0.1:3030", SocketState::Listen, ROOT, &[]);
    let (budget, questions) = (Duration::from_millis(20), Arc::clone(&system.questions));
    let mut diagnostician = Diagnostician::of(
        Box::new(system),
        budget,
        Default::default(),
        &nowhere(),
        Secret::random(),
    );
    for _ in 0..3 {
        let finding = diagnostician.examine(PORT, &in_use(), Depth::Full);
        assert_eq!(finding, Finding { class: Class::InUse, holder: None });
    }
    let finding = diagnostician.examine(PORT, &denied(), Depth::Full);
    assert_eq!(finding, Finding { class: Class::Unknown, holder: None });
    assert_eq!(
        (questions.load(Ordering::Relaxed), diagnostician.holders.system().remaining()),
        (1, Duration::ZERO)
    );
    drop(keep_stuck);
}

#[test]
fn a_thousand_candidates_ask_the_system_no_more_than_one_does() {
    let system = FakeSystem::default()
        .with("127.0.0.1:3030", SocketState::Listen, US, &[7])
        .with_process(7, "node", "2026-11-22T12:00:00Z", false);
    let questions = Arc::clone(&system.questions);
    let mut diagnostician = Diagnostician::of(
        Box::new(system),
        BUDGET,
        Default::default(),
        &nowhere(),
        Secret::random(),
    );
    for _ in 0..1000 {
        let finding = diagnostician.examine(PORT, &in_use(), Depth::Quick);
        assert_eq!(name_of(&finding), Some("node"));
    }
    assert_eq!(questions.load(Ordering::Relaxed), 3, "sockets, holders and one process");
}
