//! The decisions about the current server, and the one function that makes every decision.

use std::time::Instant;

use shared::{
    event::{Event, LastFailure, LastFailureReason, RestartReason, ServerEnd, ServerRestarting},
    exit::Exit,
    handover::{ToLauncher, ToServer},
    message,
    settings::Restart,
};

use super::{
    draining::DrainingServer,
    effect::{Effect, Reply},
    input::{Input, Requester, ServerEvent},
    model::State,
    outcome::LaunchOutcome,
    phase::Phase,
    server_end::{KILL_INTERVAL, end_of, server_end},
};
use crate::{program::ServerKind, readiness::NotReady, supervisor::settings::SupervisorSettings};

impl State {
    /// The next start of a server on the current port.
    fn start(&mut self, now: Instant) -> Effect {
        self.restarts += 1;
        self.start_on(false, now)
    }

    /// The next start of a server, on the current port or on that of a move.
    pub(super) fn start_on(&mut self, on_new_port: bool, now: Instant) -> Effect {
        self.started += 1;
        self.current = self.started;
        self.phase = Phase::Starting { since: now };
        Effect::Spawn { attempt: self.current, on_new_port }
    }

    /// Ends the launch, and with it whatever is still there.
    fn end(&mut self, outcome: LaunchOutcome, now: Instant, effects: &mut Vec<Effect>) {
        self.phase = Phase::Ended;
        effects.extend(self.abandon_operation(&message!("operation.ended"), now));
        effects.extend(self.draining.drain(..).flat_map(|server| server.abandon(now)));
        effects.push(Effect::End(outcome));
    }

    /// The current server, started at `since`, did not become ready.
    fn not_ready(
        &mut self,
        settings: &SupervisorSettings,
        reason: NotReady,
        since: Instant,
        now: Instant,
    ) -> Vec<Effect> {
        let end = end_of(&reason, self.current, now.duration_since(since));
        let exit_code = end.exit_code;
        let mut effects = Vec::new();
        if reason.is_alive() {
            effects.push(Effect::Kill(self.current));
        }
        if self.ever_ready {
            if let Some(succession) = self.failed_move() {
                let why = message!("operation.not_started", reason);
                effects.push(Effect::Record(Event::ServerExited(end)));
                effects.extend(succession.fail(&why));
                effects.push(self.start(now));
            } else {
                self.failed(settings, end, now, &mut effects);
            }
            return effects;
        }
        effects.push(Effect::Record(Event::ServerExited(end)));
        let outcome = match exit_code.filter(|code| settings.is_final(*code)) {
            Some(code) => LaunchOutcome::Final(code),
            None => LaunchOutcome::NotReady(reason),
        };
        self.end(outcome, now, &mut effects);
        effects
    }

