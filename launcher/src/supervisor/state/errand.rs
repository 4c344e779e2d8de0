//! What a person asked for while the server serves: a restart or a move.
//!
//! Both start a *successor* beside the current server and change nothing until it has proved itself.
//! If it fails, the current server never stopped.

use std::time::Instant;

use shared::{
    event::{Event, RestartReason, ServerRestarting},
    handover::{ToLauncher, ToServer},
    port::Port,
};

use super::{Answer, Effect, KILLED, News, Phase, Requester, Retired, Rules, State, ended};
use crate::readiness::NotReady;

/// What is under way, and who waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    /// A port is being claimed.
    Claiming(Requester),
    /// A successor was started.
    Succession(Successor),
}

/// A server that is to take the place of the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Successor {
    attempt: u32,
    since: Instant,
    said_ready: bool,
    /// The ports of a move; `None` for a restart.
    ports: Option<(Port, Port)>,
    requester: Requester,
}

impl Successor {
    /// What is done about it when it does not succeed; it ended, or is ended, in this way.
    fn dismiss(
        self,
        (exit_code, signal): (Option<i32>, Option<i32>),
        why: &str,
        now: Instant,
    ) -> Vec<Effect> {
        let end = ended(exit_code, signal, self.attempt, now.duration_since(self.since));
        let kill = Effect::Kill(self.attempt);
        let exited = Effect::Record(Event::ServerExited(end));
        let forsake = self.ports.map(|_| Effect::Forsake(self.requester.by));
        let refused = Effect::Answer(self.requester.ticket, Answer::Refused(why.to_owned()));
        [kill, exited].into_iter().chain(forsake).chain([refused]).collect()
    }
}

impl Errand {
    pub(super) fn deadline(&self, rules: &Rules) -> Option<Instant> {
        match self {
            Self::Claiming(_) => None,
            Self::Succession(successor) => Some(successor.since + rules.ready_timeout),
        }
    }
}

impl State {
    /// When the current server was started, if a restart or a move can be begun now; else the answer
    /// that says why not.
    fn free_to_begin(&self) -> Result<Instant, Answer> {
        let why = match (&self.phase, &self.errand) {
            (Phase::Serving { since }, None) => return Ok(*since),
            (Phase::Serving { .. }, Some(_)) => "a restart or a move is under way already",
            (Phase::Starting { .. } | Phase::Proving { .. }, _) => "the server is still starting",
            (Phase::Waiting { .. }, _) => "the server has failed, and is about to be started again",
            (Phase::Draining { .. } | Phase::Finishing | Phase::Ended, _) => "the launch is ending",
        };
        Err(Answer::Refused(why.to_owned()))
    }

    pub(super) fn restart(&mut self, requester: Requester, now: Instant) -> Vec<Effect> {
        let since = match self.free_to_begin() {
            Ok(since) => since,
            Err(refusal) => return vec![Effect::Answer(requester.ticket, refusal)],
        };
        // The current server has not ended: this is how it is now.
        let end = ended(None, None, self.current, now.duration_since(since));
        let (why, by) = (RestartReason::Asked, requester.by);
        let restarting = Event::ServerRestarting(ServerRestarting { end, why, by });
        vec![Effect::Record(restarting), self.start_successor(None, requester, now)]
    }

    pub(super) fn move_to(&mut self, port: Option<Port>, requester: Requester) -> Vec<Effect> {
        if let Err(refusal) = self.free_to_begin() {
            return vec![Effect::Answer(requester.ticket, refusal)];
        }
        self.errand = Some(Errand::Claiming(requester));
        vec![Effect::Claim(port)]
    }

    pub(super) fn claimed(&mut self, from: Port, to: Port, now: Instant) -> Vec<Effect> {
        match self.errand {
            Some(Errand::Claiming(requester)) => {
                vec![self.start_successor(Some((from, to)), requester, now)]
            }
            // Whoever asked for the move has been told that the launch is ending.
            _ => vec![Effect::Forsake(None)],
        }
    }

    pub(super) fn not_claimed(&mut self, why: String) -> Vec<Effect> {
        match self.errand.take() {
            Some(Errand::Claiming(requester)) => {
                vec![Effect::Answer(requester.ticket, Answer::NoPort(why))]
            }
            other => {
                self.errand = other;
                vec![]
            }
        }
    }

