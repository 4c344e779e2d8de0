//! The output log: what a program writes to stdout and stderr, in `logs/programs/<app>.jsonl`.
//!
//! Pieces of bytes go in as they were read, and each line becomes one line of JSON. Nothing that a program writes
//! makes it fail or costs more memory than some lines; what cannot be written is dropped and counted, and a
//! line tells it when there is room again. Several processes may write and rotate (see `rotation`).

mod entry;

mod text;

mod lines;
mod output_file;
mod secrets;

#[cfg(test)]
mod test;

use std::{collections::VecDeque, fs, io, mem, path::PathBuf, time::Instant};

use jiff::Timestamp;
use regex::Regex;

use self::{
    entry::WrittenLine,
    lines::{LineBuffer, LineBytes},
    output_file::OutputFile,
    text::LineText,
};
use crate::{app::AppName, log_file, paths::Folders, rotation};

pub use self::{
    entry::{OutputLine, ProgramAuthor},
    output_file::{MAX_FILES, ROTATE_AT},
    secrets::Secrets,
    text::escaped,
};
pub use crate::{settings::OutputFormat, words::OutputStream};

/// How many of the last lines a failure may show.
const LAST_LINES: usize = 20;

/// Writes the output of one process. Dropped without [`end`](Self::end), it loses half a line at most.
#[derive(Debug)]
pub struct ProgramLog {
    author: ProgramAuthor,
    secrets: Secrets,
    format: OutputFormat,
    /// `None` if nothing is kept.
    file: Option<OutputFile>,
    stdout: LineBuffer,
    stderr: LineBuffer,
    last_lines: VecDeque<String>,
    /// What one line is to match.
    pattern: Option<Regex>,
    has_matched: bool,
}

impl ProgramLog {
    /// A log of the format `format`; its file is made at the first line.
    pub fn new(
        folders: &Folders,
        author: ProgramAuthor,
        format: OutputFormat,
        secrets: Secrets,
    ) -> Self {
        let file = file(folders, &author.app, format);
        Self::at(file, author, format, secrets)
    }

    /// The same, in a file whose path is known; `None` if nothing is kept.
    pub fn at(
        file: Option<PathBuf>,
        author: ProgramAuthor,
        format: OutputFormat,
        secrets: Secrets,
    ) -> Self {
        Self {
            file: file.map(OutputFile::new),
            author,
            secrets,
            format,
            stdout: LineBuffer::default(),
            stderr: LineBuffer::default(),
            last_lines: VecDeque::new(),
            pattern: None,
            has_matched: false,
        }
    }

    /// Watches for a line that matches.
    ///
    /// # Errors
    ///
    /// If it is no regular expression.
    pub fn watch_for(&mut self, pattern: &str) -> Result<(), regex::Error> {
        self.pattern = Some(Regex::new(pattern)?);
        Ok(())
    }

    /// Whether a line has matched, once.
    pub fn take_match(&mut self) -> bool {
        mem::take(&mut self.has_matched)
    }

    /// Sets the process that the lines from now on are of: the program was started again.
    pub fn set_pid(&mut self, pid: u32) {
        self.author.pid = pid;
    }

    /// Takes what was read of a stream at `now`, and writes each line that ends in it.
    pub fn write(&mut self, stream: OutputStream, piece: &[u8], now: Instant) {
        if let (Some(file), OutputFormat::Plain) = (&mut self.file, self.format) {
            file.batch().extend_from_slice(piece);
            file.write(|dropped| (entry::loss(dropped) + "\n").into_bytes());
        }
        self.each_line(stream, |lines, take| lines.push(piece, now, take));
    }

    /// When [`flush_due`](Self::flush_due) has something to do; `None` if no line is unfinished.
    pub fn next_deadline(&self) -> Option<Instant> {
        [&self.stdout, &self.stderr].into_iter().filter_map(LineBuffer::deadline).min()
    }

    /// Writes what there is of a line that has stayed unfinished for a second, such as a prompt.
    pub fn flush_due(&mut self, now: Instant) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            self.each_line(stream, |lines, take| lines.flush_due(now, take));
        }
    }

    /// Writes what there is of the last lines: both streams have ended.
    pub fn end(&mut self) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            self.each_line(stream, |lines, take| lines.end(take));
        }
    }

    /// Counts lines that the caller had to drop, as a full queue makes it.
    pub fn count_dropped(&mut self, lines: u64) {
        if let Some(file) = &mut self.file {
            file.count_dropped(lines);
        }
    }

    /// The last lines of both streams that are not blank, at most 20, as they are kept.
    pub fn last_lines(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.last_lines.iter().map(String::as_str)
    }

    /// Why lines cannot be written, once for failures in a row.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.file.as_mut()?.take_failure()
    }

    /// Has `read` hand on lines of a stream, and keeps them.
    fn each_line(
        &mut self,
        stream: OutputStream,
        read: impl FnOnce(&mut LineBuffer, &mut dyn FnMut(LineBytes<'_>)),
    ) {
        let ts = format!("{:.6}", Timestamp::now());
        let Self { author, secrets, last_lines, format, pattern, has_matched, .. } = self;
        let mut file = self.file.as_mut().filter(|_| *format == OutputFormat::Json);
        let lines = match stream {
            OutputStream::Stderr => &mut self.stderr,
            _ => &mut self.stdout,
        };
        let tell = |dropped| WrittenLine::loss_line(&ts, author, dropped);
        read(lines, &mut |raw| {
            let clean = LineText::of(&raw, secrets);
            if let Some(file) = &mut file {
                WrittenLine::of_line(&ts, author, stream, &raw, &clean).write(file.batch());
                if file.is_large() {
                    file.write(tell);
                }
            }
            *has_matched |= pattern.take_if(|pattern| pattern.is_match(&clean.text)).is_some();
            if !clean.text.trim().is_empty() {
                if last_lines.len() == LAST_LINES {
                    last_lines.pop_front();
                }
                last_lines.push_back(clean.text);
            }
        });
        if let Some(file) = file {
            file.write(tell);
        }
    }
}

/// The file that an app's output goes to, in this format; `None` if it is not kept.
pub fn file(folders: &Folders, app: &AppName, format: OutputFormat) -> Option<PathBuf> {
    match format {
        OutputFormat::Json => Some(folders.program_log(app)),
        OutputFormat::Plain => Some(folders.plain_program_log(app)),
        OutputFormat::Nothing => None,
    }
}

/// The files of an app's output that are there, in this format: what was put aside, the oldest first, and the one that is
/// written.
pub fn files(folders: &Folders, app: &AppName, format: OutputFormat) -> Vec<PathBuf> {
    let Some(live) = file(folders, app, format) else { return vec![] };
    let mut files = rotation::put_aside_of(&live);
    files.extend(live.exists().then_some(live));
    files
}

/// Deletes the output of an app that is gone, in every format. Returns how many files there were.
///
/// # Errors
///
/// Which file is left, and why; those after it are left, too.
pub fn remove(folders: &Folders, app: &AppName) -> io::Result<usize> {
    let formats = [OutputFormat::Json, OutputFormat::Plain];
    let files: Vec<_> = formats.iter().flat_map(|format| files(folders, app, *format)).collect();
    for file in &files {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(log_file::about(file, &error));
            }
            _ => {}
        }
    }
    Ok(files.len())
}
