//! `launcher logs`: where they are, and their last lines.

mod tail;

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use owo_colors::OwoColorize;
use serde_json::{Value, json};
use shared::{app::AppName, exit::Exit, keys, paths::Folders};

use self::tail::{Line, Tail};
use crate::{
    args::{LogsArgs, LogsCommand},
    options::Basics,
    render::{line, record},
};

/// How often it looks for new lines: a person does not notice, and a machine neither.
const PAUSE: Duration = Duration::from_millis(200);

/// The logs that are shown, in the order in which lines of the same moment are.
const LOGS: [&str; 3] = ["port-history.jsonl", "launcher.jsonl", "server.jsonl"];

/// Does what was typed.
pub(super) fn logs(basics: &Basics, args: &LogsArgs) -> Exit {
    let (folders, json) = (&basics.folders, args.of.json);
    match args.command {
        LogsCommand::Path if json => {
            line(json!({ "event": "logs_path", "folder": folders.logs() }));
        }
        LogsCommand::Path => line(folders.logs().display()),
        LogsCommand::Tail { lines, follow } => {
            // Whoever reads them has gone: nothing is left to do.
            let _ = tail(folders, args.of.app.as_ref(), lines, follow, json);
        }
    }
    Exit::Done
}

/// Prints the last lines, and goes on if told to, until nobody reads any more.
fn tail(
    folders: &Folders,
    app: Option<&AppName>,
    count: usize,
    follow: bool,
    json: bool,
) -> io::Result<()> {
    let is_wanted = |record: &Value| app.is_none_or(|app| record[keys::APP] == app.as_str());
    let mut tails = LOGS.map(|log| Tail::of(folders.logs().join(log)));
    let last = tails.iter_mut().flat_map(|tail| tail.last(count, &is_wanted)).collect();
    let last = in_order(last);
    print(&last[last.len().saturating_sub(count)..], json)?;
    if !follow {
        return Ok(());
    }
    loop {
        thread::sleep(PAUSE);
        let news = tails.iter_mut().flat_map(|tail| tail.news(&is_wanted)).collect();
        print(&in_order(news), json)?;
    }
}

/// By time; lines of the same moment stay in the order of their logs.
fn in_order(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| a.ts().cmp(b.ts()));
    lines
}

fn print(lines: &[Line], json: bool) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    for line in lines {
        if json {
            writeln!(stdout, "{}", line.text)?;
        } else {
            writeln!(stdout, "{}", shown(&line.record))?;
        }
    }
    stdout.flush()
}

/// A line for people: when, how grave, whose, and what.
fn shown(entry: &Value) -> String {
    let of = |key: &str| record::plain(entry[key].as_str().unwrap_or("?"));
    let level = of(keys::LEVEL);
    let level = match level.as_str() {
        "ERROR" => level.red().bold().to_string(),
        "WARNING" => level.yellow().bold().to_string(),
        _ => level,
    };
    let ts = of(keys::TS);
    let time = ts.replacen('T', " ", 1).chars().take("2026-11-22 12:01:59.131".len()).collect();
    let time: String = time;
    let whose = format!("{}/{}", of(keys::APP), of(keys::PROCESS));
    format!("{} {level} {whose}: {}", time.dimmed(), record::told(entry))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_line_tells_when_how_grave_whose_and_what() {
        let entry = json!({
            "ts": "2026-11-22T12:01:59.131377Z", "level": "INFO", "event": "port_assigned",
            "msg": "port remembered", "app": "notes", "process": "launcher", "port": 17342,
        });
        let shown = anstream::adapter::strip_str(&shown(&entry)).to_string();
        let wanted = "2026-11-22 12:01:59.131 INFO notes/launcher: port remembered, port 17342";
        assert_eq!(shown, wanted);
    }
}
