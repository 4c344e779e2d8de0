//! `server`: serves an app on the port that it is told. Everything is in the library.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use shared::exit::Exit;

fn main() -> ExitCode {
    // The default hook has said on stderr what happened; the code says that it is our fault.
    let run = AssertUnwindSafe(|| server::process::run::run(&env::args_os().collect::<Vec<_>>()));
    catch_unwind(run).unwrap_or(Exit::Bug).into()
}
