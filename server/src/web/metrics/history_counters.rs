//! Counters over the records of an app in the port history, which is read once and then followed.

use std::{collections::BTreeMap, io, path::Path};

use shared::{
    app::AppName,
    conflict::Class,
    event::{Event, EventName, RestartReason},
    history::{Filter, Follower, Reader},
};

/// The counters, and the place up to which the history has been read for them.
pub(super) struct HistoryCounters {
    history: Follower,
    /// How many launches of the app began.
    pub(super) launches: u64,
    /// How many times a server of the app was started again after a failure.
    pub(super) restarts: u64,
    /// How many candidates could not be claimed, by class. There are fifteen, so that as a label it is
    /// bounded.
    pub(super) conflicts: BTreeMap<Class, u64>,
}

impl HistoryCounters {
    /// Counters of `app` in the history `file`, of which nothing has been read.
    pub(super) fn new(file: &Path, app: AppName) -> Self {
        let events =
            [EventName::LaunchStarted, EventName::ServerRestarting, EventName::PortConflict];
        let filter = Filter { app: Some(app), ..Filter::of_events(events) };
        let history = Reader::of_history(file).follow_from_start(&filter);
        Self { history, launches: 0, restarts: 0, conflicts: BTreeMap::new() }
    }

    /// Counts what was appended since the last update. An absent history is an empty one. Counters only rise:
    /// the records of a history that takes the place of another are counted on top.
    ///
    /// # Errors
    ///
    /// If the history cannot be read; what was counted stays.
    pub(super) fn update(&mut self) -> io::Result<()> {
        loop {
            for added in self.history.poll()? {
                // A record without a key that its event requires is not counted.
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
        let mut counters = HistoryCounters::new(&path, "notes".parse().expect("a name"));
        counters.update().expect("no history is an empty one");
        assert_eq!(counters.launches, 0);

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
        counters.update().expect("read");
        assert_eq!((counters.launches, counters.restarts), (1, 0));
        assert_eq!(counters.conflicts, BTreeMap::from([(Class::InUse, 1)]));

        write(rest);
        write(&conflict("in_use"));
        counters.update().expect("read");
        counters.update().expect("read");
        assert_eq!((counters.launches, counters.restarts), (1, 1));
        assert_eq!(counters.conflicts[&Class::InUse], 2);
    }

    #[test]
    fn a_history_that_was_put_aside_takes_nothing_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("port-history.jsonl");
        let one = record("launch_started", "notes", "\"argv\":[]");
        fs::write(&path, one.repeat(2)).expect("written");
        let mut counters = HistoryCounters::new(&path, "notes".parse().expect("a name"));
        counters.update().expect("read");
        fs::write(&path, one).expect("written");
        counters.update().expect("read");
        assert_eq!(counters.launches, 3);
    }
}
