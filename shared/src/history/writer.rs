//! Writing the port history.
//!
//! A record is written synchronously, by one `write(2)` on a handle that only appends. Records of
//! several processes never interleave, and when the call returns the record is in the kernel's
//! hands; those that an audit cannot do without are on the disk as well.

use std::{
    fs::File,
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use jiff::{Timestamp, Unit};
use uuid::Uuid;

use super::{
    json_lines::{Author, Lines, Sink, about, say_once},
    record::Record,
};
use crate::{
    app::AppName,
    event::{Event, Process, SCHEMA},
    os,
    paths::{self, Folders},
};

/// A handle to the port history; clones write through the same one.
#[derive(Clone)]
pub struct Writer(Option<Arc<Mutex<Open>>>);

/// A history that can be written.
struct Open {
    app: AppName,
    process: Process,
    launch_id: Uuid,
    machine: String,
    /// The count of the next record.
    seq: u64,
    lines: Lines<Appender>,
}

impl Writer {
    /// Opens the port history of `folders` for records by `author`.
    ///
    /// Never fails: if it cannot be opened, that is said once on stderr, and records are dropped. A
    /// log that cannot be written costs the audit, not the launch.
    pub fn open(folders: &Folders, author: &Author<'_>) -> Self {
        let file = folders.history();
        match Appender::open(&file) {
            Ok(appender) => Self(Some(Arc::new(Mutex::new(Open {
                app: author.app.clone(),
                process: author.process,
                launch_id: author.launch_id,
                machine: os::machine_name(),
                seq: 0,
                lines: Lines::bare(appender),
            })))),
            Err(error) => {
                say_once(&about(&file, &error));
                Self(None)
            }
        }
    }

    /// Writes one record, and waits for the disk if the event [must reach it](Event::is_durable).
    pub fn record(&self, event: &Event) {
        let Some(open) = &self.0 else { return };
        open.lock().unwrap_or_else(PoisonError::into_inner).record(event);
    }
}

impl Open {
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
        self.lines.log_keys(&record);
        if event.is_durable() {
            self.lines.sync();
        }
    }
}

/// The file, opened to append.
struct Appender {
    path: PathBuf,
    file: File,
    /// Held while a line is written, on systems whose appends are no single step.
    lock: Option<File>,
    /// Whether the file ends in a piece of a line that could not be taken back.
    torn: bool,
}

impl Appender {
    fn open(path: &Path) -> io::Result<Self> {
        paths::make_parent(path)?;
        let file = os::private_file().read(true).append(true).create(true).open(path)?;
        let lock = path.with_extension("lock");
        let lock = os::APPENDING_NEEDS_A_LOCK
            .then(|| os::private_file().write(true).create(true).truncate(false).open(lock))
            .transpose()?;
        let torn = is_torn(&file)?;
        Ok(Self { path: path.to_owned(), file, lock, torn })
    }

    fn append_locked(&mut self, line: &[u8]) -> io::Result<()> {
        let ended: Vec<u8>;
        let line = if self.torn {
            ended = [b"\n", line].concat();
            &ended
        } else {
            line
        };
        let written = loop {
            match self.file.write(line) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => break written?,
            }
        };
        self.torn = false;
        if written == line.len() {
            return Ok(());
        }
        self.take_back(written);
        Err(io::Error::new(io::ErrorKind::StorageFull, "a full disk or a limit cut the line short"))
    }

    /// Removes a piece of a line that a full disk has cut, unless another program has written behind it.
    fn take_back(&mut self, written: usize) {
        let end = self.file.stream_position();
        let length = self.file.metadata().map(|metadata| metadata.len());
        let removed = match (end, length) {
            (Ok(end), Ok(length)) if end == length => {
                self.file.set_len(end - written as u64).is_ok()
            }
            _ => false,
        };
        self.torn = !removed;
    }
}

impl Sink for Appender {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let appended = match self.lock.take() {
            None => self.append_locked(line),
            Some(lock) => {
                let appended = lock.lock().and_then(|()| self.append_locked(line));
                // The line is written, whatever comes of this.
                let _ = lock.unlock();
                self.lock = Some(lock);
                appended
            }
        };
        appended.map_err(|error| about(&self.path, &error))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data().map_err(|error| about(&self.path, &error))
    }
}

/// Writes records that are made elsewhere, in the form in which a [`Writer`] writes its own.
pub struct RecordLines<W>(Lines<Plain<W>>);

impl<W: Write + Send> RecordLines<W> {
    /// Lines that go to `to`, each with one call of `write_all`.
    pub fn new(to: W) -> Self {
        Self(Lines::bare(Plain(to)))
    }

    /// Writes one record as one line, its end included.
    ///
    /// # Errors
    ///
    /// If `to` refuses it.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.0.write_keys(record)
    }

    /// Where the lines go.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.0.sink_mut().0
    }
}

/// Anything that bytes can be written to.
struct Plain<W>(W);

impl<W: Write + Send> Sink for Plain<W> {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.write_all(line)
    }
}

/// How long a line may take to be written, in looks at the file and the pause between them. The
/// length that is seen meanwhile grows page by page, so a line that seems cut may only be under way.
/// Waiting is rare: nearly every file ends with a whole line.
const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Whether a writer was killed, or ran out of disk, in the middle of the last line.
fn is_torn(file: &File) -> io::Result<bool> {
    for _ in 0..LOOKS {
        let length = file.metadata()?.len();
        if length == 0 || !ends_within_a_line(file, length)? {
            return Ok(false);
        }
        thread::sleep(PAUSE);
    }
    Ok(true)
}

fn ends_within_a_line(file: &File, length: u64) -> io::Result<bool> {
    let mut last = [0];
    let mut reader = file;
    reader.seek(io::SeekFrom::Start(length - 1))?;
    io::Read::read_exact(&mut reader, &mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod test {
    use std::fs::OpenOptions;

    use super::*;
    use crate::history::{Filter, Found, Reader};

    fn folders() -> (tempfile::TempDir, Folders) {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        (home, folders)
    }

    fn writer(folders: &Folders) -> Writer {
        let app = AppName::default();
        Writer::open(
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
    fn a_history_that_cannot_be_opened_stops_nobody() {
        let (_home, folders) = folders();
        std::fs::create_dir_all(folders.history()).expect("a folder where the file should be");
        writer(&folders).record(&event());
    }
}
