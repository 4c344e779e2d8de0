//! `cargo xtask soak`: builds everything, then runs the long test, which prints its own progress.

use crate::{
    cargo::{cargo, exit_code, outcome_of_all, tool},
    report::Outcome,
};
use std::{env, process::Command, process::ExitCode};

/// Builds and runs it; without a seed it chooses one and prints it.
pub(crate) fn run(seed: Option<u64>, minutes: f64) -> ExitCode {
    exit_code(stage(seed, minutes))
}

/// The same, as a stage of a longer run.
pub(crate) fn stage(seed: Option<u64>, minutes: f64) -> Outcome {
    // Cargo puts the programs of one profile into one folder, and we are one of them.
    let soak = match env::current_exe() {
        Ok(us) => us.with_file_name(format!("soak{}", env::consts::EXE_SUFFIX)),
        Err(error) => return Outcome::Failed(format!("the folder of the programs: {error}")),
    };
    let build = cargo(["build", "-p", "launcher", "-p", "server", "-p", "e2e"]);
    let mut test: Command = tool(soak, ["--minutes", &minutes.to_string()]);
    test.args(seed.into_iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
    outcome_of_all([build, test])
}
