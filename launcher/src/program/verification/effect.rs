//! What a decision asks the driver to do.

use std::{net::SocketAddr, time::Duration};

use shared::{launch::UrlHost, port::Port, settings::OnElsewhere};

use super::{input::ProcessEnd, loopback::Loopback};
use crate::program::observation::{ObservedListener, OwnershipProof};

/// One thing for the driver to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationEffect {
    /// Observe the listeners now, and report what is seen. Looks may be made at other times as well.
    Look,
    /// Probe the program at this address, and report the result.
    Probe {
        /// The number of the probe, from 1.
        number: u32,
        /// `127.0.0.1`, or `::1` if the program has that alone.
        address: SocketAddr,
    },
    /// The program is ready: remember the port, record and publish it.
    Ready(VerifiedListeners),
    /// What was published has changed: another process listens, or other addresses.
    Changed(VerifiedListeners),
    /// Main exited with 0 and left a process that listens: this one is main from now on.
    Daemonised {
        /// The process whose end is the end of the program.
        main: u32,
    },
    /// These addresses are beyond loopback; each is named once. Under [`Expose::Allow`](
    /// shared::settings::Expose::Allow) there is a record and no warning.
    Exposed(Vec<SocketAddr>),
    /// The listener is gone while main lives: publish the state `waiting`.
    Waiting,
    /// It has been gone for [`WAITING_TOLD_AFTER`](super::WAITING_TOLD_AFTER): print that.
    PrintWaiting,
    /// It listens again.
    ServingAgain {
        /// What is published from now on.
        verified: VerifiedListeners,
        /// Whether [`Self::PrintWaiting`] came before.
        was_printed: bool,
    },
    /// Listen on this address and forward to the program.
    OpenCover(Loopback),
    /// Stop listening there; connections that were accepted go on.
    CloseCover(Loopback),
    /// The verification has ended; no effect follows.
    End(VerificationEnd),
}

/// The listeners of a program that is ready, as they are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedListeners {
    /// The loopback addresses on which the program itself was seen to listen.
    pub loopbacks: Vec<Loopback>,
    /// What its listeners on the port are bound to, such as `0.0.0.0`.
    pub bound: Vec<SocketAddr>,
    /// The process that listens; `None` if it cannot be seen.
    pub pid: Option<u32>,
    /// How it is known to be the program's.
    pub ownership: ListenerOwnership,
    /// The loopback address that is open and to be covered by us.
    pub cover: Option<Loopback>,
    /// The one that leads to no stranger.
    pub host: UrlHost,
}

/// How a listener is known to be the program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerOwnership {
    /// A process of the tree has it.
    Tree(OwnershipProof),
    /// The process is not of the tree: it listens in the program's place.
    Delegated,
}

/// How a verification ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationEnd {
    /// A stranger has the port.
    LostRace {
        /// The stranger's listener.
        stranger: ObservedListener,
        /// Whether the program had been ready.
        was_ready: bool,
    },
    /// The program listens, but not on its port, and the port is free.
    Elsewhere {
        /// The one that it was started with.
        asked: Port,
        /// The port of its listeners that is next to its own.
        took: Port,
        /// What all its listeners are bound to.
        addresses: Vec<SocketAddr>,
        /// The process with the port that it took.
        pid: u32,
        /// What is to follow.
        rule: OnElsewhere,
    },
    /// It exited because of our reservation: start it once more without one.
    DropReservation,
    /// It did not become ready, or must not go on.
    Failed(ProgramFailure),
    /// Main ended after the program had been ready.
    MainEnded(ProcessEnd),
}

/// Why a program failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramFailure {
    /// Main ended before the program was ready.
    Exited(ProcessEnd),
    /// It was not ready in time.
    TimedOut {
        /// How long it had.
        after: Duration,
        /// What its listeners were bound to when they were last seen. One of its port means that the probe
        /// did not pass.
        listening: Vec<SocketAddr>,
    },
    /// It listens beyond loopback, on these addresses, and that is refused.
    Exposed(Vec<SocketAddr>),
}
