//! The roll of the workers: whoever answers when it is called has taken up every connection that was
//! given to him before.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

/// The workers of one application, as they have joined.
#[derive(Debug, Clone, Default)]
pub(super) struct Roll(Arc<Mutex<Vec<UnboundedSender<oneshot::Sender<()>>>>>);

impl Roll {
    /// Adds the worker whose thread this is.
    pub(super) fn join(&self) {
        let (caller, mut calls) = unbounded_channel::<oneshot::Sender<()>>();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(caller);
        actix_rt::spawn(async move {
            while let Some(call) = calls.recv().await {
                // What woke the worker before this call woke us has its turn first.
                tokio::task::yield_now().await;
                // Whoever no longer listens does not want to know.
                let _ = call.send(());
            }
        });
    }

    /// Calls it, and waits until every worker has answered. One that is gone has nothing to do.
    pub(super) async fn call(&self) {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for worker in workers {
            let (answer, answered) = oneshot::channel();
            let is_there = worker.send(answer).is_ok();
            let _ = if is_there { answered.await } else { Ok(()) };
        }
    }
}
