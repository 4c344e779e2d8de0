//! What may have to be done about it.

use shared::{
    event::{Event, RequestedBy, ServerEnd},
    handover::ToServer,
    port::Port,
    settings::Restart,
};

use super::Ticket;
use crate::readiness::NotReady;

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start a server.
    Spawn {
        /// Which start it is.
        attempt: u32,
        /// On the port of a move, and not on the current one.
        on_next: bool,
    },
    /// Ask it who it is.
    Prove(u32),
    /// Tell the world that it serves.
    Announce(u32),
    /// Tell it something.
    Tell(u32, ToServer),
    /// End it at once.
    Kill(u32),
    /// Claim a port to move to: this one, or any.
    Claim(Option<Port>),
    /// The claim of a move becomes the current one.
    Move {
        /// The port so far.
        from: Port,
        /// The port from now on.
        to: Port,
    },
    /// Let go of the claim of a move that failed and was asked for from there.
    Forsake(Option<RequestedBy>),
    /// Let go of a port that was moved away from.
    Release {
        /// The port.
        port: Port,
        /// From where the move was asked for.
        by: Option<RequestedBy>,
    },
    /// Answer a person.
    Answer(Ticket, Answer),
    /// Write a record.
    Record(Event),
    /// Mention something in the diagnostics.
    Note(String),
    /// End the launch.
    End(Outcome),
}

/// What a person is told of what he asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is done: the server that serves now is this one.
    Done,
    /// The launch is ending.
    Stopping,
    /// It cannot be done, for this reason; nothing has changed.
    Refused(String),
    /// The same, and the reason is the port that was wanted.
    NoPort(String),
}

/// How a launch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked to.
    Stopped {
        /// From where, by the first who asked.
        by: Option<RequestedBy>,
    },
    /// The server ended by itself, content.
    Finished,
    /// The first server did not become ready.
    NotReady(NotReady),
    /// The server ended in a way that the next one would share.
    Final(i32),
    /// The server failed, and is not started again.
    GaveUp {
        /// Its last end.
        end: ServerEnd,
        /// What the person said about starting it again.
        rule: Restart,
    },
}
