//! A barrier for the workers: once it is passed, each worker has taken up every connection that was
//! given to it before.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

/// The barrier of the workers of one application.
#[derive(Debug, Clone, Default)]
pub(super) struct WorkerBarrier(Arc<Mutex<Vec<UnboundedSender<oneshot::Sender<()>>>>>);

impl WorkerBarrier {
    /// Adds the worker whose thread this is.
    pub(super) fn join(&self) {
        let (sender, mut calls) = unbounded_channel::<oneshot::Sender<()>>();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        actix_rt::spawn(async move {
            while let Some(reply) = calls.recv().await {
                // A task of the worker that was woken before this one runs first.
                tokio::task::yield_now().await;
                // The wait may have been given up.
                let _ = reply.send(());
            }
        });
    }

    /// Waits until every worker has replied. A worker that has ended has no connections.
    pub(super) async fn wait(&self) {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for worker in workers {
            let (reply, replied) = oneshot::channel();
            let is_sent = worker.send(reply).is_ok();
            let _ = if is_sent { replied.await } else { Ok(()) };
        }
    }
}
