//! The open connections: their number, and how they are drained.
//!
//! HTTP/1.1 keeps a connection open for the next request, and a server that closes one may cut off a
//! request that is under way on it. To drain connections, the next response on each carries
//! `Connection: close`; only idle connections are closed without one.
//!
//! The same header is sent while there are more connections than the soft limit: a kept connection
//! takes a place from new clients, and actix has no timeout for a slow second request.

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

/// The soft limit on open connections: far more than the browsers of one person keep, and a quarter of
/// the files that systems allow a process by default.
pub const SOFT_LIMIT: usize = 256;

/// All connections of one server. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<ConnectionCount>);

#[derive(Debug, Default)]
struct ConnectionCount {
    is_draining: AtomicBool,
    open: watch::Sender<usize>,
}

/// One open connection, which is counted until this is dropped.
#[derive(Debug)]
pub struct OpenConnection(Connections);

impl Connections {
    /// Counts one more.
    pub fn open(&self) -> OpenConnection {
        self.0.open.send_modify(|count| *count += 1);
        OpenConnection(self.clone())
    }

    /// Makes every response from now on the last one on its connection.
    pub fn drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether the next response on a connection is its last: they are drained, or more than
    /// [`SOFT_LIMIT`] are open.
    pub fn are_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Relaxed) || *self.0.open.borrow() > SOFT_LIMIT
    }

    /// Waits until no connection is open.
    pub async fn gone(&self) {
        // It cannot fail: the sender is ours.
        let _ = self.0.open.subscribe().wait_for(|&count| count == 0).await;
    }

    /// Waits until no connection is open, or until none has been opened or closed for `quiet`: those
    /// that are left are idle. Returns whether none is open.
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

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.open.send_modify(|count| *count -= 1);
    }
}

/// The middleware: sends `Connection: close` while [`Connections::are_draining`]. It checks when the
/// response is ready, so that requests in flight get the header too.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn close_on_response<B: MessageBody + 'static>(
    connections: Connections,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let head = response.response_mut().head_mut();
    // A connection that has become a WebSocket has no further response.
    if connections.are_draining() && !head.upgrade() {
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
        let mut open: Vec<_> = (0..SOFT_LIMIT).map(|_| connections.open()).collect();
        assert!(!connections.are_draining());
        open.push(connections.open());
        assert!(connections.are_draining());
        open.pop();
        assert!(!connections.are_draining());
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
