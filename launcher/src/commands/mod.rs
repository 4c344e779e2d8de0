//! The commands of the launcher, one file for each.
//!
//! Each module uses only modules that are declared below it.

mod completions;
mod conflicts;
mod doctor;
mod explain;
mod forget;
mod history;
mod logs;
mod open;
mod requests;
mod settings;
mod start;
mod url;
mod version;

mod detached;
mod running;

mod history_problems;
mod resolve;

use std::ffi::OsString;

use shared::exit::Exit;

use self::resolve::with_basics;
use crate::{
    args::{CommandLine, LauncherCommand},
    desktop::browser::BrowserPage,
};

/// Runs the command that was typed.
pub fn run(typed: CommandLine, argv: &[OsString]) -> Exit {
    match typed.command {
        None => start::start(&typed.start, argv),
        Some(LauncherCommand::Start(start)) => start::start(&start, argv),
        Some(LauncherCommand::Stop(of)) => {
            with_basics(&of, |basics| requests::stop(basics, of.json))
        }
        Some(LauncherCommand::Restart(of)) => {
            with_basics(&of, |basics| requests::restart(basics, of.json))
        }
        Some(LauncherCommand::Status(of)) => {
            with_basics(&of, |basics| requests::status(basics, of.json))
        }
        Some(LauncherCommand::Move(args)) => {
            with_basics(&args.of, |basics| requests::relocate(basics, args.port, args.of.json))
        }
        Some(LauncherCommand::Where(of)) => {
            with_basics(&of, |basics| url::print_url(basics, of.json))
        }
        Some(LauncherCommand::Open(args)) => {
            let page = if args.console { BrowserPage::Console } else { BrowserPage::First };
            with_basics(&args.of, |basics| open::open(basics, page, args.of.json))
        }
        Some(LauncherCommand::Explain(args)) => {
            with_basics(&args.of, |basics| explain::explain(basics, &args))
        }
        Some(LauncherCommand::History(args)) => {
            with_basics(&args.of, |basics| history::history(basics, &args))
        }
        Some(LauncherCommand::Conflicts(args)) => {
            with_basics(&args.of, |basics| conflicts::conflicts(basics, &args))
        }
        Some(LauncherCommand::Doctor(of)) => with_basics(&of, |basics| doctor::doctor(basics, &of)),
        Some(LauncherCommand::Settings(args)) => {
            with_basics(&args.of, |basics| settings::settings(basics, &args))
        }
        Some(LauncherCommand::Logs(args)) => {
            with_basics(&args.of, |basics| logs::logs(basics, &args))
        }
        Some(LauncherCommand::Forget(of)) => {
            with_basics(&of, |basics| forget::forget(basics, of.json))
        }
        Some(LauncherCommand::Completions(args)) => completions::completions(args.shell),
        Some(LauncherCommand::Version(of)) => {
            with_basics(&of, |basics| version::version(basics, of.json))
        }
    }
}
