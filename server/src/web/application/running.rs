//! An application that serves, and its graceful shutdown: every request that was accepted gets a
//! response.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use actix_web::{dev::Server, web};
use shared::port::Port;
use tokio::{
    select,
    time::{sleep, timeout},
};

use super::worker_barrier::WorkerBarrier;
use crate::{
    os::accept_monitor::AcceptMonitor,
    web::{app_state::AppState, connections::Connections, routes::api::events::EventHub},
};

/// How long, after the accept thread has stopped, a connection that it accepted last may take to reach
/// a worker. That takes microseconds, and a stop that is later by this much is not noticed.
const LINGER: Duration = Duration::from_millis(20);

/// The interval at which the accept queue is checked.
const ACCEPT_CHECK_INTERVAL: Duration = Duration::from_millis(1);

/// How long the accept thread may take to stop. It takes longer only on a machine that is overloaded.
const ACCEPT_STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// How long, when the server stops, kept connections may stay idle before they are closed. A client
/// that sends a request in this time gets `Connection: close` with the response. It begins anew with
/// each connection that closes, because a busy server needs time for all of them.
const IDLE_GRACE: Duration = Duration::from_millis(250);

/// How long a read of the history goes on when the server stops: much longer than any but that of a very
/// long history takes.
const LONG_READ: Duration = Duration::from_secs(2);

/// How long actix waits for requests in flight when it stops, in seconds: longer than any patience,
/// because [`RunningApplication::stop`] has the limit.
pub(super) const ACTIX_PATIENCE: u64 = 24 * 60 * 60;

/// An application that serves. Dropping it closes the sockets and every connection at once;
/// [`stop`](Self::stop) finishes the requests in flight first.
pub struct RunningApplication {
    pub(super) server: Server,
    pub(super) state: web::Data<AppState>,
    pub(super) connections: Connections,
    pub(super) accept_monitor: AcceptMonitor,
    pub(super) barrier: WorkerBarrier,
    pub(super) hub: EventHub,
}

impl RunningApplication {
    /// The port of the sockets.
    pub fn port(&self) -> Port {
        self.state.launch.port
    }

    /// The address for a browser.
    pub fn url(&self) -> String {
        self.state.launch.url()
    }

    /// Every address that listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.state.serving.addresses
    }

    /// Serves until the server fails.
    ///
    /// # Errors
    ///
    /// The error with which the server failed.
    pub async fn serve(&mut self) -> io::Result<()> {
        (&mut self.server).await
    }

    /// Takes no new connections, finishes the requests in flight for as long as `patience` allows,
    /// and closes the sockets. Kept connections are closed with their next response.
    ///
    /// Other processes that hold the sockets may accept on them all the while.
    pub async fn stop(mut self, patience: Duration) {
        self.state.serving.set_ready(false);
        self.connections.drain();
        self.hub.close(&self.state);
        let (handle, connections) = (self.server.handle(), self.connections.clone());
        let (accept_monitor, barrier) = (self.accept_monitor, self.barrier);
        let drained = async {
            handle.pause().await;
            // A worker that stops would drop a connection that was accepted and not begun.
            let _ = timeout(ACCEPT_STOP_TIMEOUT, accept_stopped(&accept_monitor)).await;
            sleep(LINGER).await;
            barrier.wait().await;
            if connections.gone_or_quiet(IDLE_GRACE).await {
                handle.stop(true).await;
                return;
            }
            // From here on a connection without a request is closed. Actix checks once a second
            // whether the others are done; the count of connections shows it at once.
            select! {
                () = handle.stop(true) => {}
                () = connections.gone() => {}
            }
        };
        let ended = async {
            select! {
                () = drained => {}
                _ = &mut self.server => {}
                () = give_up_long_reads(&self.state) => {}
            }
        };
        // Dropping the server, which follows in any case, closes what is left.
        let _ = timeout(patience, ended).await;
    }
}

/// Gives up what reads a long history, whether its client still waits or has left, so that it does not hold
/// up the end. Never returns.
async fn give_up_long_reads(state: &AppState) {
    sleep(LONG_READ).await;
    state.long_reads.cancel();
    pending::<()>().await;
}

/// Waits until this process no longer accepts connections: a pause is asynchronous, and the accept
/// thread sees it at its next turn.
async fn accept_stopped(accept_monitor: &AcceptMonitor) {
    while accept_monitor.is_accepting() {
        sleep(ACCEPT_CHECK_INTERVAL).await;
    }
}