    fn start_successor(
        &mut self,
        ports: Option<(Port, Port)>,
        requester: Requester,
        now: Instant,
    ) -> Effect {
        self.started += 1;
        let attempt = self.started;
        let successor = Successor { attempt, since: now, said_ready: false, ports, requester };
        self.errand = Some(Errand::Succession(successor));
        Effect::Spawn { attempt, on_next: ports.is_some() }
    }

    pub(super) fn is_successor(&self, attempt: u32) -> bool {
        matches!(&self.errand, Some(Errand::Succession(successor)) if successor.attempt == attempt)
    }

    /// Ends what is under way, if anything is, and tells who waits for it why.
    pub(super) fn give_up_errand(&mut self, why: &str, now: Instant) -> Vec<Effect> {
        match self.errand.take() {
            None => vec![],
            Some(Errand::Claiming(requester)) => {
                vec![Effect::Answer(requester.ticket, Answer::Refused(why.to_owned()))]
            }
            Some(Errand::Succession(successor)) => successor.dismiss((None, KILLED), why, now),
        }
    }

    /// The current server has failed while its successor for the same port was starting: then that
    /// one is the current server already.
    pub(super) fn take_over(&mut self) -> Option<Vec<Effect>> {
        let Some(Errand::Succession(Successor { ports: None, .. })) = self.errand else {
            return None;
        };
        let Some(Errand::Succession(successor)) = self.errand.take() else { return None };
        let since = successor.since;
        self.current = successor.attempt;
        self.phase = match successor.said_ready {
            true => Phase::Proving { since },
            false => Phase::Starting { since },
        };
        let why = "the old server failed meanwhile; the new one is starting".to_owned();
        Some(vec![Effect::Answer(successor.requester.ticket, Answer::Refused(why))])
    }

    pub(super) fn errand_overdue(&mut self, rules: &Rules, now: Instant) -> Vec<Effect> {
        match &self.errand {
            Some(Errand::Succession(successor)) if successor.since + rules.ready_timeout <= now => {
                let (after, said_ready) = (rules.ready_timeout, successor.said_ready);
                self.successor_failed(&NotReady::TimedOut { after, said_ready }, now)
            }
            _ => vec![],
        }
    }

    pub(super) fn successor_news(
        &mut self,
        rules: &Rules,
        news: News,
        now: Instant,
    ) -> Vec<Effect> {
        let Some(Errand::Succession(successor)) = &mut self.errand else { return vec![] };
        match news {
            News::Said(ToLauncher::Ready) if !successor.said_ready => {
                successor.said_ready = true;
                vec![Effect::Prove(successor.attempt)]
            }
            News::Said(_) => vec![],
            News::Proved => self.succeed(rules, now),
            News::Garbage(what) | News::Disproved(what) => {
                self.successor_failed(&NotReady::WrongAnswer(what), now)
            }
            News::NotStarted(why) => self.successor_failed(&NotReady::NotStarted(why), now),
            News::Ended { exit_code, signal } => {
                let reason = signal.map_or(NotReady::Exited(exit_code), NotReady::Signalled);
                self.successor_failed(&reason, now)
            }
        }
    }

    fn successor_failed(&mut self, reason: &NotReady, now: Instant) -> Vec<Effect> {
        match self.errand.take() {
            Some(Errand::Succession(successor)) => {
                let why = format!("the new server did not start: {reason}");
                successor.dismiss(reason.end(), &why, now)
            }
            other => {
                self.errand = other;
                vec![]
            }
        }
    }

    /// The successor has proved itself: from now on it is the current server.
    fn succeed(&mut self, rules: &Rules, now: Instant) -> Vec<Effect> {
        let Some(Errand::Succession(successor)) = self.errand.take() else { return vec![] };
        let Phase::Serving { since } = self.phase else { return vec![] };
        let old = self.current;
        self.current = successor.attempt;
        self.phase = Phase::Serving { since: successor.since };
        let answer = Effect::Answer(successor.requester.ticket, Answer::Done);
        match successor.ports {
            None => {
                self.retired.push(Retired::draining(old, since, now + rules.stop_timeout));
                let drain = Effect::Tell(old, ToServer::Drain);
                vec![Effect::Announce(self.current), drain, answer]
            }
            Some((from, to)) => {
                self.retired.push(Retired::redirecting(
                    old,
                    since,
                    (from, successor.requester.by),
                    now + rules.redirect_for,
                ));
                let redirect = Effect::Tell(old, ToServer::Redirect { to });
                vec![Effect::Move { from, to }, Effect::Announce(self.current), redirect, answer]
            }
        }
    }
}
