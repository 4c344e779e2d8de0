//! What every system gives back in the same form.

use std::process::Child;

use shared::{event::RequestedBy, handover::ProtocolInfo};

/// A server process that was started.
#[derive(Debug)]
pub struct Started {
    /// The child, which the caller must wait for.
    pub process: Child,
    /// What it must be sent to open its sockets; empty where it has inherited them.
    pub sockets: Vec<ProtocolInfo>,
}

/// The meaning of a signal of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    /// End, for this cause as far as the system gives it.
    Stop(RequestedBy),
    /// Read the settings again, and write anew what is lost.
    Reread,
    /// Write anew what is lost of `run/`, and open the logs anew.
    Restore,
}
