//! The decisions of supervision, as a pure function; see the drawing in [`supervisor`](super).

mod effect;
mod errand;
mod input;
mod phase;
mod retired;
#[cfg(test)]
mod test;

use std::time::{Duration, Instant};

use shared::{
    event::{Event, RequestedBy, RestartReason, ServerEnd, ServerRestarting},
    exit::Exit,
    handover::{ToLauncher, ToServer},
    settings::Restart,
};

pub use self::{
    effect::{Answer, Effect, Outcome},
    input::{Input, News, Requester, Ticket},
    phase::Phase,
};
use self::{errand::Errand, retired::Retired};
use super::backoff::Tally;
use crate::readiness::NotReady;

/// How long a server may take to end after it was killed, before it is killed again: nothing can refuse
/// to die, but a process that waits for a disk dies late.
const KILL_INTERVAL: Duration = Duration::from_secs(12);

/// What the decisions depend on.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long a server may take to become ready.
    pub ready_timeout: Duration,
    /// When it is started again.
    pub restart: Restart,
    /// How long the old port leads to the new one after a move.
    pub redirect_for: Duration,
    /// How long a server may take to end after it was told to.
    pub stop_timeout: Duration,
}

/// Where the launch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What the server is doing that the port belongs to.
    pub phase: Phase,
    /// Which start of a server that was, from 1.
    current: u32,
    /// How many servers were started.
    started: u32,
    /// Whether a server of this launch has ever been ready.
    ever_ready: bool,
    failures: Tally,
    /// What a person has asked for and is not done yet.
    errand: Option<Errand>,
    /// From where the end was asked for first.
    stopped_by: Option<RequestedBy>,
    /// Servers that have been succeeded and finish what they had begun.
    retired: Vec<Retired>,
}

/// The signal of a server that we end at once.
const KILLED: Option<i32> = Some(9);

/// How a server ended, for a record.
fn ended(exit_code: Option<i32>, signal: Option<i32>, attempt: u32, uptime: Duration) -> ServerEnd {
    let uptime = Some(uptime);
    ServerEnd { exit_code, signal, uptime, attempt, ..ServerEnd::default() }
}

impl State {
    /// The beginning of a launch, and the first thing to do.
    pub fn begin(now: Instant) -> (Self, Vec<Effect>) {
        let state = Self {
            phase: Phase::Starting { since: now },
            current: 1,
            started: 1,
            ever_ready: false,
            failures: Tally::default(),
            errand: None,
            stopped_by: None,
            retired: Vec::new(),
        };
        (state, vec![Effect::Spawn { attempt: 1, on_next: false }])
    }

    /// How often a server was started again.
    pub fn restarts(&self) -> u32 {
        self.started - 1
    }

