use std::{
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use super::*;
use crate::program::{
    observation::{ListenerOwner, ObservedListener, OwnershipProof},
    script::{Script, has_ipv6, reserved_port},
};

/// A program that listens, closes and listens again each time that it reads a line.
const IN_TURNS: &str = "
if os.fork() == 0:
    while True:
        line()
        held = listen('127.0.0.1')
        tell(os.getpid())
        line()
        held.close()
wait()
";

const LIMIT: Duration = Duration::from_secs(1);

struct Watched {
    program: Script,
    watcher: ProgramWatcher,
    reports: Receiver<io::Result<Observation>>,
    // The last: until then the port is ours.
    _reservation: rustix::fd::OwnedFd,
}

impl Watched {
    fn start(
        script: &str,
        monitor: impl FnOnce(shared::port::Port) -> Option<ListenerEndMonitor>,
    ) -> Self {
        let (reservation, port) = reserved_port();
        let observer = Observer::new(port).expect("this system tells");
        let program = Script::start(port, script);
        let (sender, reports) = channel();
        let report = move |seen| {
            // The test may be over.
            let _ = sender.send(seen);
        };
        let monitor = monitor(port);
        let watcher = ProgramWatcher::start_with(monitor, observer, program.root(), report);
        Self { program, watcher: watcher.expect("a thread"), reports, _reservation: reservation }
    }

    /// How many listeners the next report has, which comes within a second.
    fn listeners(&self) -> usize {
        let seen = self.reports.recv_timeout(LIMIT).expect("a report").expect("it runs");
        assert!(seen.listeners.iter().all(|one| matches!(one.owner, ListenerOwner::Tree { .. })));
        seen.listeners.len()
    }

    fn switch(&mut self) {
        self.program.go_on();
    }
}

#[test]
fn each_change_is_reported_and_nothing_else() {
    let mut watched = Watched::start(IN_TURNS, ListenerEndMonitor::open);
    assert_eq!(watched.listeners(), 0);
    for expected in [1, 0, 1] {
        watched.switch();
        assert_eq!(watched.listeners(), expected);
    }
    watched.watcher.nudge();
    let none = watched.reports.recv_timeout(Duration::from_millis(100));
    assert!(none.is_err(), "{none:?}");
}

#[test]
fn the_end_of_the_listener_of_a_settled_program_is_reported_and_its_return() {
    let mut watched = Watched::start(IN_TURNS, ListenerEndMonitor::open);
    assert_eq!(watched.listeners(), 0);
    watched.switch();
    assert_eq!(watched.listeners(), 1);
    watched.watcher.settle();
    for expected in [0, 1, 0] {
        watched.switch();
        assert_eq!(watched.listeners(), expected);
    }
}

#[test]
fn where_the_system_does_not_tell_the_end_is_seen_all_the_same() {
    let mut watched = Watched::start(IN_TURNS, |_| None);
    assert_eq!(watched.listeners(), 0);
    watched.switch();
    assert_eq!(watched.listeners(), 1);
    watched.watcher.settle();
    watched.switch();
    let seen =
        watched.reports.recv_timeout(LONG_PAUSE + LIMIT).expect("a report").expect("it runs");
    assert_eq!(seen.listeners, []);
    watched.switch();
    assert_eq!(watched.listeners(), 1);
}

#[test]
fn a_nudge_has_a_settled_program_looked_at() {
    if !has_ipv6() {
        return;
    }
    let mut watched = Watched::start(
        "
if os.fork() == 0:
    first = listen('127.0.0.1')
    line()
    second = listen('::1')
    tell(1)
wait()
",
        ListenerEndMonitor::open,
    );
    while watched.listeners() == 0 {}
    watched.watcher.settle();
    // It has gone to rest by the time that Python listens again, or looks once more.
    watched.switch();
    watched.program.number();
    watched.watcher.nudge();
    assert_eq!(watched.listeners(), 2);
}

#[test]
fn the_thread_ends_with_its_watcher() {
    for monitor in [ListenerEndMonitor::open, |_| None] {
        let Watched { watcher, reports, program, .. } = Watched::start("wait()", monitor);
        drop(watcher);
        let until = Instant::now() + LIMIT;
        while reports.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
        assert!(Instant::now() < until, "the thread has dropped its sender");
        drop(program);
    }
}

#[test]
fn the_end_of_the_sitter_is_reported_once() {
    let mut watched = Watched::start("line()", |_| None);
    assert_eq!(watched.listeners(), 0);
    watched.switch();
    let error = watched.reports.recv_timeout(LIMIT).expect("a report").expect_err("gone");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(watched.reports.recv_timeout(Duration::from_millis(200)).is_err(), "once");
}

#[test]
fn only_a_settled_program_that_listens_is_left_alone() {
    let (_reservation, port) = reserved_port();
    let listener = ObservedListener {
        address: ([127, 0, 0, 1], port.get()).into(),
        is_ipv6_only: false,
        owner: ListenerOwner::Tree { pid: 1, proof: OwnershipProof::Descriptor },
    };
    let elsewhere = ObservedListener { address: ([127, 0, 0, 1], 0).into(), ..listener.clone() };
    let (sender, _events) = channel();
    let monitor = ListenerEndMonitor::open(port).expect("this kernel tells");
    let mut watched = WatchedProgram {
        observer: Observer::new(port).expect("this system tells"),
        root: 0,
        report: |_| {},
        monitor: Some(MonitorThread::start(monitor, sender).expect("a thread")),
        last: None,
        is_settled: true,
        unsettled_since: Instant::now(),
    };
    let mut pause_after = |last: Option<Vec<ObservedListener>>, is_settled| {
        watched.last = last.map(|listeners| Ok(Observation { listeners }));
        watched.is_settled = is_settled;
        watched.pause()
    };
    assert_eq!(pause_after(None, true), Some(SHORT_PAUSE));
    assert_eq!(pause_after(Some(vec![]), true), Some(SHORT_PAUSE));
    assert_eq!(pause_after(Some(vec![elsewhere]), true), Some(SHORT_PAUSE));
    assert_eq!(pause_after(Some(vec![listener.clone()]), false), Some(SHORT_PAUSE));
    assert_eq!(pause_after(Some(vec![listener.clone()]), true), None);
    watched.monitor = None;
    assert_eq!(watched.pause(), Some(LONG_PAUSE));
    watched.is_settled = false;
    watched.unsettled_since -= SOON;
    assert_eq!(watched.pause(), Some(PAUSE));
}
