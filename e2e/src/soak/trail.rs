//! The port history while it grows: only what is new is read.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
};

use serde_json::Value;

use crate::wait_for;

/// The records so far. They are held to the schema at the end.
#[derive(Debug)]
pub(super) struct Trail {
    file: PathBuf,
    offset: u64,
    records: Vec<Value>,
}

impl Trail {
    pub(super) fn of(file: PathBuf) -> Self {
        Self { file, offset: 0, records: Vec::new() }
    }

    /// Every record until now.
    pub(super) fn read(&mut self) -> &[Value] {
        let mut text = Vec::new();
        if let Ok(mut file) = File::open(&self.file) {
            file.seek(SeekFrom::Start(self.offset)).expect("a file has places");
            file.read_to_end(&mut text).expect("the history can be read");
        }
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        self.offset += whole as u64;
        for line in text[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let record = serde_json::from_slice(line);
            self.records.push(record.expect("a whole line is a record"));
        }
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
