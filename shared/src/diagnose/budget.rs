//! Queries to the system within one time budget for all of them.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use crate::os::SocketTables;

type Query = Box<dyn FnOnce(&dyn SocketTables) + Send>;

/// The system, queried by a thread of its own, and the time that remains for it. After a query that
/// does not return in time the thread is abandoned, and later queries return `None`.
pub(super) struct Budget {
    remaining: Duration,
    system: Option<Box<dyn SocketTables>>,
    queries: Option<Sender<Query>>,
}

impl Budget {
    pub(super) fn new(system: Box<dyn SocketTables>, budget: Duration) -> Self {
        Self { remaining: budget, system: Some(system), queries: None }
    }

    /// The time that remains.
    pub(super) fn remaining(&self) -> Duration {
        self.remaining
    }

    /// Runs `query` on the thread; `None` if it does not return within the remaining time.
    pub(super) fn query<T: Send + 'static>(
        &mut self,
        query: impl FnOnce(&dyn SocketTables) -> T + Send + 'static,
    ) -> Option<T> {
        if self.remaining.is_zero() {
            return None;
        }
        let started = Instant::now();
        let (to_us, answer) = mpsc::sync_channel(1);
        // After a timeout the receiver is gone, and the late answer is dropped.
        let query = move |system: &dyn SocketTables| drop(to_us.send(query(system)));
        self.worker()?.send(Box::new(query)).ok()?;
        let answer = answer.recv_timeout(self.remaining);
        self.remaining = self.remaining.saturating_sub(started.elapsed());
        if matches!(answer, Err(RecvTimeoutError::Timeout)) {
            self.remaining = Duration::ZERO;
            self.queries = None;
        }
        answer.ok()
    }

    /// The thread, started with the first query: most launches need none.
    fn worker(&mut self) -> Option<&Sender<Query>> {
        if let Some(system) = self.system.take() {
            let (to_worker, queries) = mpsc::channel::<Query>();
            let work = move || queries.into_iter().for_each(|query| query(&*system));
            thread::Builder::new().name("diagnosis".to_owned()).spawn(work).ok()?;
            self.queries = Some(to_worker);
        }
        self.queries.as_ref()
    }
}
