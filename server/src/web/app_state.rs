//! What the routes answer from: the launch, how it is served, who is let in, the app's files, and
//! the way to the launcher.

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
    identity::{Identity, Secret},
    launch::LaunchInfo,
    token::Token,
};
use tokio::sync::Semaphore;

use crate::web::{launcher_requests::LauncherRequests, redirect::Moved, storage::Storage};

/// The version of the server.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The state of an application. It is made once and shared by all workers.
pub struct AppState {
    /// The launch that the server belongs to.
    pub launch: LaunchInfo,
    /// How the server serves.
    pub serving: Serving,
    /// What the server proves itself with, and what lets a client in.
    pub auth: Auth,
    /// The app's files and what they say now.
    pub storage: Storage,
    /// What people ask the launcher for.
    pub requests: LauncherRequests,
    /// The right to check a port that is not ours. There is one, because a check may take a second.
    pub port_checks: Arc<Semaphore>,
}

/// How the server serves: where, since when, and whether it still does.
pub struct Serving {
    /// Every address that listens.
    pub addresses: Vec<SocketAddr>,
    /// When the server was made.
    pub started_at: Timestamp,
    /// The port that the app has moved to, if it has.
    pub moved: Arc<Moved>,
    is_ready: AtomicBool,
}

impl Serving {
    /// From now on, on these addresses; not ready yet.
    pub fn new(addresses: Vec<SocketAddr>, moved: Moved) -> Self {
        let (started_at, moved) = (Timestamp::now(), Arc::new(moved));
        Self { addresses, started_at, moved, is_ready: AtomicBool::new(false) }
    }

    /// Whether the workers serve and the server is not about to stop.
    pub fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Relaxed)
    }

    /// Changes what [`is_ready`](Self::is_ready) returns.
    pub fn set_ready(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Relaxed);
    }

    /// The time since [`started_at`](Self::started_at).
    pub fn uptime(&self) -> SignedDuration {
        Timestamp::now().duration_since(self.started_at)
    }
}

/// The two keys of a server.
pub struct Auth {
    /// Proves that the server is this user's.
    pub secret: Secret,
    /// Lets a script or a browser in.
    pub token: Token,
}

impl Auth {
    /// The answer of the server of `launch` to a challenge.
    pub fn identity(&self, launch: &LaunchInfo, challenge: &str) -> Identity {
        Identity {
            app: launch.app.clone(),
            version: VERSION.to_owned(),
            launch_id: launch.launch_id,
            pid: process::id(),
            hmac: self.secret.answer(challenge, &launch.app, launch.port),
        }
    }
}
