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
    args::{Command, CommandLine},
    desktop::browser::Page,
};

/// Runs the command that was typed.
pub fn run(typed: CommandLine, argv: &[OsString]) -> Exit {
    match typed.command {
        None => start::start(&typed.start, argv),
        Some(Command::Start(start)) => start::start(&start, argv),
        Some(Command::Stop(of)) => with_basics(&of, |basics| requests::stop(basics, of.json)),
        Some(Command::Restart(of)) => with_basics(&of, |basics| requests::restart(basics, of.json)),
        Some(Command::Status(of)) => with_basics(&of, |basics| requests::status(basics, of.json)),
        Some(Command::Move(args)) => {
            with_basics(&args.of, |basics| requests::relocate(basics, args.port, args.of.json))
        }
        Some(Command::Where(of)) => with_basics(&of, |basics| url::print_url(basics, of.json)),
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
