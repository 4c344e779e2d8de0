//! Diagnostics: what a program logs about itself, in `logs/launcher.jsonl` and `logs/server.jsonl`.
//!
//! Unlike the port history these are not evidence: the server's go through a bounded queue, so that
//! a slow disk never holds up a request, and the lines that did not fit are counted and recorded at
//! the end. A line is stamped when it is logged, not when it is written. Files are rotated when they
//! grow beyond [`ROTATE_AT`] and deleted when they are older than [`KEEP`].

mod batch_writer;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use file_rotate::{
    ContentLimit, FileRotate,
    compression::Compression,
    suffix::{AppendTimestamp, DateFrom, FileLimit, SuffixScheme, TimestampSuffix},
};
use jiff::{SignedDuration, Zoned};
use slog::{Drain, Level, Logger, o, warn};

use self::batch_writer::Worker;
use crate::{
    history::{Author, JsonLines, Sink, about, say_once},
    keys, os,
    paths::{self, Folders},
};

/// The size in bytes beyond which a file of diagnostics is rotated: an editor still opens it.
pub const ROTATE_AT: usize = 10 << 20;

/// How long a file that was rotated is kept.
pub const KEEP: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How the time in the name of a file that was rotated is written: the local time, as
/// [`AppendTimestamp`] has it.
const STAMP: &str = "%Y%m%dT%H%M%S";

/// How lines reach the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// At once, for a program with few lines.
    Sync,
    /// Through a bounded queue and a thread, for a program that must not wait.
    Async,
}

/// The open diagnostics. Keep it until the end of `main`: dropping it writes what is queued.
pub struct Diagnostics {
    logger: Logger,
    _log_crate: Option<slog_scope::GlobalLoggerGuard>,
    worker: Option<Worker>,
}

/// Opens `<logs>/<name>` and makes it the place for lines of the `log` crate too.
///
/// Never fails: if the file cannot be opened, that is said once on stderr and nothing is logged.
pub fn open(
    folders: &Folders,
    author: &Author<'_>,
    name: &'static str,
    level: Level,
    mode: Mode,
) -> Diagnostics {
    let file = folders.logs().join(name);
    let opened = rotated(&file).and_then(|rotated| match mode {
        Mode::Sync => Ok((root(author, level, Direct(file.clone(), rotated)), None)),
        Mode::Async => {
            let (queue, worker) = batch_writer::queue(file.clone(), rotated)?;
            Ok((root(author, level, queue), Some(worker)))
        }
    });
    let (logger, worker) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            say_once(&about(&file, &error));
            let logger = Logger::root(slog::Discard, o!());
            return Diagnostics { logger, _log_crate: None, worker: None };
        }
    };
    let log_crate = slog_scope::set_global_logger(logger.clone());
    if let Err(error) = slog_stdlog::init_with_level(log_level(level)) {
        warn!(logger, "lines of the log crate are not kept"; keys::ERROR => %error);
    }
    Diagnostics { logger, _log_crate: Some(log_crate), worker }
}

impl Diagnostics {
    /// The logger to hand down.
    pub fn logger(&self) -> &Logger {
        &self.logger
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        let dropped = self.worker.as_ref().map_or(0, Worker::dropped);
        if dropped > 0 {
            warn!(self.logger, "lines of diagnostics were dropped"; keys::DROPPED => dropped);
        }
    }
}

fn root(author: &Author<'_>, level: Level, sink: impl Sink + 'static) -> Logger {
    let lines = Arc::new(JsonLines::new(author, sink));
    Logger::root(lines.filter_level(level).ignore_res(), o!())
}

/// The file, which the crate that rotates it would panic without.
fn rotated(file: &Path) -> io::Result<FileRotate<ByAge>> {
    paths::make_parent(file)?;
    let mut options = os::private_file();
    options.read(true).append(true).create(true);
    drop(options.open(file)?);
    Ok(FileRotate::new(
        file,
        ByAge(AppendTimestamp::with_format(STAMP, FileLimit::Unlimited, DateFrom::Now)),
        ContentLimit::BytesSurpassed(ROTATE_AT),
        Compression::None,
        Some(options),
    ))
}

/// Names files that are rotated by their time, and lets those go that are older than [`KEEP`]. The
/// names and the limit are those of `FileLimit::Age`, which takes an age in the types of another crate
/// for times.
struct ByAge(AppendTimestamp);

impl SuffixScheme for ByAge {
    type Repr = TimestampSuffix;

    fn rotate_file(
        &mut self,
        file: &Path,
        newest: Option<&TimestampSuffix>,
        suffix: &Option<TimestampSuffix>,
    ) -> io::Result<TimestampSuffix> {
        self.0.rotate_file(file, newest, suffix)
    }

    fn parse(&self, suffix: &str) -> Option<TimestampSuffix> {
        self.0.parse(suffix)
    }

    fn too_old(&self, suffix: &TimestampSuffix, _: usize) -> bool {
        is_too_old(&suffix.timestamp, &Zoned::now())
    }
}

/// Whether a file that was rotated at `stamp` is kept no longer at `now`.
fn is_too_old(stamp: &str, now: &Zoned) -> bool {
    now.checked_sub(KEEP).is_ok_and(|oldest| stamp < oldest.strftime(STAMP).to_string().as_str())
}

/// The file itself, for a program with few lines.
struct Direct(PathBuf, FileRotate<ByAge>);

impl Sink for Direct {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.1.write_all(line).map_err(|error| about(&self.0, &error))
    }
}

fn log_level(level: Level) -> log::Level {
    match level {
        Level::Critical | Level::Error => log::Level::Error,
        Level::Warning => log::Level::Warn,
        Level::Info => log::Level::Info,
        Level::Debug => log::Level::Debug,
        Level::Trace => log::Level::Trace,
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_file_that_was_put_aside_is_kept_for_thirty_days() {
        let now: Zoned = "2026-11-26T08:00:00+00:00[UTC]".parse().expect("a time");
        assert!(!is_too_old("20261126T075959", &now));
        assert!(!is_too_old("20261027T080000", &now));
        assert!(is_too_old("20261027T075959", &now));
    }

    #[test]
    fn only_old_files_are_deleted_when_one_is_put_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("server.jsonl");
        let young = Zoned::now().strftime(STAMP).to_string();
        for stamp in ["20200101T000000", &young, "notes"] {
            std::fs::write(folder.path().join(format!("server.jsonl.{stamp}")), "")
                .expect("written");
        }
        let mut rotated = rotated(&file).expect("made");
        rotated.rotate().expect("it can be renamed");
        let is_there = |stamp: &str| folder.path().join(format!("server.jsonl.{stamp}")).exists();
        assert!(!is_there("20200101T000000") && is_there(&young) && is_there("notes"));
    }
}
