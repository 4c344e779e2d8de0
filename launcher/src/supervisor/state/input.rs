//! What may happen to a launch.

use shared::{event::RequestedBy, handover::ToLauncher, port::Port};

/// Which request of a person an answer belongs to; `None` if nobody waits for one.
pub type Ticket = Option<u64>;

/// What is known of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requester {
    /// From where it came; `None` if its sender did not say.
    pub by: Option<RequestedBy>,
    /// Which answer is waited for.
    pub ticket: Ticket,
}

impl Requester {
    /// A request that no answer is waited for.
    pub fn unanswered(by: Option<RequestedBy>) -> Self {
        Self { by, ticket: None }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Something happened to a server.
    Server {
        /// Which start of a server it was.
        attempt: u32,
        /// What happened to it.
        news: News,
    },
    /// A person, or the system, wants the launch to end.
    StopAsked(Requester),
    /// A signal, after one that has asked for the end: it is to end at once.
    StopDemanded(RequestedBy),
    /// A person wants a new server on the same port.
    RestartAsked(Requester),
    /// A person wants another port: this one, or any.
    MoveAsked(Option<Port>, Requester),
    /// The port of a move was claimed.
    Claimed {
        /// The port so far.
        from: Port,
        /// The port that was claimed.
        to: Port,
    },
    /// It could not be.
    NotClaimed(String),
    /// The time that [`State::deadline`](super::State::deadline) named has come.
    TimeIsUp,
}

/// What happened to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It said something.
    Said(ToLauncher),
    /// It wrote something that is no message.
    Garbage(String),
    /// It proved that it is the server we started.
    Proved,
    /// It could not.
    Disproved(String),
    /// It ended.
    Ended {
        /// With this code.
        exit_code: Option<i32>,
        /// By this signal.
        signal: Option<i32>,
    },
    /// It could not be started at all.
    NotStarted(String),
}
