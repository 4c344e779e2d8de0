//! What a decision asks the driver to do.

use shared::{
    conflict::Conflict,
    event::{Event, RequestedBy},
    handover::ToServer,
    port::Port,
};

use super::{input::RequestTicket, outcome::LaunchOutcome};

/// One thing for the driver to do. Servers are named by their attempt, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start a server.
    Spawn {
        /// The number of the start, from 1.
        attempt: u32,
        /// Whether it gets the claim of a move instead of the current one.
        on_new_port: bool,
    },
    /// Ask the server for its identity.
    Prove(u32),
    /// The server is the current one and serves: record and publish it.
    Announce(u32),
    /// Send the server a message.
    Send(u32, ToServer),
    /// Kill the server.
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
    /// Drop the claim of a move that failed, with the requester of the move.
    AbandonClaim(Option<RequestedBy>),
    /// Drop the claim of a port that was moved away from.
    Release {
        /// The port whose sockets are closed.
        port: Port,
        /// The requester of the move.
        by: Option<RequestedBy>,
    },
    /// Close the sockets that hold the port of a program, which then binds it.
    ReleaseReservation,
    /// Choose another port in place of one that was lost to another program.
    ChooseAgain(Box<Conflict>),
    /// Answer a request.
    Reply(RequestTicket, Reply),
    /// Write a record.
    Record(Event),
    /// Log a line of the server that is no hand-over message.
    LogInvalidLine(String),
    /// End the launch; no effect follows.
    End(LaunchOutcome),
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The restart or the move is done.
    Done,
    /// The launch is ending.
    Stopping,
    /// It cannot be done, for this reason; nothing has changed.
    Refused(String),
    /// The same, and the reason is the requested port.
    NoPort(String),
}
