//! The decisions about a restart or a move: how a replacement takes the place of the current server.

use std::time::Instant;

use shared::{
    event::{Event, RestartReason, ServerRestarting},
    handover::{ToLauncher, ToServer},
    message,
    port::Port,
};

use super::{
    draining::{DrainingServer, LeftPort, MAX_REDIRECTING},
    effect::{Effect, Reply},
    input::{Requester, ServerEvent},
    model::State,
    operation::{Operation, OperationKind, Replacement, Succession},
    phase::Phase,
    server_end::server_end,
};
use crate::{program::ServerKind, readiness::NotReady, supervisor::settings::SupervisorSettings};

impl State {
    /// When the current server was started, if a restart or a move can be begun now; otherwise the
    /// reply with the reason.
    fn since_if_free(&self) -> Result<Instant, Reply> {
        let why = match (&self.phase, &self.operation) {
            (Phase::Serving { since }, None) => return Ok(*since),
            (Phase::Serving { .. }, Some(_)) => message!("operation.under_way"),
            (Phase::Starting { .. } | Phase::Proving { .. }, _) => message!("operation.starting"),
            (Phase::Waiting { .. } | Phase::Choosing, _) => message!("operation.waiting"),
            (Phase::Draining { .. }, Some(_)) => message!("operation.under_way"),
            (Phase::Draining { .. } | Phase::Finishing | Phase::Ended, _) => {
                message!("operation.ending")
            }
        };
        Err(Reply::Refused(why))
    }

    pub(super) fn restart(
        &mut self,
        settings: &SupervisorSettings,
        requester: Requester,
        now: Instant,
    ) -> Vec<Effect> {
        let since = match self.since_if_free() {
            Ok(since) => since,
            Err(refusal) => return vec![Effect::Reply(requester.ticket, refusal)],
        };
        // The current server has not ended: this is how it is now.
        let end = server_end(None, None, self.current, now.duration_since(since));
        let (why, by) = (RestartReason::Asked, requester.by);
        let restarting = Event::ServerRestarting(ServerRestarting { end, why, by });
        let begun = self.begin_operation(settings, OperationKind::Restart, requester, now);
        vec![Effect::Record(restarting), begun]
    }

    pub(super) fn move_to(&mut self, port: Option<Port>, requester: Requester) -> Vec<Effect> {
        if let Err(refusal) = self.since_if_free() {
            return vec![Effect::Reply(requester.ticket, refusal)];
        }
        self.operation = Some(Operation::Claiming(requester));
        vec![Effect::Claim(port)]
    }

    pub(super) fn claimed(
        &mut self,
        settings: &SupervisorSettings,
        from: Port,
        to: Port,
        now: Instant,
    ) -> Vec<Effect> {
        match self.operation {
            Some(Operation::Claiming(requester)) => {
                vec![self.begin_operation(
                    settings,
                    OperationKind::Move { from, to },
                    requester,
                    now,
                )]
            }
            // The requester of the move has had the answer that the launch is ending.
            _ => vec![Effect::AbandonClaim(None)],
        }
    }

    pub(super) fn not_claimed(&mut self, why: String) -> Vec<Effect> {
        match self.operation.take() {
            Some(Operation::Claiming(requester)) => {
                vec![Effect::Reply(requester.ticket, Reply::NoPort(why))]
            }
            other => {
                self.operation = other;
                vec![]
            }
        }
    }

    /// Begins a restart or a move: by a new server beside the current one, or by the end of a program.
    fn begin_operation(
        &mut self,
        settings: &SupervisorSettings,
        kind: OperationKind,
        requester: Requester,
        now: Instant,
    ) -> Effect {
        match self.phase {
            Phase::Serving { since } if settings.kind == ServerKind::Program => {
                self.operation = Some(Operation::Succeeding(Succession { kind, requester }));
                self.phase = Phase::Draining { since, until: now + settings.stop_timeout };
                Effect::Send(self.current, ToServer::Drain)
            }
            _ => self.start_replacement(kind, requester, now),
        }
    }

    fn start_replacement(
        &mut self,
        kind: OperationKind,
        requester: Requester,
        now: Instant,
    ) -> Effect {
        self.started += 1;
        let attempt = self.started;
        let replacement = Replacement { attempt, since: now, said_ready: false, kind, requester };
        self.operation = Some(Operation::Replacing(replacement));
        Effect::Spawn { attempt, on_new_port: kind != OperationKind::Restart }
    }

    pub(super) fn is_replacement(&self, attempt: u32) -> bool {
        matches!(&self.operation, Some(Operation::Replacing(replacement)) if replacement.attempt == attempt)
    }

    /// Ends the restart or move under way, if there is one, and answers its requester why.
    pub(super) fn abandon_operation(&mut self, why: &str, now: Instant) -> Vec<Effect> {
        match self.operation.take() {
            None => vec![],
            Some(Operation::Claiming(requester)) => {
                vec![Effect::Reply(requester.ticket, Reply::Refused(why.to_owned()))]
            }
            Some(Operation::Replacing(replacement)) => replacement.fail(None, why, now),
            Some(Operation::Succeeding(succession)) => succession.fail(why),
        }
    }

