//! Servers that have been succeeded: they lead to the new address for a while, finish the requests in
//! flight, and end.

use std::time::Instant;

use shared::{
    event::{Event, RequestedBy},
    handover::ToServer,
    port::Port,
};

use super::{Effect, KILL_INTERVAL, KILLED, News, Phase, Rules, State, ended};

/// A server that has been succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retired {
    attempt: u32,
    since: Instant,
    until: Instant,
    is_draining: bool,
    /// The port that is let go when it has ended, and from where the move was asked for; `None` if
    /// its successor has the same.
    left: Option<(Port, Option<RequestedBy>)>,
}

impl Retired {
    pub(super) fn draining(attempt: u32, since: Instant, until: Instant) -> Self {
        Self { attempt, since, until, is_draining: true, left: None }
    }

    pub(super) fn redirecting(
        attempt: u32,
        since: Instant,
        left: (Port, Option<RequestedBy>),
        until: Instant,
    ) -> Self {
        Self { attempt, since, until, is_draining: false, left: Some(left) }
    }

    /// Which start of a server it was.
    #[cfg(test)]
    pub(super) fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    pub(super) fn kill(&self) -> Effect {
        Effect::Kill(self.attempt)
    }

    /// Lets go of the port that it led away from.
    fn release(&self) -> Option<Effect> {
        self.left.map(|(port, by)| Effect::Release { port, by })
    }

    /// Redirects no longer.
    pub(super) fn drain(&mut self, rules: &Rules, now: Instant) -> Option<Effect> {
        if self.is_draining {
            return None;
        }
        self.is_draining = true;
        self.until = now + rules.stop_timeout;
        Some(Effect::Tell(self.attempt, ToServer::Drain))
    }

    pub(super) fn time_is_up(&mut self, rules: &Rules, now: Instant) -> Option<Effect> {
        if self.until > now {
            return None;
        }
        if let Some(drain) = self.drain(rules, now) {
            return Some(drain);
        }
        self.until = now + KILL_INTERVAL;
        Some(self.kill())
    }

    /// What is done about it when the launch ends.
    pub(super) fn abandon(self, now: Instant) -> Vec<Effect> {
        let end = ended(None, KILLED, self.attempt, now.duration_since(self.since));
        let exited = Effect::Record(Event::ServerExited(end));
        [self.kill(), exited].into_iter().chain(self.release()).collect()
    }
}

impl State {
    /// Whether that start of a server was succeeded, and still finishes what it had begun.
    pub(super) fn is_retired(&self, attempt: u32) -> bool {
        self.retired.iter().any(|retired| retired.attempt == attempt)
    }

    pub(super) fn retired_news(&mut self, attempt: u32, news: &News, now: Instant) -> Vec<Effect> {
        let News::Ended { exit_code, signal } = *news else { return vec![] };
        let place = self.retired.iter().position(|retired| retired.attempt == attempt);
        let Some(retired) = place.map(|place| self.retired.swap_remove(place)) else {
            return vec![];
        };
        let uptime = now.duration_since(retired.since);
        let end = ended(exit_code, signal, attempt, uptime);
        let mut effects = vec![Effect::Record(Event::ServerExited(end))];
        effects.extend(retired.release());
        if self.phase == Phase::Finishing {
            self.finish(now, &mut effects);
        }
        effects
    }
}
