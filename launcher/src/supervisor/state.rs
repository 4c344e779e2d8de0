//! The decisions of supervision, as a pure function; see the drawing in [`supervisor`](super).

#[cfg(test)]
mod test;

use std::time::{Duration, Instant};

use shared::{
    control::{ToLauncher, ToServer},
    event::{Event, ServerEnd},
    exit::Exit,
    settings::Restart,
};

use super::backoff::Tally;
use crate::readiness::NotReady;

/// How long a server may take to finish the requests in flight.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What the decisions depend on.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long a server may take to become ready.
    pub ready_timeout: Duration,
    /// When it is started again.
    pub restart: Restart,
}

/// Where the launch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What is going on.
    pub phase: Phase,
    /// Which start of the server this is, from 1.
    pub attempt: u32,
    /// Whether a server of this launch has ever been ready.
    ever_ready: bool,
    failures: Tally,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The server was started and has not said that it serves.
    Starting {
        /// When it was started.
        since: Instant,
    },
    /// It said so, and is being asked who it is.
    Proving {
        /// When it was started.
        since: Instant,
    },
    /// It serves.
    Serving {
        /// When it was started.
        since: Instant,
    },
    /// It failed, and will be started again.
    Waiting {
        /// When.
        until: Instant,
    },
    /// It was told to finish.
    Draining {
        /// When it was started.
        since: Instant,
        /// When patience ends.
        until: Instant,
    },
    /// The launch is over.
    Ended,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The server said something.
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
    /// A person, or the system, wants the launch to end.
    StopAsked,
    /// The time that [`State::deadline`] named has come.
    TimeIsUp,
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start the server.
    Spawn,
    /// Ask it who it is.
    Prove,
    /// Tell the world that it serves.
    Announce,
    /// Tell it something.
    Tell(ToServer),
    /// End it at once.
    Kill,
    /// Write a record.
    Record(Event),
    /// Mention something in the diagnostics.
    Note(String),
    /// End the launch.
    End(Outcome),
}

/// How a launch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked to.
    Stopped,
    /// The server ended by itself, content.
    Finished,
    /// The first server did not become ready.
    NotReady(NotReady),
    /// The server ended in a way that the next one would share.
    Final(i32),
    /// The server failed, and is not started again.
    GaveUp {
        /// Its last end.
        end: ServerEnd,
        /// What the person said about starting it again.
        rule: Restart,
    },
}

impl State {
    /// The beginning of a launch, and the first thing to do.
    #[must_use]
    pub fn begin(now: Instant) -> (Self, Vec<Effect>) {
        let phase = Phase::Starting { since: now };
        let state = Self { phase, attempt: 1, ever_ready: false, failures: Tally::default() };
        (state, vec![Effect::Spawn])
    }

    /// When [`Input::TimeIsUp`] is due, if nothing else happens before.
    #[must_use]
    pub fn deadline(&self, rules: &Rules) -> Option<Instant> {
        match self.phase {
            Phase::Starting { since } | Phase::Proving { since } => {
                Some(since + rules.ready_timeout)
            }
            Phase::Waiting { until } | Phase::Draining { until, .. } => Some(until),
            Phase::Serving { .. } | Phase::Ended => None,
        }
    }

    fn end(mut self, outcome: Outcome, mut effects: Vec<Effect>) -> (Self, Vec<Effect>) {
        self.phase = Phase::Ended;
        effects.push(Effect::End(outcome));
        (self, effects)
    }

    /// A server that was started at `since` did not become ready, for this reason.
    fn not_ready(
        self,
        rules: &Rules,
        reason: NotReady,
        since: Instant,
        now: Instant,
    ) -> (Self, Vec<Effect>) {
        let (exit_code, signal) = reason.end();
        let mut effects = Vec::new();
        if reason.is_alive() {
            effects.push(Effect::Kill);
        }
        if self.ever_ready {
            return self.failed(rules, exit_code, signal, since, now, effects);
        }
        let uptime = Some(now.duration_since(since));
        let end = ServerEnd { exit_code, signal, uptime, attempt: self.attempt, delay: None };
        effects.push(Effect::Record(Event::ServerExited(end)));
        match exit_code.filter(|code| Exit::is_final(*code)) {
            Some(code) => self.end(Outcome::Final(code), effects),
            None => self.end(Outcome::NotReady(reason), effects),
        }
    }

