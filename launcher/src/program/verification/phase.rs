//! How far a verification is.

use std::time::Instant;

use super::{cover::Cover, effect::VerifiedListeners, input::ProcessEnd, loopback::Loopback};

/// How far a verification is; see the drawing in [`verification`](super).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationPhase {
    /// The program does not listen on its port.
    Starting,
    /// It listens, and is being probed.
    Probing {
        /// The number of the probe that runs.
        number: u32,
    },
    /// It listens and did not pass the probe.
    Retrying {
        /// When it is probed again.
        from: Instant,
    },
    /// It listens and has not said that it is ready.
    Awaiting,
    /// It has passed the probe, and is to be seen once more.
    Confirming {
        /// When the probe passed.
        since: Instant,
    },
    /// It is ready.
    Serving(ServingProgram),
    /// It was ready and listens no longer, while main lives.
    Waiting {
        /// Since when it does not listen.
        since: Instant,
        /// Whether [`PrintWaiting`](super::VerificationEffect::PrintWaiting) came.
        is_printed: bool,
        /// The loopback addresses that it had.
        loopbacks: Vec<Loopback>,
    },
    /// Main has ended; what is seen next decides what that means.
    Exited {
        /// The end.
        exit: ExitReport,
        /// The phase in which it ended, and which goes on if the program has made itself a daemon.
        before: Box<Self>,
    },
    /// The verification has ended.
    Ended,
}

/// A program that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServingProgram {
    /// What is published.
    pub verified: VerifiedListeners,
    pub(super) cover: Cover,
}

/// The end of main, until it is decided what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitReport {
    pub(super) end: ProcessEnd,
    /// The time of the report.
    pub(super) at: Instant,
    /// When it is decided without a further look.
    pub(super) until: Instant,
    /// Whether another process of the tree may take the place of main.
    pub(super) may_be_daemon: bool,
    pub(super) said_address_in_use: bool,
}

impl VerificationPhase {
    /// Whether the program has been ready.
    pub fn was_ready(&self) -> bool {
        match self {
            Self::Serving(_) | Self::Waiting { .. } => true,
            Self::Exited { before, .. } => before.was_ready(),
            _ => false,
        }
    }

    /// What is published at present; `None` while the program does not serve.
    pub fn served(&self) -> Option<&ServingProgram> {
        match self {
            Self::Serving(served) => Some(served),
            Self::Exited { before, .. } => before.served(),
            _ => None,
        }
    }

    /// The loopback addresses that a program that was ready has, or had last.
    pub(super) fn loopbacks(&self) -> &[Loopback] {
        match self {
            Self::Serving(served) => &served.verified.loopbacks,
            Self::Waiting { loopbacks, .. } => loopbacks,
            Self::Exited { before, .. } => before.loopbacks(),
            _ => &[],
        }
    }

    pub(super) fn served_mut(&mut self) -> Option<&mut ServingProgram> {
        match self {
            Self::Serving(served) => Some(served),
            Self::Exited { before, .. } => before.served_mut(),
            _ => None,
        }
    }
}
