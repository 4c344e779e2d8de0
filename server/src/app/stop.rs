//! The end of an application: nobody who asked is left without an answer.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    select,
    time::{sleep, timeout},
};

use super::Application;

/// How long, after the last connection was accepted, the workers are given to take it up before they
/// are told to stop: what they have not begun by then, they would drop. Taking one up needs
/// microseconds, and nobody notices a stop that is later by this much.
const LINGER: Duration = Duration::from_millis(20);

/// How long, when the server stops, kept connections are given to ask once more and to be told that
/// this was the last answer. It begins anew with each that goes, because a busy server needs time to
/// come to all of them. Whoever asks for nothing in the meantime is idle, and is closed.
const GRACE: Duration = Duration::from_millis(250);

/// How long actix waits for requests in flight when it stops, in seconds: longer than any patience,
/// because it is for [`Application::stop`] to lose it.
pub(super) const ACTIX_PATIENCE: u64 = 24 * 60 * 60;

impl Application {
    /// Takes no new connections, finishes the requests in flight for as long as `patience` allows,
    /// and closes the sockets. Kept connections are told with their next answer that it is the last.
    ///
    /// Whoever else holds the sockets, or their successor, may accept on them all the while.
    pub async fn stop(mut self, patience: Duration) {
        self.facts.ready.store(false, Ordering::Relaxed);
        self.connections.dismiss();
        self.facts.events.close(&self.facts);
        let (handle, connections) = (self.server.handle(), self.connections.clone());
        let orders = async {
            handle.pause().await;
            sleep(LINGER).await;
            if connections.gone_or_quiet(GRACE).await {
                handle.stop(true).await;
                return;
            }
            // From here on a connection without a request is closed. Of those with one, actix looks
            // once a second whether they are done; we know at once.
            select! {
                () = handle.stop(true) => {}
                () = connections.gone() => {}
            }
        };
        let ended = async {
            select! {
                () = orders => {}
                _ = &mut self.server => {}
            }
        };
        // Dropping the server, which follows in any case, closes what is left.
        let _ = timeout(patience, ended).await;
    }
}
