//! Servers that have been replaced: they redirect to the new address for a while (after a move),
//! finish their requests, and end.

use std::time::Instant;

use shared::{
    event::{Event, RequestedBy},
    handover::ToServer,
    port::Port,
};

use super::{
    effect::Effect,
    server_end::{KILL_INTERVAL, KILLED, server_end},
};
use crate::supervisor::settings::SupervisorSettings;

/// How many servers redirect at a time. Each is a process with sockets of its own, and a page that was
/// opened more moves ago is rare.
pub(super) const MAX_REDIRECTING: usize = 3;

/// A server that has been replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DrainingServer {
    attempt: u32,
    since: Instant,
    until: Instant,
    was_asked_to_drain: bool,
    /// `None` if its replacement has the same port.
    left: Option<LeftPort>,
}

/// The port that a server had before a move. Its claim is dropped when the server has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftPort {
    pub(super) port: Port,
    /// The requester of the move.
    pub(super) by: Option<RequestedBy>,
}

impl DrainingServer {
    /// A server that drains until `until`, on the port of its replacement.
    pub(super) fn draining(attempt: u32, since: Instant, until: Instant) -> Self {
        Self { attempt, since, until, was_asked_to_drain: true, left: None }
    }

    pub(super) fn redirecting(
        attempt: u32,
        since: Instant,
        left: LeftPort,
        until: Instant,
    ) -> Self {
        Self { attempt, since, until, was_asked_to_drain: false, left: Some(left) }
    }

    pub(super) fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    pub(super) fn is_redirecting(&self) -> bool {
        !self.was_asked_to_drain
    }

    pub(super) fn kill(&self) -> Effect {
        Effect::Kill(self.attempt)
    }

    /// Drops the claim of the port that it had before a move.
    fn release(&self) -> Option<Effect> {
        self.left.map(|LeftPort { port, by }| Effect::Release { port, by })
    }

    /// Ends the redirects.
    pub(super) fn drain(&mut self, settings: &SupervisorSettings, now: Instant) -> Option<Effect> {
        if self.was_asked_to_drain {
            return None;
        }
        self.was_asked_to_drain = true;
        self.until = now + settings.stop_timeout;
        Some(Effect::Send(self.attempt, ToServer::Drain))
    }

    pub(super) fn time_is_up(
        &mut self,
        settings: &SupervisorSettings,
        now: Instant,
    ) -> Option<Effect> {
        if self.until > now {
            return None;
        }
        if let Some(drain) = self.drain(settings, now) {
            return Some(drain);
        }
        self.until = now + KILL_INTERVAL;
        Some(self.kill())
    }

    pub(super) fn ended(
        self,
        exit_code: Option<i32>,
        signal: Option<i32>,
        now: Instant,
    ) -> Vec<Effect> {
        let end = server_end(exit_code, signal, self.attempt, now.duration_since(self.since));
        [Effect::Record(Event::ServerExited(end))].into_iter().chain(self.release()).collect()
    }

    /// The launch ends, and this server with it.
    pub(super) fn abandon(self, now: Instant) -> Vec<Effect> {
        let kill = self.kill();
        [kill].into_iter().chain(self.ended(None, KILLED, now)).collect()
    }
}
