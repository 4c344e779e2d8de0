//! What every system gives back in the same form.

use std::{io, process::Child};

use serde::{Deserialize, Serialize};
use shared::{event::RequestedBy, handover::ProtocolInfo, words::OutputStream};

/// A server process that was started.
#[derive(Debug)]
pub struct Started {
    /// The child, which the caller must wait for.
    pub process: Child,
    /// What it must be sent to open its sockets; empty where it has inherited them.
    pub sockets: Vec<ProtocolInfo>,
}

/// One thing that happened to a sitter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceEvent {
    /// The launcher has written this.
    Orders(Vec<u8>),
    /// The launcher has ended, or wants nothing more.
    LauncherGone,
    /// SIGTERM.
    StopSignal,
    /// The program has written this.
    Output(OutputStream, Vec<u8>),
    /// Ctrl-C was typed for the program, which has a terminal.
    InterruptTyped,
    /// A process may wait to be reaped.
    ChildEnded,
}

/// A process that was reaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedProcess {
    /// Its process id, which another process may have by now.
    pub pid: u32,
    /// `None` if a signal ended it, or where that is not known.
    pub exit_code: Option<i32>,
    /// `None` if it exited.
    pub signal: Option<i32>,
}

/// The processes that have ended since the last time.
#[derive(Debug, Default)]
pub struct EndedProcesses {
    /// In no order.
    pub processes: Vec<EndedProcess>,
    /// Whether the tree has no processes any more.
    pub none_is_left: bool,
}

/// What a pass over a tree has done.
#[derive(Debug, Default)]
pub struct KillReport {
    /// How many processes were killed.
    pub killed: usize,
    /// The processes that do not take our signals.
    pub refused: Vec<u32>,
}

/// What a program reads.
#[derive(Debug)]
pub enum ProgramInput {
    /// Our own stdin.
    Ours,
    /// An empty file: it sees the end at once.
    Nothing,
    /// What comes through this pipe, as if it was typed at its terminal.
    Typed(io::PipeReader),
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
