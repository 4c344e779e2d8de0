//! Cargo and its neighbours as child processes, and the folders they work in.

use crate::{report::Outcome, screen};
use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// `cargo ARGS`, with the cargo that runs us.
pub(crate) fn cargo<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    tool(env::var_os("CARGO").unwrap_or("cargo".into()), args)
}

/// Another program, in the folder of the workspace and without standard input, so that it
/// cannot wait for an answer.
pub(crate) fn tool<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a command to its end, with its output on the screen, and returns the outcome.
pub(crate) fn outcome(mut command: Command) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Outcome::Ok,
        Ok(status) => Outcome::Failed(status.to_string()),
        Err(error) => {
            let program = command.get_program().display();
            Outcome::Failed(format!("{program} could not be started: {error}"))
        }
    }
}

/// The exit code for an outcome. A failure is printed.
pub(crate) fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Ok => ExitCode::SUCCESS,
        Outcome::Failed(why) | Outcome::Skipped(why) => {
            screen::say(&format!("xtask: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs commands one after the other, until one fails.
pub(crate) fn outcome_of_all(commands: impl IntoIterator<Item = Command>) -> Outcome {
    let outcomes = commands.into_iter().map(outcome);
    outcomes.into_iter().find(|outcome| *outcome != Outcome::Ok).unwrap_or(Outcome::Ok)
}

/// The standard output of a command; `None` if it fails or is missing.
pub(crate) fn answer(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a command runs and succeeds, without showing its output.
pub(crate) fn succeeds(command: Command) -> bool {
    answer(command).is_some()
}
