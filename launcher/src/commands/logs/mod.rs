//! `launcher logs`: the output of an app, the last lines of all logs, and where they are.

mod program_output;
mod tail;

mod error;

use std::{borrow::Cow, io::Write};

use serde_json::json;
use shared::{
    exit::Exit,
    message,
    paths::{Folders, HOME_VARIABLE, LOG_DIR_VARIABLE, LogsSource},
    words::AnswerName,
};

use crate::{
    args::{LogsArgs, LogsCommand},
    options::CommandContext,
    render::{line, note, output},
};

pub(super) fn logs(context: &CommandContext, args: &LogsArgs) -> Exit {
    match args.command {
        None => program_output::show(context, args),
        Some(LogsCommand::Tail { lines, follow }) => tail::tail(context, args, lines, follow),
        Some(LogsCommand::Path) => {
            path(&context.folders, args.of.home.is_some(), args.of.json);
            Exit::Done
        }
    }
}

/// Prints the folder, and what decided that it is this one: on stderr, so that a script reads the
/// folder alone. `home_typed` is whether `--home` was.
fn path(folders: &Folders, home_typed: bool, json: bool) {
    let (source, from) = chosen(folders.logs_source(), home_typed);
    if json {
        line(json!({
            "event": AnswerName::LogsPath,
            "folder": folders.logs().display().to_string(),
            "programs": folders.programs().display().to_string(),
            "source": source,
            "from": from,
        }));
        return;
    }
    if output::noted(writeln!(anstream::stdout(), "{}", folders.logs().display())).is_err() {
        return;
    }
    let why = match from {
        None => message!("logs.from_system"),
        Some(root) if source == "checkout" => message!("logs.from_checkout", root),
        Some(from) => message!("logs.from", from),
    };
    note(format_args!("  {why}"));
    let folder = folders.programs();
    note(format_args!("  {}", message!("logs.programs", folder = folder.display())));
}

/// What decided where the logs are, in two words for programs: what kind of thing, and which one.
fn chosen(source: &LogsSource, home_typed: bool) -> (&'static str, Option<Cow<'_, str>>) {
    match source {
        LogsSource::LogDir => ("variable", Some(LOG_DIR_VARIABLE.into())),
        LogsSource::Home if home_typed => ("option", Some("--home".into())),
        LogsSource::Home => ("variable", Some(HOME_VARIABLE.into())),
        LogsSource::Checkout(root) => ("checkout", Some(root.to_string_lossy())),
        LogsSource::System => ("default", None),
    }
}
