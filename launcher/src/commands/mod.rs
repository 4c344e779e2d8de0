//! What the launcher can do, one file for each command.

mod ask;
mod command_line;
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
mod version;
mod r#where;

use std::{error::Error, ffi::OsString, path::Path};

use clap::Subcommand;
use owo_colors::OwoColorize;
use shared::{environment::Environment, exit::Exit, history::HistoryError};

pub use self::command_line::{CommandLine, parse};
use crate::{
    args::{
        AppArgs, CompletionsArgs, ConflictsArgs, ExplainArgs, HistoryArgs, LogsArgs, MoveArgs,
        OpenArgs, SettingsArgs, StartArgs, exits,
    },
    desktop::browser::Page,
    error::LaunchError,
    options::{Basics, Options, OptionsError},
    render::{Screen, note},
};

/// What the launcher can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Claim a port, start the server on it, print the URL, open the browser, and stay
    Start(StartArgs),
    /// End the running server and its launcher, and wait until they have ended
    #[command(after_help = exits::IF_IT_RUNS)]
    Stop(AppArgs),
    /// Start a new server on the same port; the old one ends when the new one serves
    #[command(after_help = exits::IF_IT_RUNS)]
    Restart(AppArgs),
    /// Tell how the running server is
    #[command(after_help = exits::IF_IT_RUNS)]
    Status(AppArgs),
    /// Change the port of the running server, without losing a request
    Move(MoveArgs),
    /// Print the URL of the running server, and nothing else
    #[command(after_help = exits::IF_IT_RUNS)]
    Where(AppArgs),
    /// Open the browser on the running server
    #[command(after_help = exits::IF_IT_RUNS)]
    Open(OpenArgs),
    /// Say what is the matter with a port: who holds it, why, and what was there before
    Explain(ExplainArgs),
    /// Show the records of the port history, the oldest first
    #[command(after_help = exits::IF_READABLE)]
    History(HistoryArgs),
    /// Tell who takes our ports, how often, and when
    #[command(after_help = exits::IF_READABLE)]
    Conflicts(ConflictsArgs),
    /// Check everything a launch depends on, and mend nothing
    #[command(after_help = exits::IF_WELL)]
    Doctor(AppArgs),
    /// Show the settings, or change one
    Settings(SettingsArgs),
    /// Show the last lines of the logs, or where they are
    Logs(LogsArgs),
    /// Forget the remembered ports of an app that does not run
    #[command(after_help = exits::IF_FORGOTTEN)]
    Forget(AppArgs),
    /// Print a script that completes command lines for a shell
    Completions(CompletionsArgs),
    /// Print the versions of this launcher, of its files and of the running server
    Version(AppArgs),
}

/// Does what was typed.
pub fn run(typed: CommandLine, argv: &[OsString]) -> Exit {
    match typed.command {
        None => start::start(&typed.start, argv),
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
        Some(Command::Version(of)) => with_basics(&of, |basics| version::version(basics, of.json)),
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
