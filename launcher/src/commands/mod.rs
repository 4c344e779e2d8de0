//! What the launcher can do, one file for each command.

mod start;

use std::ffi::OsString;

use shared::exit::Exit;

use crate::args::{Args, Command};

/// Does what was typed.
#[must_use]
pub fn run(args: Args, argv: &[OsString]) -> Exit {
    match args.command {
        None => start::start(&args.start, argv),
        Some(Command::Start(start)) => start::start(&start, argv),
    }
}