    /// The current server of a launch that was once ready has failed, or has ended by itself.
    fn failed(
        &mut self,
        settings: &SupervisorSettings,
        mut end: ServerEnd,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Record(Event::ServerExited(end.clone())));
        if let Some(taken_over) = self.take_over() {
            effects.extend(taken_over);
            return;
        }
        effects.extend(self.abandon_operation(&message!("operation.server_failed"), now));
        if end.exit_code == Some(Exit::Done.code()) {
            return self.end(LaunchOutcome::Finished, now, effects);
        }
        if let Some(code) = end.exit_code.filter(|code| settings.is_final(*code)) {
            return self.end(LaunchOutcome::Final(code), now, effects);
        }
        let delay = match settings.restart {
            Restart::OnFailure => self.backoff.failed(end.uptime.unwrap_or_default(), now),
            Restart::Never => None,
        };
        let Some(delay) = delay else {
            let why = match settings.restart {
                Restart::OnFailure => LastFailureReason::FailedTooOften,
                Restart::Never => LastFailureReason::NeverRestarted,
            };
            let given_up = LastFailure { end: end.clone(), why };
            effects.push(Effect::Record(Event::LaunchGaveUp(given_up)));
            return self.end(LaunchOutcome::GaveUp { end, rule: settings.restart }, now, effects);
        };
        end.delay = Some(delay);
        let (why, by) = (RestartReason::Failed, None);
        effects.push(Effect::Record(Event::ServerRestarting(ServerRestarting { end, why, by })));
        self.phase = Phase::Waiting { until: now + delay };
    }

    fn stop(
        &mut self,
        settings: &SupervisorSettings,
        requester: Requester,
        now: Instant,
    ) -> Vec<Effect> {
        let mut effects = vec![Effect::Reply(requester.ticket, Reply::Stopping)];
        let is_stopping = matches!(self.phase, Phase::Draining { .. } | Phase::Finishing);
        if !is_stopping || self.is_succeeding() {
            self.stopped_by = requester.by;
        }
        effects.extend(self.abandon_operation(&message!("operation.ending"), now));
        effects.extend(self.draining.iter_mut().filter_map(|server| server.drain(settings, now)));
        match self.phase {
            Phase::Serving { since } => {
                self.phase = Phase::Draining { since, until: now + settings.stop_timeout };
                effects.push(Effect::Send(self.current, ToServer::Drain));
            }
            // A program may have begun what it wants to finish.
            Phase::Starting { since } | Phase::Proving { since }
                if settings.kind == ServerKind::Program =>
            {
                self.phase = Phase::Draining { since, until: now + settings.stop_timeout };
                effects.push(Effect::Send(self.current, ToServer::Drain));
            }
            Phase::Starting { since } | Phase::Proving { since } => {
                self.phase = Phase::Draining { since, until: now + KILL_INTERVAL };
                effects.push(Effect::Kill(self.current));
            }
            Phase::Waiting { .. } | Phase::Choosing => self.finish(now, &mut effects),
            Phase::Draining { .. } | Phase::Finishing | Phase::Ended => {}
        }
        effects
    }

    /// The current server is gone as it should be: the launch ends with the last of the others.
    fn finish(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.draining.is_empty() {
            self.end(LaunchOutcome::Stopped { by: self.stopped_by }, now, effects);
        } else {
            self.phase = Phase::Finishing;
        }
    }

    /// Everything that is overdue.
    fn time_is_up(&mut self, settings: &SupervisorSettings, now: Instant) -> Vec<Effect> {
        let mut effects: Vec<_> = self
            .draining
            .iter_mut()
            .filter_map(|server| server.time_is_up(settings, now))
            .collect();
        effects.extend(self.operation_overdue(settings, now));
        if self.deadline(settings).is_none_or(|due| due > now) {
            return effects;
        }
        match self.phase {
            Phase::Starting { since } => {
                let reason =
                    NotReady::TimedOut { after: settings.ready_timeout, said_ready: false };
                effects.extend(self.not_ready(settings, reason, since, now));
            }
            Phase::Proving { since } => {
                let reason = NotReady::TimedOut { after: settings.ready_timeout, said_ready: true };
                effects.extend(self.not_ready(settings, reason, since, now));
            }
            Phase::Waiting { .. } => effects.push(self.start(now)),
            Phase::Draining { since, .. } => {
                // Nothing can refuse to die, so the end of the process is what happens next.
                self.phase = Phase::Draining { since, until: now + KILL_INTERVAL };
                effects.push(Effect::Kill(self.current));
            }
            Phase::Serving { .. } | Phase::Choosing | Phase::Finishing | Phase::Ended => {}
        }
        effects
    }

    fn draining_ended(
        &mut self,
        attempt: u32,
        exit_code: Option<i32>,
        signal: Option<i32>,
        now: Instant,
    ) -> Vec<Effect> {
        let place = self.draining.iter().position(|server| server.attempt() == attempt);
        let Some(server) = place.map(|place| self.draining.swap_remove(place)) else {
            return vec![];
        };
        let mut effects = server.ended(exit_code, signal, now);
        if self.phase == Phase::Finishing {
            self.finish(now, &mut effects);
        }
        effects
    }

    fn current_event(
        &mut self,
        settings: &SupervisorSettings,
        event: ServerEvent,
        now: Instant,
    ) -> Vec<Effect> {
        use Phase::{Draining, Proving, Serving, Starting};
        match (self.phase.clone(), event) {
            (Starting { since }, ServerEvent::Message(ToLauncher::Ready)) => {
                self.phase = Proving { since };
                vec![Effect::Prove(self.current)]
            }
            (Proving { since }, ServerEvent::Proved) => {
                self.phase = Serving { since };
                self.ever_ready = true;
                self.announce()
            }
            (Starting { since } | Proving { since }, ServerEvent::InvalidLine(what)) => {
                self.not_ready(settings, NotReady::WrongAnswer(what), since, now)
            }
            (
                Starting { since } | Proving { since } | Serving { since },
                ServerEvent::Disproved(reason),
            ) => self.not_ready(settings, reason, since, now),
            (Starting { since } | Proving { since }, ServerEvent::Ended { exit_code, signal }) => {
                let reason = signal.map_or(NotReady::Exited(exit_code), NotReady::Signalled);
                self.not_ready(settings, reason, since, now)
            }
            (Starting { since }, ServerEvent::NotStarted(why)) => {
                self.not_ready(settings, NotReady::NotStarted(why), since, now)
            }
            (Serving { since }, ServerEvent::Ended { exit_code, signal }) => {
                let end = server_end(exit_code, signal, self.current, now.duration_since(since));
                let mut effects = Vec::new();
                self.failed(settings, end, now, &mut effects);
                effects
            }
            (Draining { since, .. }, ServerEvent::Ended { exit_code, signal }) => {
                let end = server_end(exit_code, signal, self.current, now.duration_since(since));
                let mut effects = vec![Effect::Record(Event::ServerExited(end))];
                match self.start_successor(now) {
                    Some(start) => effects.push(start),
                    None => self.finish(now, &mut effects),
                }
                effects
            }
            (_, ServerEvent::Refused { pid }) => {
                let mut effects = Vec::new();
                self.end(LaunchOutcome::NotEnded { pid }, now, &mut effects);
                effects
            }
            (
                Starting { since } | Proving { since },
                ServerEvent::CannotBind { exit_code, signal },
            ) => {
                let end = server_end(exit_code, signal, self.current, now.duration_since(since));
                let exited = Effect::Record(Event::ServerExited(end));
                let on_new_port = self.is_moving();
                vec![exited, Effect::ReleaseReservation, self.start_on(on_new_port, now)]
            }
            (
                Starting { since } | Proving { since } | Serving { since },
                ServerEvent::LostRace(conflict),
            ) => self.lost_race(conflict, since, now),
            (Serving { .. }, ServerEvent::Message(ToLauncher::Stop { by })) => {
                self.stop(settings, Requester::unanswered(by), now)
            }
            (Serving { .. }, ServerEvent::Message(ToLauncher::Restart { by })) => {
                self.restart(settings, Requester::unanswered(by), now)
            }
            (Serving { .. }, ServerEvent::Message(ToLauncher::Move { port, by })) => {
                self.move_to(port, Requester::unanswered(by))
            }
            (Serving { .. } | Draining { .. }, ServerEvent::InvalidLine(what)) => {
                vec![Effect::LogInvalidLine(what)]
            }
            _ => vec![],
        }
    }
}

