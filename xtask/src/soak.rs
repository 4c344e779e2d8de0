//! `cargo xtask soak`: builds everything, then runs the long test, which says what it does itself.

use crate::{
    cargo::{cargo, outcome, tool},
    report::Outcome,
    screen,
};
use std::{env, process::Command, process::ExitCode};

/// Builds and runs it; without a seed it chooses one and says which.
pub(crate) fn run(seed: Option<u64>, minutes: f64) -> ExitCode {
    // Cargo puts the programs of one profile into one folder, and we are one of them.
    let soak = match env::current_exe() {
        Ok(us) => us.with_file_name(format!("soak{}", env::consts::EXE_SUFFIX)),
        Err(error) => {
            screen::say(&format!("xtask: the folder of the programs: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let build = cargo(["build", "-p", "launcher", "-p", "server", "-p", "e2e"]);
    let mut test: Command = tool(soak, ["--minutes", &minutes.to_string()]);
    test.args(seed.into_iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
    for command in [build, test] {
        if let Outcome::Failed(why) = outcome(command) {
            screen::say(&format!("xtask: {why}"));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
