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
    app::AppName,
    claim::url,
    conflict::Origin,
    identity::{Identity, Secret},
    port::Port,
    token::Token,
};
use tokio::sync::{Semaphore, mpsc::UnboundedSender};
use uuid::Uuid;

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
    /// The app.
    pub app: AppName,
    /// The port.
    pub port: Port,
    /// Every address that listens.
    pub addresses: Vec<SocketAddr>,
    /// Why this port.
    pub origin: Origin,
    /// The last good port before this launch, as far as it is known.
    pub last_good: Option<Port>,
    /// The launch.
    pub launch_id: Uuid,
    /// The launcher, if one started the server.
    pub launcher_pid: Option<u32>,
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
    /// The address for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Whether this is the port of the last good launch; `None` if there was none to compare with.
    #[must_use]
    pub fn same_as_last_time(&self) -> Option<bool> {
        self.last_good.map(|last_good| last_good == self.port)
    }

    /// Whether a launcher is there, which moves and restarts.
    #[must_use]
    pub fn is_supervised(&self) -> bool {
        self.launcher_pid.is_some()
    }

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
        Identity {
            app: self.app.clone(),
            version: VERSION.to_owned(),
            launch_id: self.launch_id,
            pid: std::process::id(),
            hmac: self.secret.answer(challenge, &self.app, self.port),
        }
    }
}
