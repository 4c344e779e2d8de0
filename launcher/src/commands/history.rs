//! `launcher history`: the records of the port history, in the order of their writing.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use serde_json::Value;
use shared::{
    exit::Exit,
    history::{Filter, Follower, Found, HistoryError, Reader},
    message, printable,
};

use super::history_problems;
use crate::{
    args::HistoryArgs,
    options::CommandContext,
    render::{note, output, record},
};

/// How often it looks for new records: a person does not notice, and a machine neither.
const PAUSE: Duration = Duration::from_millis(200);

/// Prints the records that are wanted, and goes on with `--follow` until stdout is closed.
pub(super) fn history(context: &CommandContext, args: &HistoryArgs) -> Exit {
    let reader = Reader::of_history(&context.folders.history());
    let filter = Filter {
        app: args.of.app.clone(),
        since: Some(args.since),
        port: args.port,
        ..Filter::of_events(args.event)
    };
    match print_all(&reader, &filter, args) {
        Ok(()) => Exit::Done,
        Err(PrintError::Unreadable(error)) => history_problems::unreadable(reader.file(), &error),
        Err(PrintError::Unwritten) => Exit::Done,
    }
}

/// Why no more is printed.
enum PrintError {
    Unreadable(HistoryError),
    /// Stdout takes no more.
    Unwritten,
}

impl<E: Into<HistoryError>> From<E> for PrintError {
    fn from(error: E) -> Self {
        Self::Unreadable(error.into())
    }
}

fn print_all(reader: &Reader, filter: &Filter, args: &HistoryArgs) -> Result<(), PrintError> {
    let json = args.of.json;
    let mut stdout = io::BufWriter::new(anstream::stdout().lock());
    if args.follow {
        return follow(&mut reader.follow_from_start(filter), &mut stdout, json);
    }
    let mut sum = PrintedCounts::default();
    for found in reader.forward(filter)? {
        match found? {
            Found::Damage(_) => sum.broken += 1,
            Found::Record(entry) => {
                sum.printed += 1;
                print(&mut stdout, &entry.text, json)?;
            }
        }
    }
    flush(&mut stdout)?;
    sum.print(json);
    Ok(())
}

/// Prints what there is and, from then on, what is added.
fn follow(follower: &mut Follower, stdout: &mut impl Write, json: bool) -> Result<(), PrintError> {
    let mut sum = Some(PrintedCounts::default());
    loop {
        for added in follower.poll()? {
            print(stdout, &added.entry.text, json)?;
            sum.iter_mut().for_each(|sum| sum.printed += 1);
        }
        flush(stdout)?;
        if follower.behind() > 0 {
            continue;
        }
        if let Some(sum) = sum.take() {
            PrintedCounts { broken: follower.broken_lines(), ..sum }.print(json);
        }
        thread::sleep(PAUSE);
    }
}

#[derive(Debug, Default)]
struct PrintedCounts {
    printed: u64,
    broken: u64,
}

impl PrintedCounts {
    fn print(&self, json: bool) {
        history_problems::note_damage(self.broken);
        if self.printed == 0 && !json {
            note(message!("history.none"));
        }
    }
}

fn print(stdout: &mut impl Write, text: &str, json: bool) -> Result<(), PrintError> {
    let printed = if json {
        printable::write_line(stdout, text)
    } else {
        let entry: Value = serde_json::from_str(text).unwrap_or_default();
        printable::write_line(stdout, record::entry(&entry))
    };
    output::noted(printed).map_err(|_| PrintError::Unwritten)
}

fn flush(stdout: &mut impl Write) -> Result<(), PrintError> {
    output::noted(stdout.flush()).map_err(|_| PrintError::Unwritten)
}
