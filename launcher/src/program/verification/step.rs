//! The one function that makes every decision.

use std::{
    mem,
    time::{Duration, Instant},
};

use super::{
    effect::{ProgramFailure, VerificationEffect, VerificationEnd},
    input::{MainExit, ProcessEnd, VerificationInput},
    loopback::Loopback,
    model::{Verification, WAITING_TOLD_AFTER},
    phase::{ExitReport, VerificationPhase},
    rules::{ReadinessProbe, Rules},
    view::ObservationView,
};

/// The pause after a probe that did not pass.
const PROBE_PAUSE: Duration = Duration::from_millis(100);

/// How long the end of main waits for the look that tells what it means. A look takes milliseconds.
const EXIT_LOOK_TIMEOUT: Duration = Duration::from_secs(1);

impl Verification {
    fn probed(
        &mut self,
        rules: &Rules,
        has_passed: bool,
        now: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        if has_passed {
            self.phase = VerificationPhase::Confirming { since: now };
            self.look(rules, now, effects);
        } else {
            self.phase = VerificationPhase::Retrying { from: now + PROBE_PAUSE };
        }
    }

    /// The program said that it is ready, which counts if it is asked for its word.
    fn said_ready(&mut self, rules: &Rules, now: Instant, effects: &mut Vec<VerificationEffect>) {
        if self.phase.was_ready() || self.said_ready.is_some() {
            return;
        }
        self.said_ready = Some(now);
        if self.phase == VerificationPhase::Awaiting {
            self.look(rules, now, effects);
        }
    }

    fn main_exited(
        &mut self,
        rules: &Rules,
        exit: MainExit,
        now: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        let MainExit { end, others_live, said_address_in_use, .. } = exit;
        let may_be_daemon = others_live && end == ProcessEnd::Exited(0);
        let was_ready = self.phase.was_ready();
        if was_ready && !may_be_daemon {
            return self.end(VerificationEnd::MainEnded(end), effects);
        }
        let until = if may_be_daemon && !was_ready {
            // A process that it left may still begin to listen.
            self.ready_deadline(rules)
        } else {
            now + EXIT_LOOK_TIMEOUT
        };
        let exit = ExitReport { end, at: now, until, may_be_daemon, said_address_in_use };
        let phase = mem::replace(&mut self.phase, VerificationPhase::Starting);
        let before = Box::new(if was_ready { phase } else { VerificationPhase::Starting });
        self.phase = VerificationPhase::Exited { exit, before };
        self.look(rules, now, effects);
    }

    fn tree_empty(&mut self, rules: &Rules, now: Instant, effects: &mut Vec<VerificationEffect>) {
        if let VerificationPhase::Exited { exit, .. } = &mut self.phase {
            if exit.may_be_daemon {
                (exit.may_be_daemon, exit.at) = (false, now);
                exit.until = now + EXIT_LOOK_TIMEOUT;
                self.look(rules, now, effects);
            }
            return;
        }
        let exit = MainExit {
            pid: self.main,
            end: ProcessEnd::Unknown,
            others_live: false,
            said_address_in_use: false,
        };
        self.main_exited(rules, exit, now, effects);
    }

    fn cover_failed(
        &mut self,
        rules: &Rules,
        loopback: Loopback,
        effects: &mut Vec<VerificationEffect>,
    ) {
        let view = ObservationView::new(rules, &self.seen);
        let Some(served) = self.phase.served_mut() else { return };
        if !served.cover.failed(loopback) {
            return;
        }
        if let Some(verified) = view.verified(Some(&served.verified), false) {
            served.verified = verified.clone();
            effects.push(VerificationEffect::Changed(verified));
        }
    }

    /// Everything that is overdue.
    fn time_is_up(&mut self, rules: &Rules, now: Instant, effects: &mut Vec<VerificationEffect>) {
        let was_ready = self.phase.was_ready();
        let is_too_late = !was_ready && self.ready_deadline(rules) <= now;
        match &mut self.phase {
            VerificationPhase::Exited { exit, .. } if is_too_late || exit.until <= now => {
                let end = exit.end;
                let end = if was_ready {
                    VerificationEnd::MainEnded(end)
                } else {
                    VerificationEnd::Failed(ProgramFailure::Exited(end))
                };
                return self.end(end, effects);
            }
            VerificationPhase::Waiting { since, is_printed, .. }
                if !*is_printed && *since + WAITING_TOLD_AFTER <= now =>
            {
                *is_printed = true;
                effects.push(VerificationEffect::PrintWaiting);
            }
            _ if is_too_late => {
                let listening = ObservationView::new(rules, &self.seen).addresses();
                let failure = ProgramFailure::TimedOut { after: rules.ready_timeout, listening };
                return self.end(VerificationEnd::Failed(failure), effects);
            }
            _ => {}
        }
        if self.next_look.is_some_and(|due| due <= now) {
            self.look(rules, now, effects);
        }
    }
}

/// Decides what follows from `input`. What cannot happen in a phase, or comes late or twice, changes
/// nothing.
pub fn step(
    rules: &Rules,
    mut verification: Verification,
    input: VerificationInput,
    now: Instant,
) -> (Verification, Vec<VerificationEffect>) {
    use VerificationInput as Input;
    let (state, mut effects) = (&mut verification, Vec::new());
    if state.phase == VerificationPhase::Ended {
        return (verification, effects);
    }
    match input {
        Input::Observed { at, observation } if at >= state.seen_at => {
            state.see(ObservationView::new(rules, &observation), at, now, &mut effects);
            (state.seen, state.seen_at) = (observation, at);
        }
        Input::Observed { .. } => {}
        Input::Probed { number, has_passed } => {
            if state.phase == (VerificationPhase::Probing { number }) {
                state.probed(rules, has_passed, now, &mut effects);
            }
        }
        Input::LineMatched if rules.probe == ReadinessProbe::Log => {
            state.said_ready(rules, now, &mut effects);
        }
        Input::Notified if rules.probe == ReadinessProbe::Notify => {
            state.said_ready(rules, now, &mut effects);
        }
        Input::LineMatched | Input::Notified => {}
        Input::MainExited(exit) => {
            let is_known = matches!(state.phase, VerificationPhase::Exited { .. });
            if exit.pid == state.main && !is_known {
                state.main_exited(rules, exit, now, &mut effects);
            }
        }
        Input::TreeEmpty => state.tree_empty(rules, now, &mut effects),
        Input::CoverFailed(loopback) => state.cover_failed(rules, loopback, &mut effects),
        Input::DeadlineReached => state.time_is_up(rules, now, &mut effects),
    }
    (verification, effects)
}
