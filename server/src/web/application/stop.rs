//! The end of an application: nobody who asked is left without an answer.

use std::time::Duration;

use tokio::{
    select,
    time::{sleep, timeout},
};

use super::Application;
use crate::os::accept_monitor::Doors;

/// How long, after the sockets are no longer watched, what has come in at the last moment is given to
/// be passed on to a worker: microseconds, and nobody notices a stop that is later by this much.
const LINGER: Duration = Duration::from_millis(20);

/// How soon it is looked again whether the sockets are still watched.
const LOOK: Duration = Duration::from_millis(1);

/// How long that may take. A machine on which it takes longer has no moment for anybody.
const SHUT: Duration = Duration::from_secs(1);

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
        self.state.serving.set_ready(false);
        self.connections.dismiss();
        self.hub.close(&self.state);
        let (handle, connections) = (self.server.handle(), self.connections.clone());
        let (doors, roll) = (self.doors, self.roll);
        let orders = async {
            handle.pause().await;
            // What was accepted and not begun would be dropped by a worker that is told to stop.
            let _ = timeout(SHUT, shut(&doors)).await;
            sleep(LINGER).await;
            roll.call().await;
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

/// Waits until nobody in this process waits for connections: a pause is only asked for, and the thread
/// that accepts hears of it when it has a turn.
async fn shut(doors: &Doors) {
    while doors.are_watched() {
        sleep(LOOK).await;
    }
}
