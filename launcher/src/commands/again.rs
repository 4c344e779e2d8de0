//! A second `run` of an app that runs: whether it is the same program, and how another takes its place.

use std::{fs, path::Path};

use shared::{message, next_command, os::is_stopped};

use crate::{
    control::{ANSWER_TIMEOUT, PendingRequest, Request, Response},
    instance::{self, AnsweringLauncher, Occupied},
    launch::Launch,
    program::CommandTemplate,
    render,
};

/// What a `run` wants to run.
#[derive(Debug)]
pub(super) struct WantedProgram {
    /// With its templates, in the folder that it is to run in.
    pub(super) command: CommandTemplate,
    /// Whether it takes the place of one that runs.
    pub(super) replaces: bool,
}

impl WantedProgram {
    /// Says how the program that runs differs from this one, if it does.
    pub(super) fn compare(&self, launch: &Launch) {
        let Ok(AnsweringLauncher { status, .. }) = instance::ask_launcher(&launch.context) else {
            return;
        };
        let app = &launch.context.app;
        let Some(folder) = &status.folder else {
            return render::warning(message!("again.own_server", app));
        };
        let here = self.command.folder();
        if !is_same(Path::new(folder), here) {
            render::warning(message!("again.other_folder", app, folder, here = here.display()));
        }
        if status.command != self.command.in_words() {
            let command = next_command::launcher("run --replace", app);
            let running = status.command.join(" ");
            render::warning(message!("again.other_command", app, running, command));
        }
    }
}

/// Ends the launcher that runs the app, and waits until it has ended. One that cannot be asked runs on.
///
/// # Errors
///
/// [`Occupied`] if it does not answer.
pub(super) fn end_running(launch: &Launch) -> Result<(), Occupied> {
    let Ok(AnsweringLauncher { socket, status }) = instance::ask_launcher(&launch.context) else {
        return Ok(());
    };
    let launcher = status.launch.launcher_pid;
    let pending = PendingRequest::send(&socket, Request::Stop);
    let silent = |_| Occupied::Unresponsive(launcher);
    match pending.wait(ANSWER_TIMEOUT).map_err(silent)? {
        Some(Response::Stopping { .. }) => {}
        Some(_) => return Ok(()),
        None => return Err(Occupied::Unresponsive(launcher)),
    }
    while !pending.wait_for_end(ANSWER_TIMEOUT) {
        if launcher.is_some_and(is_stopped) {
            return Err(Occupied::Unresponsive(launcher));
        }
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}
