//! What follows from what is seen of the listeners.

use std::{
    mem,
    time::{Duration, Instant},
};

use shared::settings::Expose;

use super::{
    cover::{COVER_RETURN, Cover},
    effect::{ProgramFailure, VerificationEffect, VerificationEnd, VerifiedListeners},
    loopback::Loopback,
    model::Verification,
    phase::{ExitReport, ServingProgram, VerificationPhase},
    view::ObservationView,
};
use crate::program::observation::ObservedListener;

/// How long a program must have listened on other ports alone to have moved. Many open another port first,
/// such as that of a debugger.
const ELSEWHERE_AFTER: Duration = Duration::from_millis(1500);

impl Verification {
    /// Decides on a view, which began at `at`. It is not older than the last one.
    pub(super) fn see(
        &mut self,
        view: ObservationView<'_>,
        at: Instant,
        now: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        let end = self.exposure(view, effects).or_else(|| {
            let stranger = view.stranger_at(Loopback::V4)?;
            Some(self.lost_race(stranger))
        });
        if let Some(end) = end.or_else(|| self.exit_or_daemon(view, at, effects)) {
            return self.end(end, effects);
        }
        let has_failed = self.phase.served().is_some_and(|served| served.cover.has_failed);
        let before = self.phase.served().map(|served| &served.verified);
        let verified = view.verified(before, view.rules.can_cover && !has_failed);
        match verified {
            Some(_) if matches!(self.phase, VerificationPhase::Exited { .. }) => {}
            Some(verified) => self.listens(view, verified, at, effects),
            None => {
                if let Some(end) = self.replaced(view).or_else(|| self.elsewhere(view, at)) {
                    return self.end(end, effects);
                }
                self.does_not_listen(at, effects);
            }
        }
        self.schedule_look(view.rules, now);
    }

    /// Names the addresses beyond loopback that were not named yet.
    fn exposure(
        &mut self,
        view: ObservationView<'_>,
        effects: &mut Vec<VerificationEffect>,
    ) -> Option<VerificationEnd> {
        let new: Vec<_> = view.exposed().filter(|address| self.exposed.insert(*address)).collect();
        if new.is_empty() {
            return None;
        }
        effects.push(VerificationEffect::Exposed(new.clone()));
        let is_refused = view.rules.on_exposed == Expose::Refuse;
        is_refused.then_some(VerificationEnd::Failed(ProgramFailure::Exposed(new)))
    }

    fn lost_race(&self, stranger: &ObservedListener) -> VerificationEnd {
        VerificationEnd::LostRace { stranger: *stranger, was_ready: self.phase.was_ready() }
    }

    /// If main has ended: whether a process that it left takes its place.
    fn exit_or_daemon(
        &mut self,
        view: ObservationView<'_>,
        at: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) -> Option<VerificationEnd> {
        let VerificationPhase::Exited { exit, before } = &mut self.phase else { return None };
        if at < exit.at {
            return None;
        }
        if exit.may_be_daemon {
            if let Some(main) = view.tree_pid_in_place() {
                self.phase = mem::replace(before, VerificationPhase::Ended);
                self.main = main;
                effects.push(VerificationEffect::Daemonised { main });
                return None;
            }
            if !before.was_ready() {
                return None;
            }
        }
        let exit = *exit;
        Some(self.end_of_main(view, exit))
    }

    /// What the end of main means, when no other process takes its place.
    fn end_of_main(&self, view: ObservationView<'_>, exit: ExitReport) -> VerificationEnd {
        let (rules, end) = (view.rules, exit.end);
        if self.phase.was_ready() {
            return VerificationEnd::MainEnded(end);
        }
        if exit.said_address_in_use {
            if let Some(stranger) = view.stranger_on_port() {
                return self.lost_race(stranger);
            }
            let may_drop = rules.is_reserved && rules.may_drop_reservation && !rules.is_explicit;
            if may_drop && !view.is_program_on_port() {
                return VerificationEnd::DropReservation;
            }
        }
        VerificationEnd::Failed(ProgramFailure::Exited(end))
    }

