//! The claims of a launch: the current one, the one to move to, and those that were moved away from
//! and are dropped in time.

use std::mem;

use shared::{
    event::{EndReason, Ending, Event, RequestedBy},
    history::Writer,
    port::Port,
};

use crate::{choose::Choice, hold::Hold};

pub(super) struct Claims<'a> {
    history: &'a Writer,
    current: Choice,
    /// The claim of a move under way.
    pending: Option<Choice>,
    /// Claims that were moved away from and whose servers still redirect.
    left: Vec<Hold>,
    /// The port before the last move; the current one if there was none.
    previous: Port,
}

impl<'a> Claims<'a> {
    pub(super) fn new(history: &'a Writer, current: Choice) -> Self {
        let previous = current.hold.port();
        Self { history, current, pending: None, left: Vec::new(), previous }
    }

    pub(super) fn current(&self) -> &Choice {
        &self.current
    }

    pub(super) fn into_current(self) -> Choice {
        self.current
    }

    pub(super) fn port(&self) -> Port {
        self.current.hold.port()
    }

    pub(super) fn previous_port(&self) -> Port {
        self.previous
    }

    /// The claim of a move under way, or else the current one.
    pub(super) fn newest(&self) -> &Choice {
        self.pending.as_ref().unwrap_or(&self.current)
    }

    pub(super) fn newest_mut(&mut self) -> &mut Choice {
        self.pending.as_mut().unwrap_or(&mut self.current)
    }

    /// Takes another port in place of the current one, which another program has.
    pub(super) fn replace(&mut self, next: Choice) {
        let lost = mem::replace(&mut self.current, next);
        let port = lost.hold.port();
        drop(lost);
        self.record(Ending::of(port, EndReason::LostRace));
    }

    /// Every port that is held already: first the current one, then those that still redirect to it.
    pub(super) fn held(&self) -> Vec<Port> {
        [self.port()].into_iter().chain(self.left.iter().map(Hold::port)).collect()
    }

    /// Keeps the claim to move to.
    pub(super) fn prepare(&mut self, next: Choice) {
        self.pending = Some(next);
    }

    /// Makes the claim of the move the current one. Returns whether there was one.
    pub(super) fn switch(&mut self) -> bool {
        let Some(next) = self.pending.take() else { return false };
        let old = mem::replace(&mut self.current, next);
        self.previous = old.hold.port();
        self.left.push(old.hold);
        true
    }

    /// Drops the claim of a port that was moved away from.
    pub(super) fn release(&mut self, port: Port, by: Option<RequestedBy>) {
        self.left.retain(|hold| hold.port() != port);
        self.record(Ending::of(port, EndReason::Moved).asked(by));
    }

    /// Drops the claim of a move that failed.
    pub(super) fn abandon_claim(&mut self, by: Option<RequestedBy>) {
        if let Some(next) = self.pending.take() {
            let port = next.hold.port();
            drop(next);
            self.record(Ending::of(port, EndReason::MoveFailed).asked(by));
        }
    }

    fn record(&self, ending: Ending) {
        self.history.record(&Event::PortReleased(ending));
    }
}

#[cfg(test)]
mod test {
    use shared::{
        claim,
        conflict::Origin,
        event::{EventName, Process},
        history::{Author, Filter, Found, Reader},
        paths::Folders,
    };
    use uuid::Uuid;

    use super::*;

    fn choice() -> Choice {
        let hold = Hold::Claim(claim::any().expect("a port"));
        Choice { hold, origin: Origin::Temporary, refused: vec![] }
    }

    /// The ports and the reasons of the records, the oldest first.
    fn released(folders: &Folders) -> Vec<(Option<Port>, EndReason)> {
        let filter = Filter::of_events([EventName::PortReleased]);
        let found = Reader::of_history(&folders.history()).forward(&filter).expect("readable");
        let records = found.map(|found| match found.expect("readable") {
            Found::Record(entry) => entry.record().expect("a record").event,
            Found::Damage(damage) => panic!("{damage:?}"),
        });
        let ending = |event| match event {
            Event::PortReleased(Ending { port, reason, .. }) => (port, reason),
            other => panic!("{other:?}"),
        };
        records.map(ending).collect()
    }

    #[test]
    fn a_move_keeps_the_old_port_until_it_is_released_and_a_failed_one_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(folder.path()), None).expect("folders");
        let app = "notes".parse().expect("a name");
        let author = Author { app: &app, process: Process::Launcher, launch_id: Uuid::now_v7() };
        let history = Writer::new(&folders, &author);
        let (first, failed, second) = (choice(), choice(), choice());
        let [from, given_up, to] = [&first, &failed, &second].map(|choice| choice.hold.port());

        let mut claims = Claims::new(&history, first);
        claims.prepare(failed);
        assert_eq!((claims.newest().hold.port(), claims.port()), (given_up, from));
        claims.abandon_claim(None);
        assert!(!claims.switch());
        assert_eq!(claims.held(), [from]);

        claims.prepare(second);
        assert!(claims.switch());
        assert_eq!((claims.held(), claims.previous_port()), (vec![to, from], from));
        assert!(!claim::can_be_bound(from));
        claims.release(from, None);
        assert_eq!(claims.held(), [to]);
        assert!(claim::can_be_bound(from));
        let wanted = [(Some(given_up), EndReason::MoveFailed), (Some(from), EndReason::Moved)];
        assert_eq!(released(&folders), wanted);
    }
}
