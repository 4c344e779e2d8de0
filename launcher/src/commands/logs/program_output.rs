//! `launcher logs`: what an app has written.

use std::{
    io::Write,
    path::{Path, PathBuf},
    thread,
};

use shared::{
    app::AppName,
    exit::Exit,
    history::{
        Cursor, Damage, DamageKind, Filter, Follower, Found, HistoryError, Reader, line_number,
    },
    message,
    messages::Language,
    paths::Folders,
    printable,
    program_log::{self, OutputFormat, OutputLine},
};

use super::error::{LogsError, PAUSE};
use crate::{
    args::LogsArgs,
    commands::history_problems,
    options::CommandContext,
    render::{note, output},
};

/// How often the end of a log is looked for that is put aside while it is read.
const TRIES: usize = 5;

/// The end of a log.
#[derive(Default)]
struct LastLines {
    /// As they were written, the newest first.
    lines: Vec<String>,
    /// What is no line of an output among them, and its file.
    damaged: Vec<(PathBuf, Damage)>,
}

/// Prints the last lines of an app, and goes on with `--follow` until stdout is closed.
pub(super) fn show(context: &CommandContext, args: &LogsArgs) -> Exit {
    let (folders, app) = (&context.folders, &context.app);
    match print(folders, app, args) {
        Ok(()) | Err(LogsError::Unwritten) => Exit::Done,
        Err(LogsError::Unreadable(file, error)) => history_problems::unreadable(&file, &error),
    }
}

fn print(folders: &Folders, app: &AppName, args: &LogsArgs) -> Result<(), LogsError> {
    let log = Reader::of_diagnostics(&folders.program_log(app));
    let unreadable = |error| LogsError::Unreadable(log.file().to_owned(), error);
    let (last, follower) = begin(folders, app, args)?;
    for (file, damage) in last.damaged.iter().rev() {
        note_damage(file, *damage);
    }
    if last.lines.is_empty() && last.damaged.is_empty() && args.lines > 0 {
        note_absence(folders, app);
    }
    print_lines(last.lines.iter().rev().map(String::as_str), args.of.json)?;
    let Some(mut follower) = follower else { return Ok(()) };
    let mut broken = follower.broken_lines();
    loop {
        let added = follower.poll().map_err(|error| unreadable(error.into()))?;
        print_lines(added.iter().map(|added| added.entry.text.as_str()), args.of.json)?;
        if follower.broken_lines() != broken {
            broken = follower.broken_lines();
            note(message!("logs.damaged_new", file = log.file().display()));
        }
        if follower.behind() == 0 {
            thread::sleep(PAUSE);
        }
    }
}

/// The last lines, and what follows them. A log that is put aside meanwhile is read again, so that each line is
/// there once.
fn begin(
    folders: &Folders,
    app: &AppName,
    args: &LogsArgs,
) -> Result<(LastLines, Option<Follower>), LogsError> {
    let mut tries = 1;
    loop {
        let files = || program_log::files(folders, app, OutputFormat::Json);
        let log = Reader::of_diagnostics(&folders.program_log(app));
        let follower = args.follow.then(|| log.follow(&Filter::default()));
        let (before, end) = (files(), follower.as_ref().map(Follower::cursor));
        let last = last_of(&before, log.file(), args.lines, end);
        let is_settled = last.is_ok() && files() == before;
        if is_settled || tries == TRIES {
            return Ok((
                last.map_err(|(file, error)| LogsError::Unreadable(file, error))?,
                follower,
            ));
        }
        tries += 1;
    }
}

/// The last `count` lines of `files`, of which the newest is `live` and is read up to `end`.
fn last_of(
    files: &[PathBuf],
    live: &Path,
    count: usize,
    end: Option<Cursor>,
) -> Result<LastLines, (PathBuf, HistoryError)> {
    let mut last = LastLines::default();
    for file in files.iter().rev() {
        if last.lines.len() < count {
            let end = end.filter(|end| file == live && *end != Cursor::default());
            last.read(file, count, end).map_err(|error| (file.clone(), error))?;
        }
    }
    Ok(last)
}

impl LastLines {
    fn read(&mut self, file: &Path, count: usize, end: Option<Cursor>) -> Result<(), HistoryError> {
        let (log, filter) = (Reader::of_diagnostics(file), Filter::default());
        let found = match end {
            Some(end) => log.backward_from(&filter, end)?,
            None => log.backward(&filter)?,
        };
        for found in found {
            if self.lines.len() == count {
                break;
            }
            let damage = match found? {
                Found::Damage(damage) => damage,
                Found::Record(entry) if OutputLine::read(&entry.text).is_ok() => {
                    self.lines.push(entry.text);
                    continue;
                }
                Found::Record(entry) => Damage { kind: DamageKind::NotOurs, offset: entry.offset },
            };
            self.damaged.push((file.to_owned(), damage));
        }
        Ok(())
    }
}

/// Says which line of which file is passed over.
fn note_damage(file: &Path, damage: Damage) {
    let why = match damage.kind {
        DamageKind::NotOurs => message!("logs.not_output"),
        kind => {
            let text = Language::English.messages().find(&format!("damage.{kind}"));
            text.unwrap_or(kind.word()).to_owned()
        }
    };
    // A file that cannot be read any more is gone, and its lines with it.
    let Ok(line) = line_number(file, damage.offset) else { return };
    note(message!("logs.damaged", line, file = file.display(), why));
}

/// Says that there is no output, and why.
fn note_absence(folders: &Folders, app: &AppName) {
    match program_log::files(folders, app, OutputFormat::Plain).last() {
        Some(file) => note(message!("logs.plain", app, file = file.display())),
        None => {
            let file = folders.program_log(app);
            note(message!("logs.no_output", app, file = file.display()));
        }
    }
}

fn print_lines<'l>(lines: impl Iterator<Item = &'l str>, json: bool) -> Result<(), LogsError> {
    let mut stdout = anstream::stdout().lock();
    let print = || {
        for line in lines {
            if json {
                printable::write_line(&mut stdout, line)?;
            } else if let Ok(line) = OutputLine::read(line) {
                writeln!(stdout, "{}", shown(&line))?;
            }
        }
        stdout.flush()
    };
    output::noted(print()).map_err(|_| LogsError::Unwritten)
}

/// A line for people: what the program wrote.
fn shown(line: &OutputLine<'_>) -> String {
    // Another program may have written to the file as well.
    let text = program_log::escaped(&line.text);
    match line.cut {
        Some(bytes) => message!("logs.cut", text, bytes),
        None => text,
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_line_is_shown_as_the_program_wrote_it_and_says_that_it_was_cut() {
        let read = |line| shown(&OutputLine::read(line).expect("a line"));
        assert_eq!(
            read(r#"{"stream":"stdout","text":"a\tb\u001b","json":{"n":1e999}}"#),
            "a\tb\\u{1b}"
        );
        assert_eq!(read(r#"{"stream":"stderr","text":"xx","cut":3}"#), "xx … (3 bytes more)");
    }
}
