//! `cargo xtask start`: build both programs, then *become* the launcher.
//!
//! The launcher gets the caller's folder, environment and terminal, so it behaves as if it had been
//! started by hand; signals reach it and its exit code is ours.

use crate::{cargo, screen};
use std::{env, ffi::OsString, io, process::Command, process::ExitCode};

/// What the launcher calls itself in what it advises to type (`shared::invoked_as`).
const INVOKED_AS: &str = "HOMEPORT_INVOKED_AS";

/// Builds and runs the launcher with `args`.
pub(crate) fn run(args: &[OsString]) -> ExitCode {
    let build = cargo::cargo(["build", "-p", "homeport"]).status();
    match build {
        Ok(status) if status.success() => {}
        Ok(_) => return ExitCode::FAILURE, // cargo has said why
        Err(error) => return failure("cargo", &error),
    }
    // Cargo puts the programs of one profile into one folder, and we are one of them.
    let launcher = match env::current_exe() {
        Ok(us) => us.with_file_name(format!("homeport{}", env::consts::EXE_SUFFIX)),
        Err(error) => return failure("the folder of the programs", &error),
    };
    become_program(Command::new(launcher).args(args).env(INVOKED_AS, "cargo start"))
}

/// Replaces this process, so that no process stands between the terminal and the launcher.
#[cfg(unix)]
fn become_program(command: &mut Command) -> ExitCode {
    use std::os::unix::process::CommandExt;

    let error = command.exec(); // only returns when it fails
    failure(&command.get_program().to_string_lossy(), &error)
}

/// Waits for the launcher. Ctrl-C reaches every process of the console: ours ignores it, so that it
/// is still there to pass the exit code on.
#[cfg(windows)]
fn become_program(command: &mut Command) -> ExitCode {
    if let Err(error) = ctrlc::set_handler(|| {}) {
        screen::say(&format!("xtask: Ctrl-C will not wait for the launcher: {error}"));
    }
    match command.status() {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => failure(&command.get_program().to_string_lossy(), &error),
    }
}

/// Prints which program could not be run and why.
fn failure(what: &str, error: &io::Error) -> ExitCode {
    screen::say(&format!("xtask: {what}: {error}"));
    ExitCode::FAILURE
}
