//! What the server knows of itself, and may tell.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use shared::{
    identity::{Identity, Secret},
    launch::LaunchInfo,
    token::Token,
};
use tokio::sync::{Semaphore, mpsc::UnboundedSender};

use crate::{
    files::{AppFiles, HomePort},
    moved::Moved,
    story::Story,
    wishes::Wish,
};

/// The version that it states.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Everything that the routes answer from. It is made once and shared by all workers.
pub struct Facts {
    /// The launch that the server belongs to.
    pub launch: LaunchInfo,
    /// Every address that listens.
    pub addresses: Vec<SocketAddr>,
    /// When the server was made.
    pub started_at: Timestamp,
    /// What proves whose server it is.
    pub secret: Secret,
    /// What lets one in.
    pub token: Token,
    /// Whether it serves, and is not about to stop.
    pub ready: AtomicBool,
    /// Where the app is now, if no longer here.
    pub moved: Arc<Moved>,
    /// Where its files are, if it keeps any.
    pub files: Option<AppFiles>,
    /// The port of the settings.
    pub home_port: HomePort,
    /// What the history tells of this launch.
    pub story: Story,
    /// The right to look at a port that is not ours.
    pub asking: Arc<Semaphore>,
    /// Whether a person has asked for a restart, which is why the server will stop.
    pub restart_asked: AtomicBool,
    /// Where wishes go.
    pub wishes: UnboundedSender<Wish>,
}

impl Facts {
    /// Passes on what a person asks for.
    pub fn wish(&self, wish: Wish) {
        if wish != Wish::Reread {
            self.restart_asked.store(wish == Wish::Restart, Ordering::Relaxed);
        }
        // Nobody to hear it is about to end.
        let _ = self.wishes.send(wish);
    }

    /// Whether requests are welcome.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// The answer to a challenge.
    #[must_use]
    pub fn identity(&self, challenge: &str) -> Identity {
        let LaunchInfo { app, port, launch_id, .. } = &self.launch;
        Identity {
            app: app.clone(),
            version: VERSION.to_owned(),
            launch_id: *launch_id,
            pid: std::process::id(),
            hmac: self.secret.answer(challenge, app, *port),
        }
    }
}
