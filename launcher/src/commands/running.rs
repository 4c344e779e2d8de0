//! The running server of an app, for commands that ask for it.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use shared::{
    discovery::Discovery,
    exit::Exit,
    identity::{PROBE_TIMEOUT, Secret},
    message, next_command,
    os::is_stopped,
    words::AnswerName,
};

use crate::{
    control::RequestError,
    instance::{self, AnsweringLauncher, Finder, InstanceProblem, Presence, RunningInstance},
    options::CommandContext,
    os,
    render::{self, note},
    run_files::RunFilesState,
};

/// How long a launcher may take to make its control socket anew.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a command sleeps between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// A finder with the secret of this user, if it can be read.
pub(super) fn finder(context: &CommandContext) -> Finder<'_> {
    Finder::new(context, Secret::load(&context.folders.secret()).ok())
}

/// Looks for the app.
pub(super) fn look(context: &CommandContext) -> Presence {
    finder(context).look()
}

/// The running server, which answers. Its launcher writes anew what it has lost.
///
/// # Errors
///
/// The exit code, once it is said why there is none.
pub(super) fn find(context: &CommandContext) -> Result<RunningInstance, Exit> {
    let mut presence = look(context);
    let restorer = restorer(context, &presence).filter(|launcher| !is_stopped(*launcher));
    if matches!(presence, Presence::Unproven { .. })
        && let Some(launcher) = restorer
        && ask_restored(context, launcher).is_ok()
    {
        // What proves its server is there again.
        presence = look(context);
    }
    match presence {
        Presence::Running(found) => {
            if let Some(launcher) = restorer
                && !RunFilesState::look(context).missing_of(&found).is_empty()
            {
                restore(context, launcher);
            }
            match found.problem(context) {
                Some(InstanceProblem { problem, now }) => Err(refused(&problem, &now)),
                None => Ok(found),
            }
        }
        other => Err(not_found(context, &other)),
    }
}

/// Has the launcher of `found` write anew which of its files are lost or were changed, the token among them.
pub(super) fn renew_files(context: &CommandContext, found: &RunningInstance) {
    let launcher = found.seen_launcher(context).filter(|pid| !is_stopped(*pid));
    if let Some(launcher) = launcher.filter(|_| found.names_launcher) {
        restore(context, launcher);
    }
}

/// Asks the launcher, which writes its lost files anew before it answers. Errors are ignored, because the
/// server is found by now.
fn restore(context: &CommandContext, launcher: u32) {
    match instance::ask_launcher(context) {
        Ok(_) | Err(RequestError::Timeout) => {}
        Err(_) => drop(ask_restored(context, launcher)),
    }
}

/// Asks a launcher for its status that has no control socket: a signal has it make another for a lost one.
///
/// # Errors
///
/// Why it cannot be asked; [`RequestError::Timeout`] if it is silent.
pub(super) fn ask_restored(
    context: &CommandContext,
    launcher: u32,
) -> Result<AnsweringLauncher, RequestError> {
    // One that takes no signal yet has only begun, and makes its socket next.
    let _ = os::nudge(launcher);
    let until = Instant::now() + RESTORE_TIMEOUT;
    loop {
        match instance::ask_launcher(context) {
            Err(error) if !matches!(error, RequestError::Timeout) && Instant::now() < until => {
                thread::sleep(PAUSE);
            }
            answered => return answered,
        }
    }
}

/// Prints why a command cannot be carried out now, and what to do.
pub(super) fn refused(why: &str, now: &str) -> Exit {
    render::error(why);
    render::now(now);
    Exit::NotReady
}

/// Prints why nothing runs, or nothing that can be asked.
pub(super) fn not_found(context: &CommandContext, presence: &Presence) -> Exit {
    let Some(InstanceProblem { problem, now }) = presence.problem(&context.app) else {
        return none(context);
    };
    render::error(problem);
    render::now(now);
    match presence {
        Presence::Elsewhere { .. } => Exit::NotRunning,
        _ => Exit::NotReady,
    }
}

/// Prints that nothing runs.
fn none(context: &CommandContext) -> Exit {
    let app = &context.app;
    render::error(message!("running.none", app));
    if let Some(stale) = Discovery::of_app(&context.folders, app).next() {
        let file = context.folders.discovery(app);
        let (port, name) = (stale.port, file.display());
        // Whatever the secret is: it need not be proved that nothing is there.
        let answer = Secret::random().probe(port, PROBE_TIMEOUT);
        let why = if answer.is_err_and(|error| error.is_unconnected()) {
            message!("running.gone", port, file = name)
        } else {
            message!("running.stale", port, file = name)
        };
        note(format_args!("  why: {why}"));
    }
    render::now(message!("now.start", command = next_command::launcher("", app)));
    Exit::NotRunning
}

/// The launcher that writes its files anew when a signal asks for it. One of version 0.1 would end: what
/// shows the version is that it has written the app's lock, or that its server names it.
pub(super) fn restorer(context: &CommandContext, presence: &Presence) -> Option<u32> {
    match presence {
        Presence::Running(found) if found.names_launcher || found.launcher_pid.is_none() => {
            found.seen_launcher(context)
        }
        Presence::Running(_) | Presence::Unproven { .. } => {
            instance::lock_holder(context).or_else(|| presence.lost_launcher())
        }
        Presence::Elsewhere { .. } | Presence::Absent => None,
    }
}

/// The launcher that does not answer: that of the app's lock, or else the one that everything leads to.
pub(super) fn silent_launcher(context: &CommandContext) -> Option<u32> {
    instance::lock_holder(context).or_else(|| match look(context) {
        Presence::Running(found) => found.seen_launcher(context),
        Presence::Unproven { process, .. } => process,
        Presence::Elsewhere { .. } | Presence::Absent => None,
    })
}

pub(super) fn to_json(
    event: AnswerName,
    context: &CommandContext,
    found: &RunningInstance,
) -> Value {
    json!({
        "event": event,
        "app": context.app,
        "url": found.url(),
        "port": found.port,
        "server_pid": found.server_pid,
        "launcher_pid": found.launcher_pid,
        "launch_id": found.launch_id,
    })
}
