//! What the current server may be doing.

use std::time::Instant;

/// What the current server is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It was started and has not said that it serves.
    Starting {
        /// When it was started.
        since: Instant,
    },
    /// It said so, and is being asked who it is.
    Proving {
        /// When it was started.
        since: Instant,
    },
    /// It serves.
    Serving {
        /// When it was started.
        since: Instant,
    },
    /// It failed, and will be started again.
    Waiting {
        /// When.
        until: Instant,
    },
    /// It was told to finish.
    Draining {
        /// When it was started.
        since: Instant,
        /// When patience ends.
        until: Instant,
    },
    /// It has finished, and others still do.
    Finishing,
    /// The launch is over.
    Ended,
}

impl Phase {
    /// The word for it, for whoever asks.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting { .. } | Self::Proving { .. } => "starting",
            Self::Serving { .. } => "serving",
            Self::Waiting { .. } => "waiting",
            Self::Draining { .. } | Self::Finishing | Self::Ended => "stopping",
        }
    }
}