    /// A server of a launch that was once ready has failed.
    fn failed(
        mut self,
        rules: &Rules,
        exit_code: Option<i32>,
        signal: Option<i32>,
        since: Instant,
        now: Instant,
        mut effects: Vec<Effect>,
    ) -> (Self, Vec<Effect>) {
        let uptime = now.duration_since(since);
        let mut end = ServerEnd {
            exit_code,
            signal,
            uptime: Some(uptime),
            attempt: self.attempt,
            delay: None,
        };
        effects.push(Effect::Record(Event::ServerExited(end.clone())));
        if exit_code == Some(Exit::Done.code()) {
            return self.end(Outcome::Finished, effects);
        }
        if let Some(code) = exit_code.filter(|code| Exit::is_final(*code)) {
            return self.end(Outcome::Final(code), effects);
        }
        let delay = match rules.restart {
            Restart::OnFailure => self.failures.failed(uptime, now),
            Restart::Never => None,
        };
        let Some(delay) = delay else {
            effects.push(Effect::Record(Event::LaunchGaveUp(end.clone())));
            return self.end(Outcome::GaveUp { end, rule: rules.restart }, effects);
        };
        end.delay = Some(delay);
        effects.push(Effect::Record(Event::ServerRestarting(end)));
        self.phase = Phase::Waiting { until: now + delay };
        (self, effects)
    }
}

/// Decides what follows from `input`. What cannot happen in a phase changes nothing.
#[must_use]
pub fn step(rules: &Rules, mut state: State, input: Input, now: Instant) -> (State, Vec<Effect>) {
    use Phase::{Draining, Ended, Proving, Serving, Starting, Waiting};
    match (state.phase.clone(), input) {
        (Ended, _) => (state, vec![]),

        (Starting { since }, Input::Said(ToLauncher::Ready)) => {
            state.phase = Proving { since };
            (state, vec![Effect::Prove])
        }
        (Proving { since }, Input::Proved) => {
            state.phase = Serving { since };
            state.ever_ready = true;
            (state, vec![Effect::Announce])
        }
        (Starting { since } | Proving { since }, Input::Garbage(what) | Input::Disproved(what)) => {
            state.not_ready(rules, NotReady::WrongAnswer(what), since, now)
        }
        (Starting { since } | Proving { since }, Input::Ended { exit_code, signal }) => {
            let reason = signal.map_or(NotReady::Exited(exit_code), NotReady::Signalled);
            state.not_ready(rules, reason, since, now)
        }
        (Starting { since }, Input::NotStarted(why)) => {
            state.not_ready(rules, NotReady::NotStarted(why), since, now)
        }
        (Starting { since }, Input::TimeIsUp) => {
            let reason = NotReady::TimedOut { after: rules.ready_timeout, said_ready: false };
            state.not_ready(rules, reason, since, now)
        }
        (Proving { since }, Input::TimeIsUp) => {
            let reason = NotReady::TimedOut { after: rules.ready_timeout, said_ready: true };
            state.not_ready(rules, reason, since, now)
        }

        (Serving { since }, Input::Ended { exit_code, signal }) => {
            state.failed(rules, exit_code, signal, since, now, vec![])
        }
        (Waiting { .. }, Input::TimeIsUp) => {
            state.attempt += 1;
            state.phase = Starting { since: now };
            (state, vec![Effect::Spawn])
        }

        (Serving { since }, Input::StopAsked | Input::Said(ToLauncher::Stop)) => {
            state.phase = Draining { since, until: now + DRAIN_TIMEOUT };
            (state, vec![Effect::Tell(ToServer::Drain)])
        }
        (Starting { since } | Proving { since }, Input::StopAsked) => {
            state.phase = Draining { since, until: now };
            (state, vec![Effect::Kill])
        }
        (Waiting { .. }, Input::StopAsked) => state.end(Outcome::Stopped, vec![]),
        (Draining { since, .. }, Input::StopAsked) => {
            state.phase = Draining { since, until: now };
            (state, vec![Effect::Kill])
        }
        (Draining { since, .. }, Input::TimeIsUp) => {
            // Nothing can refuse to die, so the end of the process is the next thing that happens.
            state.phase = Draining { since, until: now + DRAIN_TIMEOUT };
            (state, vec![Effect::Kill])
        }
        (Draining { since, .. }, Input::Ended { exit_code, signal }) => {
            let uptime = Some(now.duration_since(since));
            let end = ServerEnd { exit_code, signal, uptime, attempt: state.attempt, delay: None };
            state.end(Outcome::Stopped, vec![Effect::Record(Event::ServerExited(end))])
        }

        (Serving { .. } | Draining { .. }, Input::Garbage(what)) => {
            (state, vec![Effect::Note(what)])
        }
        (_, Input::Said(_) | Input::Garbage(_) | Input::Proved | Input::Disproved(_))
        | (_, Input::Ended { .. } | Input::NotStarted(_) | Input::TimeIsUp) => (state, vec![]),
    }
}
