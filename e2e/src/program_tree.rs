//! The processes of a program that `launcher run` has started, held to what is promised about their end.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use shared::os;

use crate::{ReadyMessage, Running, WatchedProcess, wait_for};

/// What is promised: so long after the time that a program has to end, no process of it lives.
const MARGIN: Duration = Duration::from_millis(500);

/// The name that the system shows of a sitter.
const SITTER: &str = "homeport-sitter";

/// All processes below a launcher at one moment.
#[derive(Debug)]
pub struct ProgramTree {
    launch_id: String,
    port: u16,
    processes: Vec<WatchedProcess>,
}

impl ProgramTree {
    /// Those of now.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[track_caller]
    pub fn of(running: &Running, ready: &ReadyMessage) -> Self {
        let processes = WatchedProcess::below(running.pid());
        assert!(processes.len() > 1, "a sitter and a program: {processes:?}");
        Self { launch_id: ready.launch_id.clone(), port: ready.port, processes }
    }

    /// The process between the launcher and the program.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn sitter(&self) -> &WatchedProcess {
        self.processes.iter().find(|process| process.name() == SITTER).expect("a sitter")
    }

    /// Those of the program that have a listener on the port, in the order of their ids.
    pub fn listening(&self) -> Vec<&WatchedProcess> {
        let listeners = listeners_on(self.port);
        let has_one = |process: &&WatchedProcess| {
            listeners.iter().any(|(_, socket)| socket.is_some_and(|it| process.has_socket(it)))
        };
        let mut found: Vec<_> = self.processes.iter().filter(has_one).collect();
        found.sort_unstable_by_key(|process| process.pid());
        found
    }

    /// Checks that these processes end in the time that is promised after `since`, and that their parent, which lives
    /// on, takes note of it: a process that ends in vain looks alive to many programs.
    ///
    /// # Panics
    ///
    /// If they do not.
    #[track_caller]
    pub fn assert_ends(&self, since: Instant, stop_timeout: Duration) {
        self.wait_for_end(since, stop_timeout, || {
            let zombie = self.processes.iter().find(|process| process.is_zombie());
            zombie.map_or(Ok(()), |zombie| Err(format!("{zombie:?} was not waited for")))
        });
    }

    /// Checks that in the time that is promised after `since` they have ended, no other process of the launch lives,
    /// and no process listens on the port.
    ///
    /// # Panics
    ///
    /// If that is not so.
    #[track_caller]
    pub fn assert_leaves_nothing(&self, since: Instant, stop_timeout: Duration) {
        self.wait_for_end(since, stop_timeout, || {
            let others = WatchedProcess::with_variable("HOMEPORT_RUN", &self.launch_id);
            let listeners = listeners_on(self.port);
            (others.is_empty() && listeners.is_empty())
                .then_some(())
                .ok_or_else(|| format!("{others:?}, {listeners:?}"))
        });
    }

    #[track_caller]
    fn wait_for_end(
        &self,
        since: Instant,
        stop_timeout: Duration,
        also: impl Fn() -> Result<(), String>,
    ) {
        let living = || self.processes.iter().filter(|process| !process.has_ended());
        let took = wait_for(|| {
            // What is seen is as old as the moment before the look.
            let looked = since.elapsed();
            (living().next().is_none() && also().is_ok()).then_some(looked)
        });
        let Some(took) = took else {
            let left: Vec<_> = living().map(|process| (process.pid(), process.name())).collect();
            panic!("{left:?} live on; also {:?}", also());
        };
        assert!(
            took <= stop_timeout + MARGIN,
            "the end took {took:?} of {stop_timeout:?} + {MARGIN:?}"
        );
    }
}

/// The listeners on this port of any address, with the number that the system knows their socket by.
///
/// # Panics
///
/// If the system does not tell.
#[track_caller]
pub fn listeners_on(port: u16) -> Vec<(SocketAddr, Option<u64>)> {
    let all = os::listeners().expect("it tells").into_iter();
    all.filter(|it| it.local.port() == port).map(|it| (it.local, it.id)).collect()
}
