//! The file of an output, and the count of what it could not take.

use std::{io, mem, path::PathBuf, time::Duration};

use crate::{
    log_file::count_lines,
    rotation::{Limits, RotatingFile},
};

/// The size in bytes beyond which a file is put aside.
pub const ROTATE_AT: u64 = 20_000_000;

/// How many files of an app are kept, the one that is written included.
pub const MAX_FILES: usize = 5;

/// No file is deleted for its age: an app that is quiet keeps what it said. A file is put aside only after the batch
/// that makes it too large.
const LIMITS: Limits = Limits {
    rotate_at: ROTATE_AT,
    max_kept: MAX_FILES as u64 * (ROTATE_AT + (1 << 20)),
    max_put_aside: MAX_FILES - 1,
    keep: Duration::MAX,
};

/// What is collected before it is written, in bytes, give or take a line.
const MAX_BATCH: usize = 256 << 10;

/// A log that loses lines rather than wait, and tells how many.
#[derive(Debug)]
pub(super) struct OutputFile {
    file: RotatingFile,
    /// What is not written yet.
    batch: Vec<u8>,
    /// How many lines were lost and are not told yet.
    dropped: u64,
    has_failed: bool,
    /// The first of failures in a row, until it is taken.
    failure: Option<io::Error>,
}

impl OutputFile {
    pub(super) fn new(path: PathBuf) -> Self {
        let (batch, dropped, has_failed, failure) = (Vec::new(), 0, false, None);
        Self { file: RotatingFile::new(path, LIMITS), batch, dropped, has_failed, failure }
    }

    /// Where lines are collected.
    pub(super) fn batch(&mut self) -> &mut Vec<u8> {
        &mut self.batch
    }

    pub(super) fn is_large(&self) -> bool {
        self.batch.len() >= MAX_BATCH
    }

    pub(super) fn count_dropped(&mut self, lines: u64) {
        self.dropped += lines;
    }

    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Writes what was collected, in one write. If lines were lost before, a line that `tell` makes of their number
    /// stands before it, or alone.
    pub(super) fn write(&mut self, tell: impl FnOnce(u64) -> Vec<u8>) {
        if self.batch.is_empty() && self.dropped == 0 {
            return;
        }
        let told = mem::take(&mut self.dropped);
        if told > 0 {
            self.batch.splice(0..0, tell(told));
        }
        let written = self.file.append(&self.batch);
        let failed_before = mem::replace(&mut self.has_failed, written.is_err());
        if let Err(lost) = written {
            let is_told = lost.lines < count_lines(&self.batch);
            self.dropped = match told {
                // Bytes that are no whole line are lost as well.
                0 => lost.lines.max(1),
                _ if is_told => lost.lines,
                told => told + lost.lines - 1,
            };
            self.failure = self.failure.take().or((!failed_before).then_some(lost.error));
        }
        self.batch.clear();
        // One long line, or a burst, is no reason to keep so much.
        self.batch.shrink_to(MAX_BATCH / 4);
    }
}
