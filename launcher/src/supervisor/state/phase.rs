//! What the current server is doing.

use std::time::Instant;

use shared::words::LaunchPhase;

/// What the current server is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It was started and has not sent `ready`.
    Starting {
        /// When it was started.
        since: Instant,
    },
    /// It sent `ready`, and is being asked for its identity.
    Proving {
        /// When it was started.
        since: Instant,
    },
    /// A server has proved its identity and answers clients.
    Serving {
        /// When it was started.
        since: Instant,
    },
    /// It failed, and will be started again.
    Waiting {
        /// The time of the next start.
        until: Instant,
    },
    /// It has lost its port to another program, and another port is being chosen.
    Choosing,
    /// It was asked to drain.
    Draining {
        /// When it was started.
        since: Instant,
        /// When it is killed.
        until: Instant,
    },
    /// It has ended, and servers that it replaced still drain.
    Finishing,
    /// The launch is over.
    Ended,
}

impl Phase {
    /// What a status says of it.
    pub fn for_status(&self) -> LaunchPhase {
        match self {
            Self::Starting { .. } | Self::Proving { .. } | Self::Choosing => LaunchPhase::Starting,
            Self::Serving { .. } => LaunchPhase::Serving,
            Self::Waiting { .. } => LaunchPhase::Waiting,
            Self::Draining { .. } | Self::Finishing | Self::Ended => LaunchPhase::Stopping,
        }
    }
}
