//! The commands of the launcher, one file for each.
//!
//! Each module uses only modules that are declared below it.

mod completions;
mod conflicts;
mod doctor;
mod explain;
mod forget;
mod history;
mod list;
mod logs;
mod open;
mod requests;
mod run;
mod settings;
mod url;
mod version;

mod start;

mod again;
mod detached;
mod save;
mod running;

mod history_problems;
mod resolve;
mod unwritable;

use std::ffi::OsString;

use shared::{exit::Exit, message};

use self::resolve::with_basics;
use crate::{
    args::{CommandLine, LauncherCommand},
    desktop::browser::BrowserPage,
    render::{self, output},
};

/// Without a command this is `start`. A command whose answer cannot be written has not done its work.
pub fn run(typed: CommandLine, argv: &[OsString]) -> Exit {
    let exit = match typed.command {
        None => return start::start(&typed.start, argv),
        Some(LauncherCommand::Start(start)) => return start::start(&start, argv),
        Some(LauncherCommand::Run(args)) => return run::run(&args, argv),
        Some(LauncherCommand::Stop(of)) => {
            with_basics(&of, |context| requests::stop(context, of.json))
        }
        Some(LauncherCommand::Restart(of)) => {
            with_basics(&of, |context| requests::restart(context, of.json))
        }
        Some(LauncherCommand::Status(of)) => {
            with_basics(&of, |context| requests::status(context, of.json))
        }
        Some(LauncherCommand::Move(args)) => {
            with_basics(&args.of, |context| requests::relocate(context, args.port, args.of.json))
        }
        Some(LauncherCommand::List(args)) => {
            with_basics(&args.of, |context| list::list(context, &args))
        }
        Some(LauncherCommand::Where(args)) => {
            let of = args.of();
            with_basics(&of, |context| url::print_url(context, of.json))
        }
        Some(LauncherCommand::Open(args)) => {
            let page = if args.console { BrowserPage::Console } else { BrowserPage::First };
            let open = if args.print { open::print } else { open::open };
            with_basics(&args.of, |context| open(context, page, args.of.json))
        }
        Some(LauncherCommand::Explain(args)) => {
            with_basics(&args.of, |context| explain::explain(context, &args))
        }
        Some(LauncherCommand::History(args)) => {
            with_basics(&args.of, |context| history::history(context, &args))
        }
        Some(LauncherCommand::Conflicts(args)) => {
            with_basics(&args.of, |context| conflicts::conflicts(context, &args))
        }
        Some(LauncherCommand::Doctor(of)) => {
            with_basics(&of, |context| doctor::doctor(context, &of))
        }
        Some(LauncherCommand::Settings(args)) => {
            with_basics(&args.of, |context| settings::settings(context, &args))
        }
        Some(LauncherCommand::Logs(args)) => {
            with_basics(&args.of, |context| logs::logs(context, &args))
        }
        Some(LauncherCommand::Forget(of)) => {
            with_basics(&of, |context| forget::forget(context, of.json))
        }
        Some(LauncherCommand::Completions(args)) => completions::completions(args.shell),
        Some(LauncherCommand::Token(of)) => {
            with_basics(&of, |context| open::token(context, of.json))
        }
        Some(LauncherCommand::Version(of)) => {
            with_basics(&of, |context| version::version(context, of.json))
        }
    };
    checked(exit)
}

/// Prints what is wrong with a command line, or the help or version that it asks for.
pub fn print_usage(text: &clap::Error) -> Exit {
    let printed = text.print();
    if text.use_stderr() {
        return Exit::Usage;
    }
    let _ = output::noted(printed);
    checked(Exit::Done)
}

/// The exit code of a command that ends with `exit` if its answer was written whole.
fn checked(exit: Exit) -> Exit {
    let Some(error) = output::failure() else { return exit };
    render::error(message!("output.unwritable", error));
    render::now(message!("now.output"));
    if exit == Exit::Done { Exit::NotReady } else { exit }
}
