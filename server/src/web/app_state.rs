//! The state that the routes share: the launch, how the server serves, the access to it, the app's
//! files, and the channel to the launcher.

use std::{
    net::SocketAddr,
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use shared::{
    history::Cancellation,
    identity::{Identity, Secret},
    launch::LaunchInfo,
};
use tokio::sync::Semaphore;

use crate::{
    auth::access::Access,
    web::{launcher_requests::LauncherRequests, redirect_target::RedirectTarget, storage::Storage},
};

/// The version of this package, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The state of an application. It is made once and shared by all workers.
pub struct AppState {
    /// The launch that the server belongs to.
    pub launch: LaunchInfo,
    /// Whether it accepts new work, stops, or redirects after a move.
    pub serving: Serving,
    /// Where requests are redirected to, if the app has moved.
    pub redirect_target: Arc<RedirectTarget>,
    /// Proves that the server is this user's.
    pub secret: Secret,
    /// The token that gives a script or a browser access, and the tickets made with it.
    pub access: Access,
    /// The app's files and their current contents.
    pub storage: Storage,
    /// What people ask the launcher for.
    pub requests: LauncherRequests,
    /// The right to check a port that is not ours. There is one, because a check may take a second.
    pub port_checks: Arc<Semaphore>,
    /// Reads of a history that may be long; they are given up when the server has been ending for a while.
    pub long_reads: Cancellation,
}

impl AppState {
    /// The answer to a `challenge`: who serves, with the code that proves it.
    pub fn identity(&self, challenge: &str) -> Identity {
        Identity {
            app: self.launch.app.clone(),
            version: VERSION.to_owned(),
            launch_id: self.launch.launch_id,
            pid: process::id(),
            launcher_pid: self.launch.launcher_pid,
            redirects_to: self.redirect_target.port(),
            home_id: self.storage.home_id(),
            hmac: self.secret.answer(challenge, &self.launch.app, self.launch.port),
        }
    }
}

/// How the server serves: where, since when, and whether it still does.
pub struct Serving {
    /// Every address that listens.
    pub addresses: Vec<SocketAddr>,
    /// When the server was made.
    pub started_at: Timestamp,
    is_ready: AtomicBool,
}

impl Serving {
    /// A server that starts now on these addresses, and is not ready yet.
    pub fn new(addresses: Vec<SocketAddr>) -> Self {
        Self { addresses, started_at: Timestamp::now(), is_ready: AtomicBool::new(false) }
    }

    /// Whether `readyz` answers that the server is ready: its workers run, and it is not stopping.
    pub fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Relaxed)
    }

    /// Called when the workers run, and again when the server begins to stop.
    pub fn set_ready(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Relaxed);
    }

    /// The time since [`started_at`](Self::started_at).
    pub fn uptime(&self) -> SignedDuration {
        Timestamp::now().duration_since(self.started_at)
    }
}
