//! Questions to the system, all of them together within one budget.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use crate::os::SocketTables;

type Question = Box<dyn FnOnce(&dyn SocketTables) + Send>;

/// A system that is asked by a thread of its own. If it does not answer in time the thread is left
/// behind, and nothing is asked again.
pub(super) struct TimeBox {
    left: Duration,
    system: Option<Box<dyn SocketTables>>,
    questions: Option<Sender<Question>>,
}

impl TimeBox {
    pub(super) fn new(system: Box<dyn SocketTables>, budget: Duration) -> Self {
        Self { left: budget, system: Some(system), questions: None }
    }

    /// What is left of the budget.
    pub(super) fn left(&self) -> Duration {
        self.left
    }

    /// Asks, and waits for the answer as long as the budget lasts.
    pub(super) fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&dyn SocketTables) -> T + Send + 'static,
    ) -> Option<T> {
        if self.left.is_zero() {
            return None;
        }
        let started = Instant::now();
        let (to_us, answer) = mpsc::sync_channel(1);
        // Nobody waits any more for an answer that comes too late.
        let question = move |system: &dyn SocketTables| drop(to_us.send(question(system)));
        self.worker()?.send(Box::new(question)).ok()?;
        let answer = answer.recv_timeout(self.left);
        self.left = self.left.saturating_sub(started.elapsed());
        if matches!(answer, Err(RecvTimeoutError::Timeout)) {
            self.left = Duration::ZERO;
            self.questions = None;
        }
        answer.ok()
    }

    /// The thread, started with the first question: most launches have none.
    fn worker(&mut self) -> Option<&Sender<Question>> {
        if let Some(system) = self.system.take() {
            let (to_worker, questions) = mpsc::channel::<Question>();
            let work = move || questions.into_iter().for_each(|question| question(&*system));
            thread::Builder::new().name("diagnosis".to_owned()).spawn(work).ok()?;
            self.questions = Some(to_worker);
        }
        self.questions.as_ref()
    }
}
