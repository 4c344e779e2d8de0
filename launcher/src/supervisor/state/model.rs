//! The state of a launch, as the decisions see it.

use std::time::Instant;

use shared::event::RequestedBy;

use super::{draining::DrainingServer, effect::Effect, operation::Operation, phase::Phase};
use crate::supervisor::{backoff::Backoff, settings::SupervisorSettings};

/// What decisions change: the phase, the operation under way, and the servers that drain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What the current server is doing: the one that the port belongs to.
    pub phase: Phase,
    /// The attempt of the current server, from 1.
    pub current: u32,
    pub(super) started: u32,
    /// How often a server took the place of another on its port.
    pub restarts: u32,
    /// Whether a server of this launch has ever been ready.
    pub(super) ever_ready: bool,
    pub(super) backoff: Backoff,
    /// The restart or move under way.
    pub(super) operation: Option<Operation>,
    /// Who asked first for the end of the launch.
    pub(super) stopped_by: Option<RequestedBy>,
    /// Servers that have been replaced and finish their requests.
    pub(super) draining: Vec<DrainingServer>,
}

impl State {
    /// The state at the start of a launch, and the first effects.
    pub fn begin(now: Instant) -> (Self, Vec<Effect>) {
        let state = Self {
            phase: Phase::Starting { since: now },
            current: 1,
            started: 1,
            restarts: 0,
            ever_ready: false,
            backoff: Backoff::default(),
            operation: None,
            stopped_by: None,
            draining: Vec::new(),
        };
        (state, vec![Effect::Spawn { attempt: 1, on_new_port: false }])
    }

    /// When [`Input::DeadlineReached`](super::input::Input::DeadlineReached) is due, if nothing else
    /// happens before.
    pub fn deadline(&self, settings: &SupervisorSettings) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Starting { since } | Phase::Proving { since } => {
                Some(since + settings.ready_timeout)
            }
            Phase::Waiting { until } | Phase::Draining { until, .. } => Some(until),
            Phase::Serving { .. } | Phase::Choosing | Phase::Finishing | Phase::Ended => None,
        };
        let operation = self.operation.as_ref().and_then(|operation| operation.deadline(settings));
        let draining = self.draining.iter().map(DrainingServer::until);
        draining.chain(phase).chain(operation).min()
    }
}
