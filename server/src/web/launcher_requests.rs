//! Requests of people in the browser to the launcher: to move, to restart, to stop, and to read the
//! settings again.
//!
//! The routes decide whether a request can be fulfilled and send it to the program, which passes it on
//! to its launcher or, without one, ends.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use shared::{event::RequestedBy, handover::ToLauncher, port::Port};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What a client of the API or the console asks the launcher to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LauncherRequest {
    /// To move the app to another port.
    Move {
        /// The new port; `None` for any.
        port: Option<Port>,
        /// `Api` for the token, `Console` for the cookie.
        by: RequestedBy,
    },
    /// To start a new server on the same port.
    Restart {
        /// `Api` for the token, `Console` for the cookie.
        by: RequestedBy,
    },
    /// To end the app.
    Stop {
        /// `Api` for the token, `Console` for the cookie.
        by: RequestedBy,
    },
    /// To apply changed settings.
    Reread,
}

/// The sending half of the channel for requests, from the routes to the program that runs the
/// application. Clones send to the same program. The default discards what is sent.
#[derive(Debug, Clone)]
pub struct LauncherRequests {
    sender: UnboundedSender<LauncherRequest>,
    is_restart_last: Arc<AtomicBool>,
}

impl LauncherRequests {
    /// Sends to the receiver of `sender`.
    pub fn new(sender: UnboundedSender<LauncherRequest>) -> Self {
        Self { sender, is_restart_last: Arc::default() }
    }

    /// Sends a request. It is discarded if the receiver is gone.
    pub fn send(&self, request: LauncherRequest) {
        if request != LauncherRequest::Reread {
            let is_restart = matches!(request, LauncherRequest::Restart { .. });
            self.is_restart_last.store(is_restart, Ordering::Relaxed);
        }
        let _ = self.sender.send(request);
    }

    /// Whether the last request was to restart, which is then the reason why the server stops.
    pub fn is_restart_last(&self) -> bool {
        self.is_restart_last.load(Ordering::Relaxed)
    }
}

impl Default for LauncherRequests {
    fn default() -> Self {
        Self::new(unbounded_channel().0)
    }
}

impl From<LauncherRequest> for ToLauncher {
    fn from(request: LauncherRequest) -> Self {
        match request {
            LauncherRequest::Move { port, by } => Self::Move { port, by: Some(by) },
            LauncherRequest::Restart { by } => Self::Restart { by: Some(by) },
            LauncherRequest::Stop { by } => Self::Stop { by: Some(by) },
            LauncherRequest::Reread => Self::Reread,
        }
    }
}
