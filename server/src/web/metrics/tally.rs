//! What the port history says of an app, in numbers: a fold over its records, which are read once and
//! then followed.

use std::{collections::BTreeMap, io, path::Path};

use shared::{
    app::AppName,
    conflict::Class,
    event::{Event, EventName, RestartReason},
    history::{Filter, Follower, Reader},
};

/// The counts, and how far the history has been read for them.
pub(super) struct Tally {
    history: Follower,
    /// How many launches of the app began.
    pub(super) launches: u64,
    /// How many times a server of the app was started again after a failure.
    pub(super) restarts: u64,
    /// How many candidates could not be claimed, by class. There are fifteen, so that as a label it is
    /// bounded.
    pub(super) conflicts: BTreeMap<Class, u64>,
}

impl Tally {
    /// Of the history `file`, of which nothing has been read.
    pub(super) fn new(file: &Path, app: AppName) -> Self {
        let events =
            [EventName::LaunchStarted, EventName::ServerRestarting, EventName::PortConflict];
        let filter = Filter { app: Some(app), ..Filter::of_events(events) };
        let history = Reader::of_history(file).follow_from_start(&filter);
        Self { history, launches: 0, restarts: 0, conflicts: BTreeMap::new() }
    }

    /// Counts what was appended since the last time. No history is an empty one. Counters only rise:
    /// the records of a history that takes the place of another are counted on top.
    ///
    /// # Errors
    ///
    /// If the history cannot be read; what was counted stays.
    pub(super) fn catch_up(&mut self) -> io::Result<()> {
        loop {
            for added in self.history.news()? {
                // One that lacks what its event cannot be without says nothing.
                added.entry.record().into_iter().for_each(|record| self.count(&record.event));
            }
            if self.history.behind() == 0 {
                return Ok(());
            }
        }
    }

    fn count(&mut self, event: &Event) {
        match event {
            Event::LaunchStarted { .. } => self.launches += 1,
            Event::ServerRestarting(restarting) if restarting.why == RestartReason::Failed => {
                self.restarts += 1;
            }
            Event::PortConflict(conflict) if conflict.class != Class::Other => {
                *self.conflicts.entry(conflict.class).or_default() += 1;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod test {
    use std::{fs, io::Write};

    use super::*;

    fn record(event: &str, app: &str, rest: &str) -> String {
        format!(
            "{{\"ts\":\"2026-11-22T08:00:00Z\",\"event\":\"{event}\",\"app\":\"{app}\",{rest}}}\n"
        )
    }

    fn conflict(class: &str) -> String {
        record("port_conflict", "notes", &format!("\"port\":3030,\"class\":\"{class}\""))
    }

    #[test]
    fn what_was_counted_is_not_read_again_and_half_a_line_is_left_for_later() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("port-history.jsonl");
        let mut tally = Tally::new(&path, "notes".parse().expect("a name"));
        tally.catch_up().expect("no history is an empty one");
        assert_eq!(tally.launches, 0);

        let mut file = fs::File::options().create(true).append(true).open(&path).expect("made");
        let mut write = |text: &str| file.write_all(text.as_bytes()).expect("written");
        write(&record("launch_started", "notes", "\"argv\":[]"));
        write(&record("launch_started", "other", "\"argv\":[]"));
        write(&conflict("in_use"));
        write(&conflict("of_next_year"));
        write("{\"event\":\"launch_started\", broken\n");
        write(&record("server_restarting", "notes", "\"why\":\"asked\""));
        let late = record("server_restarting", "notes", "\"attempt\":1");
        let (half, rest) = late.split_at(20);
        write(half);
        tally.catch_up().expect("read");
        assert_eq!((tally.launches, tally.restarts), (1, 0));
        assert_eq!(tally.conflicts, BTreeMap::from([(Class::InUse, 1)]));

        write(rest);
        write(&conflict("in_use"));
        tally.catch_up().expect("read");
        tally.catch_up().expect("read");
        assert_eq!((tally.launches, tally.restarts), (1, 1));
        assert_eq!(tally.conflicts[&Class::InUse], 2);
    }

    #[test]
    fn a_history_that_was_put_aside_takes_nothing_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("port-history.jsonl");
        let one = record("launch_started", "notes", "\"argv\":[]");
        fs::write(&path, one.repeat(2)).expect("written");
        let mut tally = Tally::new(&path, "notes".parse().expect("a name"));
        tally.catch_up().expect("read");
        fs::write(&path, one).expect("written");
        tally.catch_up().expect("read");
        assert_eq!(tally.launches, 3);
    }
}
