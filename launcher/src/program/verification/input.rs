//! What may happen to a program.

use std::time::Instant;

use super::loopback::Loopback;
use crate::program::observation::Observation;

/// A report that calls for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationInput {
    /// What was seen of the listeners.
    Observed {
        /// When the look began. One that began before an event proves nothing of the time after it.
        at: Instant,
        /// What was seen.
        observation: Observation,
    },
    /// A probe came back.
    Probed {
        /// The number that [`VerificationEffect::Probe`](super::VerificationEffect::Probe) gave.
        number: u32,
        /// Whether the program answered as it should.
        has_passed: bool,
    },
    /// A line of the program's output matched.
    LineMatched,
    /// The program said on the notification socket that it is ready.
    Notified,
    /// A process that may be the main one ended.
    MainExited(MainExit),
    /// The last process of the tree ended.
    TreeEmpty,
    /// A cover could not be opened, or broke.
    CoverFailed(Loopback),
    /// Nothing else came before [`Verification::deadline`](super::Verification::deadline).
    DeadlineReached,
}

/// The end of a main process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MainExit {
    /// The process. Another one than the present main process changes nothing.
    pub pid: u32,
    /// How it ended.
    pub end: ProcessEnd,
    /// Whether any other process of the tree lives.
    pub others_live: bool,
    /// Whether one of its last 20 lines has the words of
    /// [`says_address_in_use`](super::says_address_in_use).
    pub said_address_in_use: bool,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessEnd {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It is gone, and its end was not reported.
    Unknown,
}
