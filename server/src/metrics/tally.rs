//! What the port history says of an app, in numbers.
//!
//! The history is read once, and then only what was appended. It is a matter of one file that others
//! write, so that a line which is not whole yet is left for the next time.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
    path::PathBuf,
};

use memchr::memmem::Finder;
use serde::Deserialize;
use shared::{app::AppName, conflict::Class};

/// How much is read at once, in bytes: a history of years in a few hundred reads.
const BUFFER: usize = 1 << 20;

/// The counts, and how far the history has been read for them.
#[derive(Debug)]
pub(super) struct Tally {
    file: PathBuf,
    app: AppName,
    /// The end of the last whole line.
    read: u64,
    /// How many launches of the app began.
    pub(super) launches: u64,
    /// How many times a server of the app was started again.
    pub(super) restarts: u64,
    /// How many candidates could not be claimed, by class. There are fifteen, so that as a label it is
    /// bounded.
    pub(super) conflicts: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Line {
    event: String,
    app: String,
    class: Option<Class>,
}

impl Tally {
    /// Of the history `file`, of which nothing has been read.
    #[must_use]
    pub(super) fn new(file: PathBuf, app: AppName) -> Self {
        Self { file, app, read: 0, launches: 0, restarts: 0, conflicts: BTreeMap::new() }
    }

    /// Counts what was appended since the last time. No history is an empty one.
    ///
    /// # Errors
    ///
    /// If the history cannot be read; what was counted stays.
    pub(super) fn catch_up(&mut self) -> io::Result<()> {
        let file = match File::open(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        if file.metadata()?.len() < self.read {
            // Another file has its place. Counters only rise, so its records are counted on top.
            self.read = 0;
        }
        let mut lines = BufReader::with_capacity(BUFFER, file);
        lines.seek(SeekFrom::Start(self.read))?;
        let needles = [&b"\"launch_started\""[..], b"\"port_conflict\"", b"\"server_restarting\""];
        let needles = needles.map(Finder::new);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                return Ok(());
            }
            self.read += length as u64;
            if needles.iter().any(|needle| needle.find(&line).is_some()) {
                self.count(&line);
            }
        }
    }

    /// Counts one record. A line that is none was cut by a crash, and says nothing.
    fn count(&mut self, line: &[u8]) {
        let Ok(line) = serde_json::from_slice::<Line>(line) else { return };
        if line.app != self.app.as_str() {
            return;
        }
        match (line.event.as_str(), line.class) {
            ("launch_started", _) => self.launches += 1,
            ("server_restarting", _) => self.restarts += 1,
            ("port_conflict", Some(class)) => {
                *self.conflicts.entry(class.to_string()).or_default() += 1;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod test {
    use std::{fs, io::Write};

    use super::*;

    fn record(event: &str, app: &str, class: &str) -> String {
        format!("{{\"event\":\"{event}\",\"app\":\"{app}\",\"class\":{class}}}\n")
    }

    #[test]
    fn what_was_counted_is_not_read_again_and_half_a_line_is_left_for_later() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("port-history.jsonl");
        let mut tally = Tally::new(path.clone(), "notes".parse().expect("a name"));
        tally.catch_up().expect("no history is an empty one");
        assert_eq!(tally.launches, 0);

        let mut file = fs::File::options().create(true).append(true).open(&path).expect("made");
        let mut write = |text: &str| file.write_all(text.as_bytes()).expect("written");
        write(&record("launch_started", "notes", "null"));
        write(&record("launch_started", "other", "null"));
        write(&record("port_conflict", "notes", "\"in_use\""));
        write(&record("port_conflict", "notes", "\"of_next_year\""));
        write("{\"event\":\"launch_started\", broken\n");
        let late = record("server_restarting", "notes", "null");
        let (half, rest) = late.split_at(20);
        write(half);
        tally.catch_up().expect("read");
        assert_eq!((tally.launches, tally.restarts), (1, 0));
        assert_eq!(tally.conflicts, BTreeMap::from([("in_use".to_owned(), 1)]));

        write(rest);
        write(&record("port_conflict", "notes", "\"in_use\""));
        tally.catch_up().expect("read");
        tally.catch_up().expect("read");
        assert_eq!((tally.launches, tally.restarts), (1, 1));
        assert_eq!(tally.conflicts["in_use"], 2);
    }

    #[test]
    fn a_history_that_was_put_aside_takes_nothing_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("port-history.jsonl");
        let one = record("launch_started", "notes", "null");
        fs::write(&path, one.repeat(2)).expect("written");
        let mut tally = Tally::new(path.clone(), "notes".parse().expect("a name"));
        tally.catch_up().expect("read");
        fs::write(&path, one).expect("written");
        tally.catch_up().expect("read");
        assert_eq!(tally.launches, 3);
    }
}
