//! The decisions about a program that binds its port by itself: its successor after a restart or a move, and the race
//! for its port.

use std::time::Instant;

use shared::{conflict::Conflict, event::Event};

use super::{
    effect::{Effect, Reply},
    model::State,
    operation::{Operation, OperationKind, Succession},
    phase::Phase,
    server_end::{KILLED, server_end},
};

impl State {
    /// The restart or the move of a program that is under way.
    fn succession(&self) -> Option<Succession> {
        match self.operation {
            Some(Operation::Succeeding(succession)) => Some(succession),
            _ => None,
        }
    }

    /// Whether the current server of a program is followed by another, or follows one.
    pub(super) fn is_succeeding(&self) -> bool {
        self.succession().is_some()
    }

    /// Whether a program is on its way to another port.
    pub(super) fn is_moving(&self) -> bool {
        let kind = self.succession().map(|succession| succession.kind);
        matches!(kind, Some(OperationKind::Move { .. }))
    }

    /// Starts the successor of a program that has ended for it.
    pub(super) fn start_successor(&mut self, now: Instant) -> Option<Effect> {
        let succession = self.succession()?;
        self.restarts += u32::from(succession.kind == OperationKind::Restart);
        Some(self.start_on(succession.kind != OperationKind::Restart, now))
    }

    /// The current server is ready. If it is a successor, the restart or the move is done.
    pub(super) fn announce(&mut self) -> Vec<Effect> {
        let announced = Effect::Announce(self.current);
        let Some(Succession { kind, requester }) = self.succession() else {
            return vec![announced];
        };
        self.operation = None;
        let done = Effect::Reply(requester.ticket, Reply::Done);
        match kind {
            OperationKind::Restart => vec![announced, done],
            OperationKind::Move { from, to } => {
                let released = Effect::Release { port: from, by: requester.by };
                vec![Effect::Move { from, to }, announced, done, released]
            }
        }
    }

    /// The move whose successor has failed; it goes back to the port that it came from.
    pub(super) fn failed_move(&mut self) -> Option<Succession> {
        let succession = self.succession().filter(|_| self.is_moving())?;
        self.operation = None;
        Some(succession)
    }

    /// Another program has the port of the current server, started at `since`: that is recorded before another port
    /// is tried, and the server ends.
    pub(super) fn lost_race(
        &mut self,
        conflict: Box<Conflict>,
        since: Instant,
        now: Instant,
    ) -> Vec<Effect> {
        let end = server_end(None, KILLED, self.current, now.duration_since(since));
        let mut effects = vec![
            Effect::Record(Event::PortConflict((*conflict).clone())),
            Effect::Kill(self.current),
            Effect::Record(Event::ServerExited(end)),
        ];
        if let Some(succession) = self.failed_move() {
            effects.extend(succession.fail(&conflict.sentence()));
            effects.push(self.start_on(false, now));
        } else {
            effects.extend(self.abandon_operation(&conflict.sentence(), now));
            self.phase = Phase::Choosing;
            effects.push(Effect::ChooseAgain(conflict));
        }
        effects
    }
}
