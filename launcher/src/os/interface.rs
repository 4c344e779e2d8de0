//! What every system gives back in the same form.

use std::{fs::File, process::Child};

use serde::{Deserialize, Serialize};
use shared::{event::RequestedBy, handover::ProtocolInfo};

/// A server process that was started.
#[derive(Debug)]
pub struct Started {
    /// The child, which the caller must wait for.
    pub process: Child,
    /// What it must be sent to open its sockets; empty where it has inherited them.
    pub sockets: Vec<ProtocolInfo>,
}

/// A sitter's process, and what comes from its program.
#[derive(Debug)]
pub struct StartedSitter {
    /// The child, which the caller must wait for.
    pub process: Child,
    /// Reads what the program writes to stdout; the stderr of the child has what it writes to stderr.
    pub relayed_stdout: File,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// How many lines it has.
    pub rows: u16,
    /// How many characters a line has.
    pub columns: u16,
}

impl Default for TerminalSize {
    /// That of the terminals that all others take after: 24 lines of 80 characters.
    fn default() -> Self {
        Self { rows: 24, columns: 80 }
    }
}

/// The meaning of a signal of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    /// End, for this cause as far as the system gives it.
    Stop(RequestedBy),
    /// End, because a person pressed Ctrl-C.
    Interrupt,
    /// Read the settings again, and write anew what is lost.
    Reread,
    /// Write anew what is lost of `run/`, and open the logs anew.
    Restore,
}
