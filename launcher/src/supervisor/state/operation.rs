//! A restart or a move, from the request to the moment when its new server takes over.
//!
//! Both start a *replacement* beside the current server and change nothing until it has proved its
//! identity. If it fails, the current server never stopped.

use std::time::Instant;

use shared::{event::Event, port::Port};

use super::{
    effect::{Effect, Reply},
    input::Requester,
    server_end::server_end,
};
use crate::supervisor::settings::SupervisorSettings;

/// A restart or a move under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// A port is being claimed for a move.
    Claiming(Requester),
    Replacing(Replacement),
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
    /// The effects of its failure; it ended, or is killed, with this code or signal.
    pub(super) fn fail(
        self,
        exit_code: Option<i32>,
        signal: Option<i32>,
        why: &str,
        now: Instant,
    ) -> Vec<Effect> {
        let end = server_end(exit_code, signal, self.attempt, now.duration_since(self.since));
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
        }
    }

    pub(super) fn deadline(&self, settings: &SupervisorSettings) -> Option<Instant> {
        match self {
            Self::Claiming(_) => None,
            Self::Replacing(replacement) => Some(replacement.since + settings.ready_timeout),
        }
    }
}