    /// The program listens on its port.
    fn listens(
        &mut self,
        view: ObservationView<'_>,
        verified: VerifiedListeners,
        at: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        use VerificationPhase::{Awaiting, Confirming, Retrying, Serving, Starting, Waiting};
        self.elsewhere_since = None;
        let has_said = self.said_ready.is_some_and(|said| said <= at);
        match &mut self.phase {
            Starting if view.rules.probe.connects() => self.probe(view, &verified, effects),
            Retrying { from } if *from <= at => self.probe(view, &verified, effects),
            Starting | Awaiting if !has_said => self.phase = Awaiting,
            Starting | Awaiting => self.serve(verified, at, effects),
            Confirming { since } if *since <= at => self.serve(verified, at, effects),
            Serving(served) => {
                served.cover.adjust(served.verified.cover, verified.cover, at, effects);
                if served.verified != verified {
                    served.verified = verified.clone();
                    effects.push(VerificationEffect::Changed(verified));
                }
            }
            Waiting { is_printed, .. } => {
                let (was_printed, cover) = (*is_printed, Cover::closed(at + COVER_RETURN));
                self.phase = Serving(ServingProgram { verified: verified.clone(), cover });
                effects.push(VerificationEffect::ServingAgain { verified, was_printed });
            }
            _ => {}
        }
    }

    fn probe(
        &mut self,
        view: ObservationView<'_>,
        verified: &VerifiedListeners,
        effects: &mut Vec<VerificationEffect>,
    ) {
        self.probes += 1;
        let number = self.probes;
        self.phase = VerificationPhase::Probing { number };
        let loopback = verified.loopbacks.first().copied().unwrap_or(Loopback::V4);
        effects.push(VerificationEffect::Probe { number, address: loopback.at(view.rules.port) });
    }

    fn serve(
        &mut self,
        verified: VerifiedListeners,
        at: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        let mut cover = Cover::closed(at);
        effects.push(VerificationEffect::Ready(verified.clone()));
        cover.open_if_due(verified.cover, at, effects);
        self.phase = VerificationPhase::Serving(ServingProgram { verified, cover });
    }

    /// The program does not listen on its port.
    fn does_not_listen(&mut self, at: Instant, effects: &mut Vec<VerificationEffect>) {
        use VerificationPhase::{Ended, Exited, Serving, Starting, Waiting};
        match &mut self.phase {
            Serving(served) => {
                effects.extend(served.cover.close());
                effects.push(VerificationEffect::Waiting);
                let loopbacks = mem::take(&mut served.verified.loopbacks);
                self.phase = Waiting { since: at, is_printed: false, loopbacks };
            }
            Waiting { .. } | Exited { .. } | Ended => {}
            _ => self.phase = Starting,
        }
    }

    /// Whether a stranger has taken an address of a program that was ready and listens no longer.
    fn replaced(&self, view: ObservationView<'_>) -> Option<VerificationEnd> {
        let mut loopbacks = self.phase.loopbacks().iter();
        let stranger = loopbacks.find_map(|loopback| view.stranger_at(*loopback))?;
        Some(self.lost_race(stranger))
    }

    /// Whether a program that is not ready has taken another port for good.
    fn elsewhere(&mut self, view: ObservationView<'_>, at: Instant) -> Option<VerificationEnd> {
        let is_over = match &self.phase {
            VerificationPhase::Exited { exit, .. } => !exit.may_be_daemon,
            _ => false,
        };
        let may_move = !self.phase.was_ready() && !is_over;
        let Some((took, pid)) = view.nearest().filter(|_| may_move) else {
            self.elsewhere_since = None;
            return None;
        };
        if at < *self.elsewhere_since.get_or_insert(at) + ELSEWHERE_AFTER {
            return None;
        }
        Some(match view.stranger_on_port() {
            Some(stranger) => self.lost_race(stranger),
            None => VerificationEnd::Elsewhere {
                asked: view.rules.port,
                took,
                addresses: view.addresses(),
                pid,
                rule: view.rules.on_elsewhere,
            },
        })
    }
}
