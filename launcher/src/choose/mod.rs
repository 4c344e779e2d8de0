//! Choosing: tries the candidates until one is claimed.
//!
//! Every conflict is recorded before the next candidate is tried, and one with a port that a person
//! or an earlier launch named is diagnosed in full: what happened must be known even if the next step crashes.
//!
//! One conflict passes by itself: what our own last run has left on the port, which `lingering` recognises.
//! The launcher waits for its end, and a port that is then claimed was no conflict.

mod lingering;

use std::{
    thread,
    time::{Duration, Instant},
};

use shared::{
    claim::ClaimError,
    conflict::{Class, Conflict, Origin, OsError},
    diagnose::{Depth, Diagnostician},
    event::Event,
    history, message,
    os::RULES,
    port::Port,
};

use crate::{candidates::Candidate, hold::Hold, program::ServerKind};

/// A claimed port, and what it took.
#[derive(Debug)]
pub struct Choice {
    /// The sockets that hold it.
    pub hold: Hold,
    /// Why the claimed port was a candidate.
    pub origin: Origin,
    /// The remembered ports that could not be had, in the order in which they were tried.
    pub refused: Vec<Conflict>,
}

/// Why no port was claimed.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// Every candidate was refused; the list holds those with a remembered port, or the last.
    #[error("{}", message!("failure.no_port"))]
    Refused(Vec<Conflict>),
    /// A remembered port was refused, and the person wants no other.
    #[error("{}", message!("failure.remembered_taken"))]
    MustNotMove(Vec<Conflict>),
    /// A server of this app has the port: the app runs already.
    #[error("{}", message!("failure.no_port"))]
    OwnInstance(Box<Conflict>),
    /// A failure that another port would not change.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

enum ClaimOutcome {
    Held(Hold),
    Refused(Conflict),
}

/// Tries candidates in their order until one is claimed.
pub struct Chooser<'a> {
    /// Where conflicts are recorded.
    pub history: &'a history::Writer,
    /// Who finds out what holds a port.
    pub diagnostician: &'a mut Diagnostician,
    /// A refusal of this port is recorded as the loss of the last good one.
    pub last_good: Option<Port>,
    /// Whether a port may be taken in place of a remembered one.
    pub may_move: bool,
    /// Whether a server of this app on a port ends the choice, because there is one at a time.
    pub one_instance: bool,
    /// The port on which the last launch was killed.
    pub killed_on: Option<Port>,
    /// Whose server is to have the port.
    pub kind: ServerKind,
}

impl Chooser<'_> {
    /// Claims the first candidate that can be claimed.
    ///
    /// # Errors
    ///
    /// [`ChoiceError`] if there is none.
    pub fn choose(
        &mut self,
        candidates: impl IntoIterator<Item = Candidate>,
    ) -> Result<Choice, ChoiceError> {
        let started = Instant::now();
        let mut refused: Vec<Conflict> = Vec::new();
        let mut last = None;
        for (index, candidate) in candidates.into_iter().enumerate() {
            let origin = candidate.origin;
            if !refused.is_empty() && !self.may_move {
                return Err(ChoiceError::MustNotMove(refused));
            }
            let conflict = match self.try_claim(candidate)? {
                ClaimOutcome::Held(hold) => {
                    self.history.record(&hold.event(origin, index + 1, started.elapsed()));
                    return Ok(Choice { hold, origin, refused });
                }
                ClaimOutcome::Refused(conflict) => conflict,
            };
            if self.is_instance(&conflict) {
                return Err(ChoiceError::OwnInstance(Box::new(conflict)));
            }
            self.history.record(&Event::PortConflict(conflict.clone()));
            if origin.is_remembered() { refused.push(conflict) } else { last = Some(conflict) }
        }
        if refused.is_empty() {
            refused.extend(last);
        }
        Err(ChoiceError::Refused(refused))
    }

    /// Whether the app runs on that port. The server of a launch that was killed is about to end, even if it
    /// still answers.
    fn is_instance(&self, conflict: &Conflict) -> bool {
        let is_ours = conflict.class == Class::OwnInstance && self.one_instance;
        is_ours && self.killed_on != Some(conflict.port)
    }

    fn try_claim(&mut self, candidate: Candidate) -> Result<ClaimOutcome, ClaimError> {
        let started = Instant::now();
        let Candidate { port, origin, refusal } = candidate;
        let Some(port) = port else { return Hold::take_any(self.kind).map(ClaimOutcome::Held) };
        let conflict = |class, holder, os_error| Conflict {
            port,
            origin,
            class,
            os_error,
            holder,
            last_good: self.last_good == Some(port),
            elapsed: started.elapsed(),
        };
        if let Some(class) = refusal {
            return Ok(ClaimOutcome::Refused(conflict(class, None, None)));
        }
        let error = match Hold::take(self.kind, port) {
            Ok(hold) => return Ok(ClaimOutcome::Held(hold)),
            Err(error) if error.is_conflict() => error,
            Err(error) => return Err(error),
        };
        let depth = if origin.is_remembered() { Depth::Full } else { Depth::Quick };
        let finding = self.diagnostician.examine(port, &error, depth);
        let os_error = Some(OsError::from(&error.source));
        let mut conflict = conflict(finding.class, finding.holder, os_error);
        if let Some(waits) = lingering::waits(RULES, &conflict, self.killed_on) {
            if let Some(hold) = hold_after(waits, self.kind, port) {
                return Ok(ClaimOutcome::Held(hold));
            }
            conflict.elapsed = started.elapsed();
        }
        Ok(ClaimOutcome::Refused(conflict))
    }
}

/// Tries again after each wait until the port is claimed or the waits are over.
fn hold_after(
    mut waits: impl Iterator<Item = Duration>,
    kind: ServerKind,
    port: Port,
) -> Option<Hold> {
    waits.find_map(|wait| {
        thread::sleep(wait);
        Hold::take(kind, port).ok()
    })
}
