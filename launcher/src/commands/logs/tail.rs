//! `launcher logs tail`: the last lines of the port history and of the diagnostics.

use std::{
    io::{self, Write},
    thread,
};

use owo_colors::OwoColorize;
use serde_json::Value;
use shared::{
    event::EventName,
    exit::Exit,
    history::{Cursor, Filter, Follower, Found, HistoryError, Reader},
    keys,
    paths::Folders,
    printable::{self, escaped},
};

use super::error::{LogsError, PAUSE};
use crate::{
    args::LogsArgs,
    commands::history_problems,
    options::CommandContext,
    render::{output, record},
};

/// Prints the last `count` lines, and goes on with `follow` until stdout is closed.
pub(super) fn tail(context: &CommandContext, args: &LogsArgs, count: usize, follow: bool) -> Exit {
    let filter = Filter { app: args.of.app.clone(), ..Filter::default() };
    match print_tail(&logs_of(&context.folders), &filter, count, follow, args.of.json) {
        Ok(()) | Err(LogsError::Unwritten) => Exit::Done,
        Err(LogsError::Unreadable(file, error)) => history_problems::unreadable(&file, &error),
    }
}

/// The logs that are shown, in the order in which lines of the same moment are.
fn logs_of(folders: &Folders) -> [Reader; 3] {
    let diagnostics = |name| Reader::of_diagnostics(&folders.logs().join(name));
    [
        Reader::of_history(&folders.history()),
        diagnostics("launcher.jsonl"),
        diagnostics("server.jsonl"),
    ]
}

struct LogLine {
    /// As it was written.
    text: String,
    /// The line as JSON; null if it is none.
    record: Value,
}

impl LogLine {
    fn of(text: String) -> Self {
        let record = serde_json::from_str(&text).unwrap_or_default();
        Self { text, record }
    }

    /// Its stamp, which sorts as text.
    fn ts(&self) -> &str {
        self.record[keys::TS].as_str().unwrap_or_default()
    }
}

fn print_tail(
    logs: &[Reader],
    filter: &Filter,
    count: usize,
    follow: bool,
    json: bool,
) -> Result<(), LogsError> {
    let mut last = Vec::new();
    let mut followers = Vec::new();
    for log in logs {
        let unreadable = |error| LogsError::Unreadable(log.file().to_owned(), error);
        let follower = follow.then(|| log.follow(filter));
        // What is written while the end is read is for the follower.
        let end = follower.as_ref().map(Follower::cursor);
        last.extend(last_of(log, filter, count, end).map_err(unreadable)?);
        followers.extend(follower.map(|follower| (log, follower)));
    }
    let mut last = in_order(last);
    if !json {
        last = without_repetitions(last);
    }
    print(&last[last.len().saturating_sub(count)..], json)?;
    while !followers.is_empty() {
        thread::sleep(PAUSE);
        let mut added = Vec::new();
        for (log, follower) in &mut followers {
            added.extend(
                added_lines(follower)
                    .map_err(|e| LogsError::Unreadable(log.file().to_owned(), e.into()))?,
            );
        }
        print(&in_order(added), json)?;
    }
    Ok(())
}

/// The last `count` lines that are wanted, up to `end` if given, the oldest first.
fn last_of(
    log: &Reader,
    filter: &Filter,
    count: usize,
    end: Option<Cursor>,
) -> Result<Vec<LogLine>, HistoryError> {
    let mut lines = Vec::new();
    let found = match end {
        Some(end) if end != Cursor::default() => log.backward_from(filter, end)?,
        _ => log.backward(filter)?,
    };
    for found in found {
        if lines.len() == count {
            break;
        }
        if let Found::Record(entry) = found? {
            lines.push(LogLine::of(entry.text));
        }
    }
    lines.reverse();
    Ok(lines)
}

fn added_lines(follower: &mut Follower) -> io::Result<impl Iterator<Item = LogLine>> {
    Ok(follower.poll()?.into_iter().map(|added| LogLine::of(added.entry.text)))
}

/// By time; lines of the same moment stay in the order of their logs.
fn in_order(mut lines: Vec<LogLine>) -> Vec<LogLine> {
    lines.sort_by(|a, b| a.ts().cmp(b.ts()));
    lines
}

/// Diagnostics that say what a record says too, by their message: for people, once is enough.
const REPETITIONS: [(&str, EventName); 2] =
    [("ready", EventName::ServerReady), ("launch failed", EventName::LaunchFailed)];

/// The lines without the diagnostics that repeat one of the records among them.
fn without_repetitions(mut lines: Vec<LogLine>) -> Vec<LogLine> {
    let of = |record: &Value, key: &str| record[key].as_str().map(str::to_owned);
    let told: Vec<_> = lines
        .iter()
        .filter_map(|LogLine { record, .. }| {
            Some((of(record, keys::EVENT)?, of(record, keys::LAUNCH_ID)?))
        })
        .collect();
    lines.retain(|LogLine { record, .. }| {
        let message = record[keys::MSG].as_str().unwrap_or_default();
        let event = REPETITIONS.iter().find(|(repeated, _)| *repeated == message);
        event.is_none_or(|(_, event)| {
            let launch = record[keys::LAUNCH_ID].as_str().unwrap_or_default();
            record[keys::EVENT].is_string()
                || !told.iter().any(|(name, of)| name == event.word() && of == launch)
        })
    });
    lines
}

fn print(lines: &[LogLine], json: bool) -> Result<(), LogsError> {
    let mut stdout = anstream::stdout().lock();
    let mut print = || {
        for line in lines {
            if json {
                printable::write_line(&mut stdout, &line.text)?;
            } else {
                printable::write_line(&mut stdout, shown(&line.record))?;
            }
        }
        stdout.flush()
    };
    output::noted(print()).map_err(|_| LogsError::Unwritten)
}

/// A line for people: when, how grave, whose, and what.
fn shown(entry: &Value) -> String {
    let of = |key: &str| escaped(entry[key].as_str().unwrap_or("?"));
    let level = of(keys::LEVEL);
    let level = match level.as_str() {
        "ERROR" => level.red().bold().to_string(),
        "WARNING" => level.yellow().bold().to_string(),
        _ => level,
    };
    let whose = format!("{}/{}", of(keys::APP), of(keys::PROCESS));
    let time = record::time(entry);
    format!("{} {level} {whose}: {}", time.dimmed(), record::sentence(entry))
}

#[cfg(test)]
mod test {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_tells_when_how_grave_whose_and_what() {
        let entry = json!({
            "ts": "2026-11-22T12:01:59.131377Z", "level": "INFO", "event": "port_assigned",
            "msg": "port remembered", "app": "notes", "process": "launcher", "port": 17342,
        });
        let shown = anstream::adapter::strip_str(&shown(&entry)).to_string();
        let time = record::time(&entry);
        let wanted = format!("{time} INFO notes/launcher: Port 17342 is remembered.");
        assert_eq!(shown, wanted);
    }
}