/// Decides what follows from `input`. What cannot happen in a phase changes nothing.
pub fn step(
    settings: &SupervisorSettings,
    mut state: State,
    input: Input,
    now: Instant,
) -> (State, Vec<Effect>) {
    if state.phase == Phase::Ended {
        return (state, vec![]);
    }
    let effects = match input {
        Input::Server { attempt, event } if state.is_replacement(attempt) => {
            state.replacement_event(settings, event, now)
        }
        Input::Server { attempt, event } if attempt == state.current => {
            state.current_event(settings, event, now)
        }
        // A page that was opened before a restart or a move may still ask the old server.
        Input::Server { attempt, event: ServerEvent::Message(ToLauncher::Stop { by }) }
            if state.draining.iter().any(|server| server.attempt() == attempt) =>
        {
            state.stop(settings, Requester::unanswered(by), now)
        }
        Input::Server { attempt, event: ServerEvent::Ended { exit_code, signal } } => {
            state.draining_ended(attempt, exit_code, signal, now)
        }
        Input::Server { .. } => vec![],
        Input::StopRequested(requester) => state.stop(settings, requester, now),
        Input::ForceStopRequested(by) => match state.phase {
            Phase::Draining { .. } | Phase::Finishing => {
                let mut effects: Vec<_> = state.draining.iter().map(DrainingServer::kill).collect();
                if matches!(state.phase, Phase::Draining { .. }) {
                    effects.push(Effect::Kill(state.current));
                }
                effects
            }
            _ => state.stop(settings, Requester::unanswered(Some(by)), now),
        },
        Input::RestartRequested(requester) => state.restart(settings, requester, now),
        Input::MoveRequested(port, requester) => state.move_to(port, requester),
        Input::RequesterLeft(ticket) => state.requester_left(ticket, now),
        Input::Claimed { from, to } => state.claimed(settings, from, to, now),
        Input::NotClaimed(why) => state.not_claimed(why),
        Input::Chosen if state.phase == Phase::Choosing => vec![state.start_on(false, now)],
        Input::Chosen => vec![],
        Input::NotChosen(conflicts) => {
            let mut effects = Vec::new();
            state.end(LaunchOutcome::NoPort(conflicts), now, &mut effects);
            effects
        }
        Input::DeadlineReached => state.time_is_up(settings, now),
    };
    (state, effects)
}
