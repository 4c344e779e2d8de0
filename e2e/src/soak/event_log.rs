//! The port history while it grows: only what is new is read.

use std::path::Path;

use serde_json::Value;
use shared::history::{Filter, Follower, Reader};

use crate::wait_for;

/// The records so far. The schema is checked at the end.
pub(super) struct EventLog {
    history: Follower,
    records: Vec<Value>,
}

impl EventLog {
    pub(super) fn of(file: &Path) -> Self {
        let history = Reader::of_history(file).follow_from_start(&Filter::default());
        Self { history, records: Vec::new() }
    }

    /// Every record until now.
    pub(super) fn read(&mut self) -> &[Value] {
        let news = self.history.poll().expect("the history can be read");
        let read = news.iter().map(|added| serde_json::from_str(&added.entry.text));
        self.records.extend(read.map(|record| record.expect("a whole line is a record")));
        assert_eq!(self.history.broken_lines(), 0, "a whole line is a record");
        &self.records
    }

    /// How many records there are of one event.
    pub(super) fn count(&mut self, event: &str) -> usize {
        self.read().iter().filter(|record| record["event"] == event).count()
    }

    /// Waits for a record that is as it should be.
    #[track_caller]
    pub(super) fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let found = wait_for(|| self.read().iter().rfind(|record| is_it(record)).cloned());
        found.unwrap_or_else(|| panic!("waited in vain for a record of {what}"))
    }
}
