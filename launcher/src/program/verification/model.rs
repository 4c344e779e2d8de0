//! The state of a verification, and when it has to decide without news.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{
    effect::{VerificationEffect, VerificationEnd},
    phase::VerificationPhase,
    rules::Rules,
};
use crate::program::observation::Observation;

/// How long a program that has become ready may be without a listener before that is printed: a reloader
/// is without one for a second, and a person who mends a syntax error for longer.
pub const WAITING_TOLD_AFTER: Duration = Duration::from_secs(10);

/// Intervals between looks: of a start at first, when most programs begin to listen; of a start that takes
/// long, and of a program that is about to listen again; of one that has not done so for long; and of one
/// that serves, where the system does not report the end of its listener.
const LOOK_FIRST: Duration = Duration::from_millis(20);
const LOOK_LATER: Duration = Duration::from_millis(100);
const LOOK_WAITING: Duration = Duration::from_secs(1);
const LOOK_SERVING: Duration = Duration::from_secs(2);

/// How long looks come at the first interval.
const FIRST_LOOKS: Duration = Duration::from_secs(2);

/// What the decisions about one start of a program change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How far it is.
    pub phase: VerificationPhase,
    /// The process whose end is the end of the program: the one that was started, or the one that took
    /// its place.
    pub main: u32,
    pub(super) since: Instant,
    /// What was seen last.
    pub(super) seen: Observation,
    /// When it was seen.
    pub(super) seen_at: Instant,
    /// How many probes were started.
    pub(super) probes: u32,
    /// When the program first said that it is ready.
    pub(super) said_ready: Option<Instant>,
    /// Since when it has listened on other ports alone.
    pub(super) elsewhere_since: Option<Instant>,
    /// The addresses beyond loopback that were named.
    pub(super) exposed: BTreeSet<SocketAddr>,
    /// `None` while there is no need to look.
    pub(super) next_look: Option<Instant>,
}

impl Verification {
    /// The state after the start of this process, and the first effects.
    pub fn begin(main: u32, now: Instant) -> (Self, Vec<VerificationEffect>) {
        let verification = Self {
            phase: VerificationPhase::Starting,
            main,
            since: now,
            seen: Observation::default(),
            seen_at: now,
            probes: 0,
            said_ready: None,
            elsewhere_since: None,
            exposed: BTreeSet::new(),
            next_look: Some(now + LOOK_FIRST),
        };
        (verification, vec![VerificationEffect::Look])
    }

    /// When [`VerificationInput::DeadlineReached`](super::VerificationInput::DeadlineReached) is due, if
    /// nothing else happens before.
    pub fn deadline(&self, rules: &Rules) -> Option<Instant> {
        let phase = match &self.phase {
            VerificationPhase::Exited { exit, .. } => Some(exit.until),
            VerificationPhase::Waiting { since, is_printed: false, .. } => {
                Some(*since + WAITING_TOLD_AFTER)
            }
            VerificationPhase::Ended => return None,
            _ => None,
        };
        let ready = (!self.phase.was_ready()).then(|| self.ready_deadline(rules));
        [phase, ready, self.next_look].into_iter().flatten().min()
    }

    /// When the program must be ready.
    pub(super) fn ready_deadline(&self, rules: &Rules) -> Instant {
        self.since + rules.ready_timeout
    }

    /// Sets the time of the next look.
    pub(super) fn schedule_look(&mut self, rules: &Rules, now: Instant) {
        let first_looks_last = now < self.since + FIRST_LOOKS;
        self.next_look = match &self.phase {
            VerificationPhase::Serving(served) => {
                let regular = rules.must_look_while_serving.then_some(now + LOOK_SERVING);
                let cover = served.cover.due(served.verified.cover);
                let cover = cover.map(|from| from.max(now + LOOK_FIRST));
                regular.into_iter().chain(cover).min()
            }
            VerificationPhase::Waiting { is_printed: true, .. } => Some(now + LOOK_WAITING),
            VerificationPhase::Ended => None,
            VerificationPhase::Waiting { .. } => Some(now + LOOK_LATER),
            _ if first_looks_last => Some(now + LOOK_FIRST),
            _ => Some(now + LOOK_LATER),
        };
    }

    /// Asks for a look at once, before the next regular one.
    pub(super) fn look(
        &mut self,
        rules: &Rules,
        now: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        effects.push(VerificationEffect::Look);
        self.schedule_look(rules, now);
    }

    /// Ends the verification, and the cover with it.
    pub(super) fn end(&mut self, end: VerificationEnd, effects: &mut Vec<VerificationEffect>) {
        effects.extend(self.phase.served_mut().and_then(|served| served.cover.close()));
        effects.push(VerificationEffect::End(end));
        self.phase = VerificationPhase::Ended;
        self.next_look = None;
    }
}
