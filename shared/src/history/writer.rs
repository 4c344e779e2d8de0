//! Writing the port history.
//!
//! A record is written synchronously, by one `write(2)` on a handle that only appends. Records of
//! several processes never interleave, and when the call returns the record is in the kernel's
//! hands; those that an audit cannot do without are on the disk as well.

use std::{
    fmt,
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use slog::{Logger, warn};
use uuid::Uuid;

use super::{
    json_lines::{Author, JsonLineWriter, Sink},
    record::Record,
};
use crate::{
    app::AppName,
    event::{Event, Process, SCHEMA},
    keys,
    log_file::LogFile,
    message, os,
    paths::Folders,
    regular_file,
};

/// A handle to the port history; clones write through the same one.
#[derive(Clone)]
pub struct Writer(Arc<Mutex<OpenHistory>>);

struct OpenHistory {
    app: AppName,
    process: Process,
    launch_id: Uuid,
    machine: String,
    /// The count of the next record.
    seq: u64,
    lines: JsonLineWriter<LogFile>,
    lost: Option<LostRecords>,
    /// Also logs losses, once [`Writer::report_losses_to`] has set it.
    log: Option<Logger>,
}

/// Records that a process could not write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRecords {
    /// How many, since the process began.
    pub records: u64,
    /// Why the last one could not be written, with the name of the file.
    pub error: String,
}

impl fmt::Display for LostRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, error } = self;
        f.write_str(&message!("history.lost", records, error))
    }
}

/// Whether records can be added to the history at `file`, or nothing is there yet. Nothing is written.
///
/// # Errors
///
/// Why not.
pub fn check_writable(file: &Path) -> io::Result<()> {
    match regular_file::open_as_it_is(OpenOptions::new().append(true), file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Writer {
    /// Records by `author` for the port history of `folders`, which is made if it is not there.
    ///
    /// A record that cannot be written is dropped and counted, and the first of consecutive ones said on
    /// stderr: a log that cannot be written costs the audit, not the launch.
    pub fn new(folders: &Folders, author: &Author<'_>) -> Self {
        let mut file = LogFile::new(folders.history());
        // Who follows it finds it before the first record, which also tells of what is wrong with it.
        let _ = file.length();
        Self(Arc::new(Mutex::new(OpenHistory {
            app: author.app.clone(),
            process: author.process,
            launch_id: author.launch_id,
            machine: os::machine_name(),
            seq: 0,
            lines: JsonLineWriter::bare(file),
            lost: None,
            log: None,
        })))
    }

    /// Tells losses in these diagnostics too: a program in the background has no stderr that is read.
    pub fn report_losses_to(&self, log: &Logger) {
        self.lock().log = Some(log.clone());
    }

    /// Does not say of a history that cannot be written from the beginning on what the launcher has said.
    pub fn leave_first_failure_to_launcher(&self) {
        self.lock().lines.leave_first_failure();
    }

    /// The records that this process could not write; `None` if there is none.
    pub fn lost(&self) -> Option<LostRecords> {
        self.lock().lost.clone()
    }

    /// Writes one record, and waits for the disk if the event [must reach it](Event::is_durable).
    pub fn record(&self, event: &Event) {
        self.lock().record(event);
    }

    /// Closes the file, which may have been renamed; the next record goes to the one at its path.
    pub fn close_file(&self) {
        self.lock().lines.sink_mut().close();
    }

    fn lock(&self) -> MutexGuard<'_, OpenHistory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenHistory {
    fn record(&mut self, event: &Event) {
        let now = Timestamp::now();
        let record = Record {
            ts: now.round(Unit::Microsecond).unwrap_or(now),
            schema: SCHEMA,
            app: self.app.clone(),
            process: self.process,
            pid: std::process::id(),
            launch_id: self.launch_id,
            seq: self.seq,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            machine: self.machine.clone(),
            event: event.clone(),
        };
        // Also of a record that cannot be written: its absence shows.
        self.seq += 1;
        if let Err(error) = self.lines.log_keys(&record) {
            self.count_loss(&error);
        }
        if event.is_durable() {
            self.lines.sync();
        }
    }

    fn count_loss(&mut self, error: &io::Error) {
        let records = self.lost.as_ref().map_or(0, |lost| lost.records) + 1;
        if let Some(log) = &self.log {
            warn!(log, "a record of the port history is lost"; keys::DROPPED => records, keys::ERROR => %error);
        }
        self.lost = Some(LostRecords { records, error: error.to_string() });
    }
}

impl Sink for LogFile {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        Self::append(self, line).map_err(|lost| lost.error)
    }

    fn sync(&mut self) -> io::Result<()> {
        Self::sync(self)
    }
}

/// Writes records that are made elsewhere, in the form in which a [`Writer`] writes its own.
pub struct RecordLines<W>(JsonLineWriter<Plain<W>>);

impl<W: Write + Send> RecordLines<W> {
    /// Lines that go to `to`, each with one call of `write_all`.
    pub fn new(to: W) -> Self {
        Self(JsonLineWriter::bare(Plain(to)))
    }

    /// Writes one record as one line, its end included.
    ///
    /// # Errors
    ///
    /// If `to` refuses it.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.0.write_keys(record)
    }

    /// The writer that the lines went to.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.0.sink_mut().0
    }
}

/// Makes a [`Sink`] of any [`Write`].
struct Plain<W>(W);

impl<W: Write + Send> Sink for Plain<W> {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.write_all(line)
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::history::{Filter, Found, Reader};

    fn folders() -> (tempfile::TempDir, Folders) {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        (home, folders)
    }

    fn writer(folders: &Folders) -> Writer {
        let app = AppName::default();
        Writer::new(
            folders,
            &Author { app: &app, process: Process::Launcher, launch_id: Uuid::now_v7() },
        )
    }

    fn event() -> Event {
        Event::SettingsChanged { key: "port".into(), from: None, to: Some("3030".into()) }
    }

    #[test]
    fn half_a_line_that_a_killed_writer_left_is_not_glued_to_the_next() {
        let (_home, folders) = folders();
        writer(&folders).record(&event());
        let mut file = OpenOptions::new().append(true).open(folders.history()).expect("there");
        file.write_all(b"{\"ts\":\"20").expect("written");
        writer(&folders).record(&event());
        let found = Reader::of_history(&folders.history()).forward(&Filter::default());
        let found = found.expect("readable").map(|found| found.expect("readable"));
        assert_eq!(found.filter(|found| matches!(found, Found::Record(_))).count(), 2);
    }

    #[test]
    fn a_history_that_cannot_be_opened_stops_no_launch() {
        let (_home, folders) = folders();
        std::fs::create_dir_all(folders.history()).expect("a folder where the file should be");
        writer(&folders).record(&event());
    }
}
