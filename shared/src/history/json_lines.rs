//! Whole lines of JSON, or none: what slog writes, in one piece.
//!
//! `slog_json` writes a record in some 76 pieces. Here the pieces are collected, and the line goes to
//! the [`Sink`] in one piece. What cannot be written is dropped whole and said once on stderr; a log
//! is never a reason to stop, so nothing here fails or panics.

use std::{
    cell::RefCell,
    io::{self, Write},
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use slog::{
    BorrowedKV, Drain, FnValue, KV, Level, Never, OwnedKVList, PushFnValue, Record, RecordLocation,
    RecordStatic, b, o, record,
};
use slog_json::Json;
use uuid::Uuid;

use crate::{
    app::AppName,
    event::{Process, SCHEMA},
    keys, message, os,
};

/// Who writes: what is true of every record of a process.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// The app it is about.
    pub app: &'a AppName,
    /// Which of our programs writes.
    pub process: Process,
    /// The same in each record of one run of the program.
    pub launch_id: Uuid,
}

/// Where whole lines go.
pub(crate) trait Sink: Send {
    /// Appends one line, newline included: all of it or nothing.
    fn append(&mut self, line: &[u8]) -> io::Result<()>;

    /// Makes what was appended durable.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What has been lost so far; `None` while there is no room for a line that tells it.
    fn losses(&self) -> Option<Losses> {
        None
    }
}

/// What a log has lost, since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// The lines that were not written.
    pub dropped: u64,
    /// The files that were deleted to keep within the limits.
    pub deleted_files: u64,
    /// The lines in those files.
    pub deleted_lines: u64,
}

/// What is no message of slog's macros has no place in the code to name, and its level is among its
/// own keys.
static NOWHERE: RecordStatic<'static> = RecordStatic {
    location: &RecordLocation { file: "", line: 0, column: 0, function: "", module: "" },
    tag: "",
    level: slog::Level::Info,
};

/// Lines of JSON on their way to a sink.
pub(super) struct JsonLineWriter<S> {
    json: Json<LineBuffer>,
    sink: S,
    failed: bool,
    /// The losses that lines have reported.
    told: Losses,
}

/// The drain of diagnostics. Its key order is fixed: see [`keys`].
pub(crate) struct JsonLines<S>(Mutex<JsonLineWriter<S>>);

