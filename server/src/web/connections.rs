//! The open connections: how many there are, and the word with which they are sent away.
//!
//! HTTP/1.1 keeps connections for the next request, and a server that closes one may meet a request
//! that is under way on it. So when we want to be rid of them, each is told with its next answer,
//! and only those that ask for nothing in the meantime are closed without a word.
//!
//! The same word is said while there are very many: a connection that is kept is a place that nobody
//! else can have, and on one that was answered before, actix waits for a slow client for ever.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
};
use tokio::{sync::watch, time::timeout};

/// So many are a crowd: far more than the browsers of one person keep, and a quarter of the files that
/// systems allow a process by default.
pub const CROWD: usize = 256;

/// All connections of one server. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    dismissed: AtomicBool,
    open: watch::Sender<usize>,
}

/// One connection: it counts for as long as this lives.
#[derive(Debug)]
pub struct Open(Connections);

impl Connections {
    /// Counts one more.
    pub fn open(&self) -> Open {
        self.0.open.send_modify(|count| *count += 1);
        Open(self.clone())
    }

    /// From now on every answer is the last one on its connection.
    pub fn dismiss(&self) {
        self.0.dismissed.store(true, Ordering::Relaxed);
    }

    /// Whether the next answer on a connection is its last.
    pub fn are_dismissed(&self) -> bool {
        self.0.dismissed.load(Ordering::Relaxed) || *self.0.open.borrow() > CROWD
    }

    /// Waits until none is open.
    pub async fn gone(&self) {
        // It cannot fail: the sender is ours.
        let _ = self.0.open.subscribe().wait_for(|&count| count == 0).await;
    }

    /// Waits until none is open, or for so long none has come or gone that those which are left ask
    /// for nothing. Returns whether none is open.
    pub async fn gone_or_quiet(&self, quiet: Duration) -> bool {
        let mut open = self.0.open.subscribe();
        loop {
            if *open.borrow_and_update() == 0 {
                return true;
            }
            if timeout(quiet, open.changed()).await.is_err() {
                return false;
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.send_modify(|count| *count -= 1);
    }
}

/// The middleware: once they are dismissed, or too many, it says `Connection: close` with each answer. It looks
/// when the answer is there, so that a request that was in flight is told as well.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn farewell<B: MessageBody + 'static>(
    connections: Connections,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let head = response.response_mut().head_mut();
    // A connection that has become a WebSocket's has no next answer.
    if connections.are_dismissed() && !head.upgrade() {
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

#[cfg(test)]
mod test {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    #[test]
    fn a_crowd_is_sent_away_and_a_few_are_kept() {
        let connections = Connections::default();
        let mut open: Vec<_> = (0..CROWD).map(|_| connections.open()).collect();
        assert!(!connections.are_dismissed());
        open.push(connections.open());
        assert!(connections.are_dismissed());
        open.pop();
        assert!(!connections.are_dismissed());
    }

    #[test]
    fn they_are_gone_when_the_last_one_is() {
        let connections = Connections::default();
        let is_over = || {
            let mut context = Context::from_waker(Waker::noop());
            pin!(connections.gone()).poll(&mut context) == Poll::Ready(())
        };
        assert!(is_over());
        let (first, second) = (connections.open(), connections.clone().open());
        drop(first);
        assert!(!is_over());
        drop(second);
        assert!(is_over());
    }
}