    /// When [`Input::TimeIsUp`] is due, if nothing else happens before.
    pub fn deadline(&self, rules: &Rules) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Starting { since } | Phase::Proving { since } => {
                Some(since + rules.ready_timeout)
            }
            Phase::Waiting { until } | Phase::Draining { until, .. } => Some(until),
            Phase::Serving { .. } | Phase::Finishing | Phase::Ended => None,
        };
        let errand = self.errand.as_ref().and_then(|errand| errand.deadline(rules));
        let retired = self.retired.iter().map(Retired::until);
        retired.chain(phase).chain(errand).min()
    }

    /// The next start of a server on the current port.
    fn start(&mut self, now: Instant) -> Effect {
        self.started += 1;
        self.current = self.started;
        self.phase = Phase::Starting { since: now };
        Effect::Spawn { attempt: self.current, on_next: false }
    }

    /// Ends the launch, and with it whatever is still there.
    fn end(&mut self, outcome: Outcome, now: Instant, effects: &mut Vec<Effect>) {
        self.phase = Phase::Ended;
        effects.extend(self.give_up_errand("the launch has ended", now));
        effects.extend(self.retired.drain(..).flat_map(|retired| retired.abandon(now)));
        effects.push(Effect::End(outcome));
    }

    /// The current server, started at `since`, did not become ready.
    fn not_ready(
        &mut self,
        rules: &Rules,
        reason: NotReady,
        since: Instant,
        now: Instant,
    ) -> Vec<Effect> {
        let (exit_code, signal) = reason.end();
        let mut effects = Vec::new();
        if reason.is_alive() {
            effects.push(Effect::Kill(self.current));
        }
        let end = ended(exit_code, signal, self.current, now.duration_since(since));
        if self.ever_ready {
            self.failed(rules, end, now, &mut effects);
            return effects;
        }
        effects.push(Effect::Record(Event::ServerExited(end)));
        let outcome = match exit_code.filter(|code| Exit::is_final(*code)) {
            Some(code) => Outcome::Final(code),
            None => Outcome::NotReady(reason),
        };
        self.end(outcome, now, &mut effects);
        effects
    }

    /// The current server of a launch that was once ready has failed, or has ended by itself.
    fn failed(
        &mut self,
        rules: &Rules,
        mut end: ServerEnd,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Record(Event::ServerExited(end.clone())));
        if let Some(successor) = self.take_over() {
            effects.extend(successor);
            return;
        }
        effects.extend(self.give_up_errand("the server failed meanwhile", now));
        if end.exit_code == Some(Exit::Done.code()) {
            return self.end(Outcome::Finished, now, effects);
        }
        if let Some(code) = end.exit_code.filter(|code| Exit::is_final(*code)) {
            return self.end(Outcome::Final(code), now, effects);
        }
        let delay = match rules.restart {
            Restart::OnFailure => self.failures.failed(end.uptime.unwrap_or_default(), now),
            Restart::Never => None,
        };
        let Some(delay) = delay else {
            effects.push(Effect::Record(Event::LaunchGaveUp(end.clone())));
            return self.end(Outcome::GaveUp { end, rule: rules.restart }, now, effects);
        };
        end.delay = Some(delay);
        let (why, by) = (RestartReason::Failed, None);
        effects.push(Effect::Record(Event::ServerRestarting(ServerRestarting { end, why, by })));
        self.phase = Phase::Waiting { until: now + delay };
    }

    /// A request to end.
    fn stop(&mut self, rules: &Rules, requester: Requester, now: Instant) -> Vec<Effect> {
        let mut effects = vec![Effect::Answer(requester.ticket, Answer::Stopping)];
        if !matches!(self.phase, Phase::Draining { .. } | Phase::Finishing) {
            self.stopped_by = requester.by;
        }
        effects.extend(self.give_up_errand("the launch is ending", now));
        effects.extend(self.retired.iter_mut().filter_map(|retired| retired.drain(rules, now)));
        match self.phase {
            Phase::Serving { since } => {
                self.phase = Phase::Draining { since, until: now + rules.stop_timeout };
                effects.push(Effect::Tell(self.current, ToServer::Drain));
            }
            Phase::Starting { since } | Phase::Proving { since } => {
                self.phase = Phase::Draining { since, until: now + KILL_INTERVAL };
                effects.push(Effect::Kill(self.current));
            }
            Phase::Waiting { .. } => self.finish(now, &mut effects),
            Phase::Draining { .. } | Phase::Finishing | Phase::Ended => {}
        }
        effects
    }

    /// The current server is gone as it should be: the launch ends with the last of the others.
    fn finish(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.retired.is_empty() {
            self.end(Outcome::Stopped { by: self.stopped_by }, now, effects);
        } else {
            self.phase = Phase::Finishing;
        }
    }

    /// Everything that is overdue.
    fn time_is_up(&mut self, rules: &Rules, now: Instant) -> Vec<Effect> {
        let mut effects: Vec<_> =
            self.retired.iter_mut().filter_map(|retired| retired.time_is_up(rules, now)).collect();
        effects.extend(self.errand_overdue(rules, now));
        if self.deadline(rules).is_none_or(|due| due > now) {
            return effects;
        }
        match self.phase {
            Phase::Starting { since } => {
                let reason = NotReady::TimedOut { after: rules.ready_timeout, said_ready: false };
                effects.extend(self.not_ready(rules, reason, since, now));
            }
            Phase::Proving { since } => {
                let reason = NotReady::TimedOut { after: rules.ready_timeout, said_ready: true };
                effects.extend(self.not_ready(rules, reason, since, now));
            }
            Phase::Waiting { .. } => effects.push(self.start(now)),
            Phase::Draining { since, .. } => {
                // Nothing can refuse to die, so the end of the process is what happens next.
                self.phase = Phase::Draining { since, until: now + KILL_INTERVAL };
                effects.push(Effect::Kill(self.current));
            }
            Phase::Serving { .. } | Phase::Finishing | Phase::Ended => {}
        }
        effects
    }

    /// News of the current server.
    fn current_news(&mut self, rules: &Rules, news: News, now: Instant) -> Vec<Effect> {
        use Phase::{Draining, Proving, Serving, Starting};
        match (self.phase.clone(), news) {
            (Starting { since }, News::Said(ToLauncher::Ready)) => {
                self.phase = Proving { since };
                vec![Effect::Prove(self.current)]
            }
            (Proving { since }, News::Proved) => {
                self.phase = Serving { since };
                self.ever_ready = true;
                vec![Effect::Announce(self.current)]
            }
            (
                Starting { since } | Proving { since },
                News::Garbage(what) | News::Disproved(what),
            ) => self.not_ready(rules, NotReady::WrongAnswer(what), since, now),
            (Starting { since } | Proving { since }, News::Ended { exit_code, signal }) => {
                let reason = signal.map_or(NotReady::Exited(exit_code), NotReady::Signalled);
                self.not_ready(rules, reason, since, now)
            }
            (Starting { since }, News::NotStarted(why)) => {
                self.not_ready(rules, NotReady::NotStarted(why), since, now)
            }
            (Serving { since }, News::Ended { exit_code, signal }) => {
                let end = ended(exit_code, signal, self.current, now.duration_since(since));
                let mut effects = Vec::new();
                self.failed(rules, end, now, &mut effects);
                effects
            }
            (Draining { since, .. }, News::Ended { exit_code, signal }) => {
                let end = ended(exit_code, signal, self.current, now.duration_since(since));
                let mut effects = vec![Effect::Record(Event::ServerExited(end))];
                self.finish(now, &mut effects);
                effects
            }
            (Serving { .. }, News::Said(ToLauncher::Stop { by })) => {
                self.stop(rules, Requester::unanswered(by), now)
            }
            (Serving { .. }, News::Said(ToLauncher::Restart { by })) => {
                self.restart(Requester::unanswered(by), now)
            }
            (Serving { .. }, News::Said(ToLauncher::Move { port, by })) => {
                self.move_to(port, Requester::unanswered(by))
            }
            (Serving { .. } | Draining { .. }, News::Garbage(what)) => vec![Effect::Note(what)],
            _ => vec![],
        }
    }
}

