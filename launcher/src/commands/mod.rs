//! What the launcher can do, one file for each command.

mod ask;
mod completions;
mod conflicts;
mod detached;
mod doctor;
mod explain;
mod forget;
mod history;
mod logs;
mod open;
mod running;
mod settings;
mod start;
mod r#where;

use std::{error::Error, ffi::OsString, path::Path};

use owo_colors::OwoColorize;
use shared::{environment::Environment, exit::Exit, history::HistoryError};

use crate::{
    args::{AppArgs, Args, Command},
    desktop::browser::Page,
    error::LaunchError,
    options::{Basics, Options, OptionsError},
    render::{Screen, note},
};

/// Does what was typed.
#[must_use]
pub fn run(args: Args, argv: &[OsString]) -> Exit {
    match args.command {
        None => start::start(&args.start, argv),
        Some(Command::Start(start)) => start::start(&start, argv),
        Some(Command::Stop(of)) => with_basics(&of, |basics| ask::stop(basics, of.json)),
        Some(Command::Restart(of)) => with_basics(&of, |basics| ask::restart(basics, of.json)),
        Some(Command::Status(of)) => with_basics(&of, |basics| ask::status(basics, of.json)),
        Some(Command::Move(args)) => {
            with_basics(&args.of, |basics| ask::relocate(basics, args.port, args.of.json))
        }
        Some(Command::Where(of)) => with_basics(&of, |basics| r#where::r#where(basics, of.json)),
        Some(Command::Open(args)) => {
            let page = if args.console { Page::Console } else { Page::First };
            with_basics(&args.of, |basics| open::open(basics, page, args.of.json))
        }
        Some(Command::Explain(args)) => {
            with_basics(&args.of, |basics| explain::explain(basics, &args))
        }
        Some(Command::History(args)) => {
            with_basics(&args.of, |basics| history::history(basics, &args))
        }
        Some(Command::Conflicts(args)) => {
            with_basics(&args.of, |basics| conflicts::conflicts(basics, &args))
        }
        Some(Command::Doctor(of)) => with_basics(&of, |basics| doctor::doctor(basics, &of)),
        Some(Command::Settings(args)) => {
            with_basics(&args.of, |basics| settings::settings(basics, &args))
        }
        Some(Command::Logs(args)) => with_basics(&args.of, |basics| logs::logs(basics, &args)),
        Some(Command::Forget(of)) => with_basics(&of, |basics| forget::forget(basics, of.json)),
        Some(Command::Completions(args)) => completions::completions(args.shell),
    }
}

/// Finds the app and its folders for a command that is no start.
fn with_basics(of: &AppArgs, command: impl FnOnce(&Basics) -> Exit) -> Exit {
    match Basics::resolve(&of.as_start(), &Environment::of_process()) {
        Ok(basics) => command(&basics),
        Err(error) => refused(error),
    }
}

/// What a start would be told now.
fn options(of: &AppArgs, basics: &Basics) -> Result<Options, OptionsError> {
    let file = basics.folders.settings(&basics.app);
    Options::resolve(&of.as_start(), &Environment::of_process(), &file)
}

/// Says that the port history cannot be read.
fn unreadable(file: &Path, error: &HistoryError) -> Exit {
    note(format_args!("{} {}", "error:".red().bold(), unreadable_text(file, error)));
    Exit::NotReady
}

/// The same as the end of a sentence.
fn unreadable_text(file: &Path, error: &HistoryError) -> String {
    let why = error.source().map(|source| format!(" ({source})")).unwrap_or_default();
    format!("{error}: {}{why}", file.display())
}

/// Says how many lines of the port history were passed over.
fn tell_broken(lines: u64) {
    match lines {
        0 => {}
        1 => note("One line of the history is no record, and was passed over."),
        lines => {
            note(format_args!(
                "{lines} lines of the history are no records, and were passed over."
            ));
        }
    }
}

/// Says what is wrong with the environment or the settings.
fn refused(error: impl Into<LaunchError>) -> Exit {
    Screen::new(false).failed_early(&error.into())
}
