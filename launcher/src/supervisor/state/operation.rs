//! A restart or a move, from the request to the moment when its new server takes over.
//!
//! Both start a *replacement* beside the current server and change nothing until it has proved its
//! identity. If it fails, the current server never stopped.
//!
//! A program binds its port by itself: it ends first, and its *successor* is the current server from its start.

use std::time::Instant;

use shared::{event::Event, port::Port};

use super::{
    effect::{Effect, Reply},
    input::Requester,
    server_end::{KILLED, end_of, server_end},
};
use crate::{readiness::NotReady, supervisor::settings::SupervisorSettings};

/// A restart or a move under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// A port is being claimed for a move.
    Claiming(Requester),
    Replacing(Replacement),
    /// The current server ends, or its successor is starting.
    Succeeding(Succession),
}

/// A restart or a move of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Succession {
    pub(super) kind: OperationKind,
    pub(super) requester: Requester,
}

impl Succession {
    /// The effects of its failure.
    pub(super) fn fail(self, why: &str) -> Vec<Effect> {
        let abandoned = match self.kind {
            OperationKind::Move { .. } => Some(Effect::AbandonClaim(self.requester.by)),
            OperationKind::Restart => None,
        };
        let reply = Effect::Reply(self.requester.ticket, Reply::Refused(why.to_owned()));
        abandoned.into_iter().chain([reply]).collect()
    }
}

/// What a replacement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperationKind {
    /// A new server on the same port.
    Restart,
    /// A new server on another port.
    Move { from: Port, to: Port },
}

/// A server that is to take the place of the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacement {
    pub(super) attempt: u32,
    pub(super) since: Instant,
    pub(super) said_ready: bool,
    pub(super) kind: OperationKind,
    pub(super) requester: Requester,
}

impl Replacement {
    /// The effects of its failure; without a `reason` it is killed because it is no longer needed.
    pub(super) fn fail(self, reason: Option<&NotReady>, why: &str, now: Instant) -> Vec<Effect> {
        let uptime = now.duration_since(self.since);
        let end = match reason {
            Some(reason) => end_of(reason, self.attempt, uptime),
            None => server_end(None, KILLED, self.attempt, uptime),
        };
        let mut effects =
            vec![Effect::Kill(self.attempt), Effect::Record(Event::ServerExited(end))];
        if let OperationKind::Move { .. } = self.kind {
            effects.push(Effect::AbandonClaim(self.requester.by));
        }
        effects.push(Effect::Reply(self.requester.ticket, Reply::Refused(why.to_owned())));
        effects
    }
}

impl Operation {
    pub(super) fn requester(&self) -> Requester {
        match self {
            Self::Claiming(requester) => *requester,
            Self::Replacing(replacement) => replacement.requester,
            Self::Succeeding(succession) => succession.requester,
        }
    }

    pub(super) fn deadline(&self, settings: &SupervisorSettings) -> Option<Instant> {
        match self {
            // The phase has the deadlines of a successor.
            Self::Claiming(_) | Self::Succeeding(_) => None,
            Self::Replacing(replacement) => Some(replacement.since + settings.ready_timeout),
        }
    }
}
