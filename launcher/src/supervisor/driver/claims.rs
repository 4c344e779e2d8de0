//! The claims of a launch: the current one, the one to move to, and those that were moved away from
//! and are dropped in time.

use std::mem;

use shared::{
    claim::Claim,
    event::{EndReason, Ending, Event, RequestedBy},
    history::Writer,
    port::Port,
};

use crate::choose::Choice;

/// The claims of a launch.
pub(super) struct Claims<'a> {
    history: &'a Writer,
    current: Choice,
    /// The claim of a move under way.
    pending: Option<Choice>,
    /// Claims that were moved away from and whose servers still redirect.
    left: Vec<Claim>,
    /// The port before the last move; the current one if there was none.
    previous: Port,
}

impl<'a> Claims<'a> {
    pub(super) fn new(history: &'a Writer, current: Choice) -> Self {
        let previous = current.claim.port();
        Self { history, current, pending: None, left: Vec::new(), previous }
    }

    pub(super) fn current(&self) -> &Choice {
        &self.current
    }

    pub(super) fn into_current(self) -> Choice {
        self.current
    }

    pub(super) fn port(&self) -> Port {
        self.current.claim.port()
    }

    pub(super) fn previous_port(&self) -> Port {
        self.previous
    }

    /// The claim of a move under way, or else the current one.
    pub(super) fn newest(&self) -> &Choice {
        self.pending.as_ref().unwrap_or(&self.current)
    }

    /// Every port that is held already: first the current one, then those that still redirect to it.
    pub(super) fn held(&self) -> Vec<Port> {
        [self.port()].into_iter().chain(self.left.iter().map(Claim::port)).collect()
    }

    /// Keeps the claim to move to.
    pub(super) fn prepare(&mut self, next: Choice) {
        self.pending = Some(next);
    }

    /// Makes the claim of the move the current one. Returns whether there was one.
    pub(super) fn switch(&mut self) -> bool {
        let Some(next) = self.pending.take() else { return false };
        let old = mem::replace(&mut self.current, next);
        self.previous = old.claim.port();
        self.left.push(old.claim);
        true
    }

    /// Drops the claim of a port that was moved away from.
    pub(super) fn release(&mut self, port: Port, by: Option<RequestedBy>) {
        self.left.retain(|claim| claim.port() != port);
        self.record(Ending::of(port, EndReason::Moved).asked(by));
    }

    /// Drops the claim of a move that failed.
    pub(super) fn abandon_claim(&mut self, by: Option<RequestedBy>) {
        if let Some(next) = self.pending.take() {
            let port = next.claim.port();
            drop(next);
            self.record(Ending::of(port, EndReason::MoveFailed).asked(by));
        }
    }

    fn record(&self, ending: Ending) {
        self.history.record(&Event::PortReleased(ending));
    }
}