/// Decides what follows from `input`. What cannot happen in a phase changes nothing.
pub fn step(rules: &Rules, mut state: State, input: Input, now: Instant) -> (State, Vec<Effect>) {
    if state.phase == Phase::Ended {
        return (state, vec![]);
    }
    let effects = match input {
        Input::Server { attempt, news } if state.is_successor(attempt) => {
            state.successor_news(rules, news, now)
        }
        Input::Server { attempt, news } if attempt == state.current => {
            state.current_news(rules, news, now)
        }
        // A page that was opened before a restart or a move may still ask the old server.
        Input::Server { attempt, news: News::Said(ToLauncher::Stop { by }) }
            if state.is_retired(attempt) =>
        {
            state.stop(rules, Requester::unanswered(by), now)
        }
        Input::Server { attempt, news } => state.retired_news(attempt, &news, now),
        Input::StopAsked(requester) => state.stop(rules, requester, now),
        Input::StopDemanded(by) => match state.phase {
            Phase::Draining { .. } | Phase::Finishing => {
                let mut effects: Vec<_> = state.retired.iter().map(Retired::kill).collect();
                if matches!(state.phase, Phase::Draining { .. }) {
                    effects.push(Effect::Kill(state.current));
                }
                effects
            }
            _ => state.stop(rules, Requester::unanswered(Some(by)), now),
        },
        Input::RestartAsked(requester) => state.restart(requester, now),
        Input::MoveAsked(port, requester) => state.move_to(port, requester),
        Input::Claimed { from, to } => state.claimed(from, to, now),
        Input::NotClaimed(why) => state.not_claimed(why),
        Input::TimeIsUp => state.time_is_up(rules, now),
    };
    (state, effects)
}