    /// A client has given up what it asked for, which is not done behind its back.
    pub(super) fn requester_left(&mut self, ticket: u64, now: Instant) -> Vec<Effect> {
        let requester = self.operation.as_ref().map(Operation::requester);
        let has_left = requester.is_some_and(|requester| requester.ticket == Some(ticket));
        // A program that ends has to have its successor.
        match has_left && !self.is_succeeding() {
            true => self.abandon_operation(&message!("operation.given_up"), now),
            false => vec![],
        }
    }

    /// The current server has failed while its replacement on the same port was starting: the
    /// replacement becomes the current server at once.
    pub(super) fn take_over(&mut self) -> Option<Vec<Effect>> {
        let replacement = match self.operation.take() {
            Some(Operation::Replacing(replacement))
                if replacement.kind == OperationKind::Restart =>
            {
                replacement
            }
            other => {
                self.operation = other;
                return None;
            }
        };
        let since = replacement.since;
        self.restarts += 1;
        self.current = replacement.attempt;
        self.phase = match replacement.said_ready {
            true => Phase::Proving { since },
            false => Phase::Starting { since },
        };
        let why = message!("operation.taken_over");
        Some(vec![Effect::Reply(replacement.requester.ticket, Reply::Refused(why))])
    }

    pub(super) fn operation_overdue(
        &mut self,
        settings: &SupervisorSettings,
        now: Instant,
    ) -> Vec<Effect> {
        match &self.operation {
            Some(Operation::Replacing(replacement))
                if replacement.since + settings.ready_timeout <= now =>
            {
                let (after, said_ready) = (settings.ready_timeout, replacement.said_ready);
                self.replacement_failed(&NotReady::TimedOut { after, said_ready }, now)
            }
            _ => vec![],
        }
    }

    pub(super) fn replacement_event(
        &mut self,
        settings: &SupervisorSettings,
        event: ServerEvent,
        now: Instant,
    ) -> Vec<Effect> {
        let Some(Operation::Replacing(replacement)) = &mut self.operation else { return vec![] };
        match event {
            ServerEvent::Message(ToLauncher::Ready) if !replacement.said_ready => {
                replacement.said_ready = true;
                vec![Effect::Prove(replacement.attempt)]
            }
            ServerEvent::Message(_) => vec![],
            ServerEvent::Proved => self.succeed(settings, now),
            ServerEvent::InvalidLine(what) => {
                self.replacement_failed(&NotReady::WrongAnswer(what), now)
            }
            ServerEvent::Disproved(reason) => self.replacement_failed(&reason, now),
            ServerEvent::NotStarted(why) => {
                self.replacement_failed(&NotReady::NotStarted(why), now)
            }
            ServerEvent::Ended { exit_code, signal } => {
                let reason = signal.map_or(NotReady::Exited(exit_code), NotReady::Signalled);
                self.replacement_failed(&reason, now)
            }
            // A program has a successor, and no replacement.
            ServerEvent::LostRace(_)
            | ServerEvent::CannotBind { .. }
            | ServerEvent::Refused { .. } => vec![],
        }
    }

    fn replacement_failed(&mut self, reason: &NotReady, now: Instant) -> Vec<Effect> {
        match self.operation.take() {
            Some(Operation::Replacing(replacement)) => {
                let why = message!("operation.not_started", reason);
                replacement.fail(Some(reason), &why, now)
            }
            other => {
                self.operation = other;
                vec![]
            }
        }
    }

    /// The replacement has proved its identity and becomes the current server.
    fn succeed(&mut self, settings: &SupervisorSettings, now: Instant) -> Vec<Effect> {
        let Some(Operation::Replacing(replacement)) = self.operation.take() else { return vec![] };
        let Phase::Serving { since } = self.phase else { return vec![] };
        let old = self.current;
        self.current = replacement.attempt;
        self.phase = Phase::Serving { since: replacement.since };
        let answer = Effect::Reply(replacement.requester.ticket, Reply::Done);
        match replacement.kind {
            OperationKind::Restart => {
                self.restarts += 1;
                self.draining.push(DrainingServer::draining(
                    old,
                    since,
                    now + settings.stop_timeout,
                ));
                let drain = Effect::Send(old, ToServer::Drain);
                vec![Effect::Announce(self.current), drain, answer]
            }
            OperationKind::Move { from, to } => {
                self.draining.push(DrainingServer::redirecting(
                    old,
                    since,
                    LeftPort { port: from, by: replacement.requester.by },
                    now + settings.redirect_for,
                ));
                let redirect = Effect::Send(old, ToServer::Redirect { to });
                let moved = Effect::Move { from, to };
                let effects = [moved, Effect::Announce(self.current), redirect, answer];
                effects.into_iter().chain(self.drain_oldest(settings, now)).collect()
            }
        }
    }

    /// Has the oldest server that redirects drain, if there are too many. Each leads to the next one, so
    /// the others still lead to the current port.
    fn drain_oldest(&mut self, settings: &SupervisorSettings, now: Instant) -> Option<Effect> {
        let redirecting = || self.draining.iter().filter(|server| server.is_redirecting());
        if redirecting().count() <= MAX_REDIRECTING {
            return None;
        }
        let oldest = self
            .draining
            .iter_mut()
            .filter(|server| server.is_redirecting())
            .min_by_key(|server| server.attempt())?;
        oldest.drain(settings, now)
    }
}
