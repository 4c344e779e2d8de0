//! What may happen to a launch.

use shared::{conflict::Conflict, event::RequestedBy, handover::ToLauncher, port::Port};

use crate::readiness::{NotReady, StartFailure};

/// The request that an answer belongs to; `None` if no client waits for an answer.
pub type RequestTicket = Option<u64>;

/// Who made a request, and where its answer goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requester {
    /// The requester; `None` if the message has none.
    pub by: Option<RequestedBy>,
    /// The answer that a client waits for.
    pub ticket: RequestTicket,
}

impl Requester {
    /// A request without a client that waits for an answer.
    pub fn unanswered(by: Option<RequestedBy>) -> Self {
        Self { by, ticket: None }
    }
}

/// A report that calls for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Something happened to a server.
    Server {
        /// The attempt of the server, from 1.
        attempt: u32,
        /// What happened to it.
        event: ServerEvent,
    },
    /// A request to end the launch.
    StopRequested(Requester),
    /// A second signal: end the launch at once.
    ForceStopRequested(RequestedBy),
    /// A request for a new server on the same port.
    RestartRequested(Requester),
    /// A request for another port: this one, or any.
    MoveRequested(Option<Port>, Requester),
    /// The client that waited for the answer with this ticket has gone away.
    RequesterLeft(u64),
    /// The port of a move was claimed.
    Claimed {
        /// The port so far.
        from: Port,
        /// The port that was claimed.
        to: Port,
    },
    /// No port could be claimed for a move, for this reason.
    NotClaimed(String),
    /// Another port was chosen for a program that has lost the race for its own.
    Chosen,
    /// There is no other port for it; what refuses the ports that were requested or remembered.
    NotChosen(Vec<Conflict>),
    /// Nothing else came before [`State::deadline`](super::State::deadline).
    DeadlineReached,
}

/// What the launcher learns of a server: its lines, its proof, its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// It sent a message.
    Message(ToLauncher),
    /// It wrote a line that is no message.
    InvalidLine(String),
    /// It proved its identity.
    Proved,
    /// It did not prove its identity, for this reason.
    Disproved(NotReady),
    /// Its process ended.
    Ended {
        /// `None` if a signal ended it.
        exit_code: Option<i32>,
        /// `None` if it exited.
        signal: Option<i32>,
    },
    /// It could not be started at all.
    NotStarted(StartFailure),
    /// Another program has the port that this one was to bind.
    LostRace(Box<Conflict>),
    /// It was asked to end, and a process of it does not take our signals.
    Refused {
        /// The process id of that process.
        pid: u32,
    },
    /// It ended because it cannot bind a port over a reservation.
    CannotBind {
        /// `None` if a signal ended it.
        exit_code: Option<i32>,
        /// `None` if it exited.
        signal: Option<i32>,
    },
}
