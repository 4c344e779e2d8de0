//! `launcher history`: the records of the port history, in the order of their writing.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use serde_json::{Value, value::RawValue};
use shared::{
    exit::Exit,
    history::{Filter, Follower, each},
};

use crate::{
    args::HistoryArgs,
    options::Basics,
    render::{note, record},
};

/// How often it looks for new records: a person does not notice, and a machine neither.
const PAUSE: Duration = Duration::from_millis(200);

/// Prints the records that are wanted, and goes on if told to, until nobody reads any more.
pub(super) fn history(basics: &Basics, args: &HistoryArgs) -> Exit {
    let file = basics.folders.history();
    let filter = Filter {
        app: args.of.app.clone(),
        since: Some(args.since),
        event: args.event.clone(),
        port: args.port,
        ..Filter::default()
    };
    // What is written while the rest is read shall not be missed.
    let mut follower = args.follow.then(|| Follower::from_end(&file, filter.clone()));
    let mut found = Vec::new();
    let broken = match each(&file, &filter, |record| found.push(record)) {
        Ok(broken) => broken,
        Err(error) => return super::unreadable(&file, &error),
    };
    super::tell_broken(broken);
    if print(found.iter().rev().map(AsRef::as_ref), args.of.json).is_err() {
        // Whoever reads them has gone: nothing is left to do.
        return Exit::Done;
    }
    if found.is_empty() && !args.of.json {
        note("The history has nothing of the kind.");
    }
    drop(found);
    while let Some(follower) = &mut follower {
        thread::sleep(PAUSE);
        let news = follower.news();
        if print(news.iter().map(|added| added.record.as_ref()), args.of.json).is_err() {
            break;
        }
    }
    Exit::Done
}

fn print<'a>(records: impl Iterator<Item = &'a RawValue>, json: bool) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    for record in records {
        if json {
            writeln!(stdout, "{record}")?;
        } else {
            let entry: Value = serde_json::from_str(record.get()).unwrap_or_default();
            writeln!(stdout, "{}", record::entry(&entry))?;
        }
    }
    stdout.flush()
}