thread_local! {
    /// The line that this thread is writing. The formatter owns its writer and gives no way to it,
    /// so the line stands beside it; and it is written in many small pieces, each of which would
    /// have to take a lock elsewhere.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to [`LINE`].
struct LineBuffer;

impl Write for LineBuffer {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        LINE.with_borrow_mut(|line| line.extend_from_slice(piece));
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Sink> JsonLines<S> {
    /// A drain whose lines carry `author`.
    pub(crate) fn new(author: &Author<'_>, sink: S) -> Self {
        let next = AtomicU64::new(0);
        let tag = |r: &Record<'_>| if r.tag().is_empty() { r.module() } else { r.tag() }.to_owned();
        // One call for each key: the keys of one `o!` come out reversed.
        let json = Json::new(LineBuffer)
            .add_key_value(o!(keys::TS => FnValue(|_| format!("{:.6}", Timestamp::now()))))
            .add_key_value(o!(keys::LEVEL => FnValue(|r| r.level().as_str())))
            .add_key_value(o!(keys::TARGET => FnValue(tag)))
            .add_key_value(o!(keys::MSG => PushFnValue(|r, to| to.emit(r.msg()))))
            .add_key_value(o!(keys::SCHEMA => SCHEMA))
            .add_key_value(o!(keys::APP => author.app.to_string()))
            .add_key_value(o!(keys::PROCESS => author.process.word()))
            .add_key_value(o!(keys::PID => std::process::id()))
            .add_key_value(o!(keys::LAUNCH_ID => author.launch_id.to_string()))
            .add_key_value(o!(keys::SEQ => FnValue(move |_| next.fetch_add(1, Ordering::Relaxed))))
            .add_key_value(o!(keys::VERSION => env!("CARGO_PKG_VERSION")))
            .add_key_value(o!(keys::MACHINE => os::machine_name()))
            .build();
        Self(Mutex::new(JsonLineWriter { json, sink, failed: false, told: Losses::default() }))
    }

    /// Writes what was lost and is not told yet.
    pub(crate) fn report_losses(&self) {
        self.lock().report_losses();
    }

    fn lock(&self) -> MutexGuard<'_, JsonLineWriter<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sink> JsonLineWriter<S> {
    /// Lines that consist of what is logged and of nothing else.
    pub(super) fn bare(sink: S) -> Self {
        Self { json: Json::new(LineBuffer).build(), sink, failed: false, told: Losses::default() }
    }

    /// Writes one line of these keys, and reports the first of consecutive failures.
    pub(super) fn log_keys(&mut self, keys: &impl KV) -> io::Result<()> {
        let written = self.write_keys(keys);
        self.print_first_failure(&written);
        written
    }

    pub(super) fn write_keys(&mut self, keys: &impl KV) -> io::Result<()> {
        let no_values: OwnedKVList = o!().into();
        let message = format_args!("");
        self.write(&Record::new(&NOWHERE, &message, BorrowedKV(keys)), &no_values)
    }

    fn log(&mut self, record: &Record<'_>, values: &OwnedKVList) {
        let written = self.write(record, values);
        self.print_first_failure(&written);
    }

    fn report_losses(&mut self) {
        let Some(losses) = self.sink.losses() else { return };
        let told = mem::replace(&mut self.told, losses);
        let values: OwnedKVList = o!().into();
        if losses.dropped != told.dropped {
            let message = format_args!("lines of diagnostics were dropped");
            let keys = b!(keys::DROPPED => losses.dropped);
            self.log(&record!(Level::Warning, "", &message, keys), &values);
        }
        if losses.deleted_files != told.deleted_files {
            let message = format_args!("old diagnostics were deleted");
            let keys = b!(keys::FILES => losses.deleted_files, keys::LINES => losses.deleted_lines);
            self.log(&record!(Level::Warning, "", &message, keys), &values);
        }
    }

    fn print_first_failure(&mut self, written: &io::Result<()>) {
        let failed_before = mem::replace(&mut self.failed, written.is_err());
        if let (Err(error), false) = (written, failed_before) {
            print_failure(error);
        }
    }

    /// Prints no failure before a line was written: another process has printed it.
    pub(super) fn leave_first_failure(&mut self) {
        self.failed = true;
    }

    pub(super) fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Makes every line so far durable, as far as the disk allows.
    pub(super) fn sync(&mut self) {
        if let (Err(error), false) = (self.sink.sync(), self.failed) {
            print_failure(&error);
        }
    }

    fn write(&mut self, record: &Record<'_>, values: &OwnedKVList) -> io::Result<()> {
        LINE.with_borrow_mut(Vec::clear);
        self.json.log(record, values)?;
        LINE.with_borrow(|line| self.sink.append(line))
    }
}

impl<S: Sink> Drain for JsonLines<S> {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, values: &OwnedKVList) -> Result<(), Never> {
        let mut lines = self.lock();
        lines.log(record, values);
        lines.report_losses();
        Ok(())
    }
}

/// Prints that a log cannot be written; the program continues without it.
pub(crate) fn print_failure(error: &io::Error) {
    // A closed stderr is no reason to stop either.
    let _ = writeln!(io::stderr(), "warning: {}", message!("log.unwritable", error));
}

#[cfg(test)]
mod test {
    use std::sync::Arc;

    use slog::{Logger, info};

    use super::*;

    /// Refuses every second line.
    #[derive(Clone, Default)]
    struct Moody(Arc<Mutex<(Vec<u8>, bool)>>);

    impl Sink for Moody {
        fn append(&mut self, line: &[u8]) -> io::Result<()> {
            let mut inner = self.0.lock().expect("no panic");
            inner.1 = !inner.1;
            if !inner.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            inner.0.extend_from_slice(line);
            Ok(())
        }
    }

    #[test]
    fn a_lost_record_is_lost_whole_and_shows_in_the_sequence() {
        let (sink, app) = (Moody::default(), AppName::default());
        let author = Author { app: &app, process: Process::Server, launch_id: Uuid::nil() };
        let log = Logger::root(JsonLines::new(&author, sink.clone()), o!());
        for n in 0..5 {
            info!(log, "counted"; keys::STATUS => n);
        }
        let text = String::from_utf8(sink.0.lock().expect("no panic").0.clone()).expect("UTF-8");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("whole")).collect();
        let of =
            |key: &str| lines.iter().map(|l| l[key].as_u64().expect("number")).collect::<Vec<_>>();
        assert_eq!((of(keys::SEQ), of(keys::STATUS)), (vec![0, 2, 4], vec![0, 2, 4]));
        let keys_of_first: Vec<_> = lines[0].as_object().expect("object").keys().cloned().collect();
        let wanted =
            "ts level target msg schema app process pid launch_id seq version machine status";
        assert_eq!(keys_of_first.join(" "), wanted);
    }
}
