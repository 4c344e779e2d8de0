//! What a person asks for in the browser, on its way to whoever runs the application.
//!
//! The routes decide whether a wish can be fulfilled and pass it on; the program tells its launcher
//! of it, or ends by itself. An application in another program is asked to do the same.

use std::sync::atomic::{AtomicBool, Ordering};

use shared::{event::RequestedBy, handover::ToLauncher, port::Port};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Another port.
    Move {
        /// This one, or any.
        port: Option<Port>,
        /// From where it was asked for.
        by: RequestedBy,
    },
    /// A new server on the same port.
    Restart {
        /// From where it was asked for.
        by: RequestedBy,
    },
    /// The end.
    Stop {
        /// From where it was asked for.
        by: RequestedBy,
    },
    /// That changed settings hold.
    Reread,
}

/// The way of wishes from the routes to the program that runs the application.
pub struct LauncherRequests {
    sender: UnboundedSender<Wish>,
    is_restart_asked: AtomicBool,
}

impl LauncherRequests {
    /// The way, and its end for the program.
    pub fn new() -> (Self, UnboundedReceiver<Wish>) {
        let (sender, wishes) = unbounded_channel();
        (Self { sender, is_restart_asked: AtomicBool::new(false) }, wishes)
    }

    /// Passes on what a person asks for. It is dropped if the program is about to end.
    pub fn send(&self, wish: Wish) {
        if wish != Wish::Reread {
            let is_restart = matches!(wish, Wish::Restart { .. });
            self.is_restart_asked.store(is_restart, Ordering::Relaxed);
        }
        let _ = self.sender.send(wish);
    }

    /// Whether a restart was the last thing that a person asked for, which is then why the server
    /// stops.
    pub fn is_restart_asked(&self) -> bool {
        self.is_restart_asked.load(Ordering::Relaxed)
    }
}

impl From<Wish> for ToLauncher {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Move { port, by } => Self::Move { port, by: Some(by) },
            Wish::Restart { by } => Self::Restart { by: Some(by) },
            Wish::Stop { by } => Self::Stop { by: Some(by) },
            Wish::Reread => Self::Reread,
        }
    }
}
