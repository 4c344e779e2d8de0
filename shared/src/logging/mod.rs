//! Diagnostics: what a program logs about itself, in `logs/launcher.jsonl` and `logs/server.jsonl`.
//!
//! Unlike the port history these are not evidence: the server's go through a bounded queue, so that
//! a slow disk never holds up a request. A line is stamped when it is logged, not when it is written.
//! Files are put aside when they grow beyond [`ROTATE_AT`], and deleted when they are older than [`KEEP`]
//! or larger than [`MAX_KEPT`] together. Lines that are lost are counted, and a line tells it. What libraries say below
//! a warning is kept at level debug alone.

mod batch_writer;

use std::{io, sync::Arc};

use slog::{Drain, Level, Logger, o, warn};

use self::batch_writer::Worker;
use crate::{
    history::{Author, JsonLines, Sink, print_failure},
    keys,
    paths::Folders,
    rotation::{Limits, RotatingFile},
};

pub use crate::rotation::{KEEP, MAX_KEPT, ROTATE_AT};

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
    _log_crate: slog_scope::GlobalLoggerGuard,
    report_losses: Box<dyn Fn()>,
    worker: Option<Worker>,
}

/// Opens `<logs>/<name>` and makes it the place for lines of the `log` crate too.
///
/// Never fails: the first of consecutive lines that cannot be written is said on stderr.
pub fn open(
    folders: &Folders,
    author: &Author<'_>,
    name: &'static str,
    level: Level,
    mode: Mode,
) -> Diagnostics {
    let mut file = RotatingFile::new(folders.logs().join(name), Limits::DIAGNOSTICS);
    match mode {
        Mode::Sync => {
            file.delete_old();
            Diagnostics::new(author, level, file, None)
        }
        Mode::Async => match batch_writer::queue(file) {
            Ok((queue, worker)) => Diagnostics::new(author, level, queue, Some(worker)),
            Err(error) => {
                print_failure(&error);
                Diagnostics::new(author, level, Nowhere, None)
            }
        },
    }
}

impl Diagnostics {
    fn new(
        author: &Author<'_>,
        level: Level,
        sink: impl Sink + 'static,
        worker: Option<Worker>,
    ) -> Self {
        let lines = Arc::new(JsonLines::new(author, sink));
        let report_losses = {
            let lines = Arc::clone(&lines);
            Box::new(move || lines.report_losses())
        };
        let logger = Logger::root(lines.filter_level(level).ignore_res(), o!());
        let log_crate = slog_scope::set_global_logger(logger.clone());
        if let Err(error) = slog_stdlog::init_with_level(library_level(level)) {
            warn!(logger, "lines of the log crate are not kept"; keys::ERROR => %error);
        }
        Self { logger, _log_crate: log_crate, report_losses, worker }
    }

    /// The logger to hand down.
    pub fn logger(&self) -> &Logger {
        &self.logger
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        // A line that tells a loss may have another file put aside and an old one deleted.
        for _ in 0..2 {
            if let Some(worker) = &self.worker {
                worker.wait_until_written();
            }
            (self.report_losses)();
        }
    }
}

/// Drops each line, where there can be no thread.
struct Nowhere;

impl Sink for Nowhere {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// From which level on lines of libraries are kept where ours are from `level` on: what a library does without failing
/// helps only to search for a fault.
fn library_level(level: Level) -> log::Level {
    match level {
        Level::Critical | Level::Error => log::Level::Error,
        Level::Warning | Level::Info => log::Level::Warn,
        Level::Debug => log::Level::Debug,
        Level::Trace => log::Level::Trace,
    }
}
