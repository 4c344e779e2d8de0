use std::{
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use super::*;
use crate::program::{
    observation::ListenerOwner,
    script::{Script, reserved_port},
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
        tell(0)
wait()
";

/// How long a report may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Watched {
    program: Script,
    watcher: ProgramWatcher,
    reports: Receiver<(Instant, io::Result<Observation>)>,
    // The last: until then the port is ours.
    _reservation: rustix::fd::OwnedFd,
}

impl Watched {
    fn start(
        script: &str,
        monitor: impl FnOnce(shared::port::Port) -> Option<ListenerEndMonitor>,
    ) -> Self {
        let (reservation, port) = reserved_port();
        let observer = Arc::new(Observer::new(port).expect("this system tells"));
        let program = Script::start(port, script);
        let (sender, reports) = channel();
        let report = move |at, seen| {
            // The test may be over.
            let _ = sender.send((at, seen));
        };
        let monitor = monitor(port);
        let watcher = ProgramWatcher::start_with(monitor, observer, program.root(), report);
        Self { program, watcher: watcher.expect("a thread"), reports, _reservation: reservation }
    }

    /// How many listeners the next look has seen.
    fn listeners(&self) -> usize {
        let (_, seen) = self.reports.recv_timeout(PATIENCE).expect("a report");
        let seen = seen.expect("it runs");
        assert!(seen.listeners.iter().all(|one| matches!(one.owner, ListenerOwner::Tree { .. })));
        seen.listeners.len()
    }

    /// Has the program listen, or close, and waits until it has.
    fn switch(&mut self) {
        self.program.go_on();
        self.program.number();
    }
}

#[test]
fn each_look_that_is_asked_for_is_reported_with_its_time_and_no_other_is_made() {
    let mut watched = Watched::start(IN_TURNS, |_| None);
    assert!(!watched.watcher.is_monitored());
    for expected in [1, 0, 1] {
        watched.switch();
        let before = Instant::now();
        watched.watcher.look();
        let (at, seen) = watched.reports.recv_timeout(PATIENCE).expect("a report");
        assert!(at >= before);
        assert_eq!(seen.expect("it runs").listeners.len(), expected);
    }
    let none = watched.reports.recv_timeout(Duration::from_millis(100));
    assert!(none.is_err(), "{none:?}");
}

#[test]
fn a_look_follows_the_end_of_a_listener() {
    let mut watched = Watched::start(IN_TURNS, ListenerEndMonitor::open);
    assert!(watched.watcher.is_monitored());
    for _ in 0..2 {
        watched.switch();
        watched.watcher.look();
        while watched.listeners() == 0 {}
        watched.switch();
        while watched.listeners() == 1 {}
    }
}

#[test]
fn the_thread_ends_with_its_watcher() {
    for monitor in [ListenerEndMonitor::open, |_| None] {
        let Watched { watcher, reports, program, .. } = Watched::start("wait()", monitor);
        drop(watcher);
        // Until the thread has dropped its sender.
        let until = Instant::now() + PATIENCE;
        while reports.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
        assert!(Instant::now() < until, "the thread is still there");
        drop(program);
    }
}

#[test]
fn the_end_of_the_sitter_is_an_error() {
    let mut watched = Watched::start("line()", |_| None);
    watched.program.go_on();
    let until = Instant::now() + PATIENCE;
    let gone = loop {
        watched.watcher.look();
        let (at, seen) = watched.reports.recv_timeout(PATIENCE).expect("a report");
        match seen {
            Ok(_) => assert!(at < until, "it is still there"),
            Err(error) => break error,
        }
    };
    assert_eq!(gone.kind(), io::ErrorKind::NotFound);
}
