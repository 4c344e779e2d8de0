//! `server`: serves an app on a given port. Everything is in the library.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use shared::exit::Exit;

fn main() -> ExitCode {
    // The default hook has printed the panic; the exit code says that it is a bug.
    let run = AssertUnwindSafe(|| server::process::run::run(&env::args_os().collect::<Vec<_>>()));
    catch_unwind(run).unwrap_or(Exit::Bug).into()
}
