//! The running instance: whether it can be reached, and what leads to it.

use std::{
    io,
    path::{Path, PathBuf},
};

use shared::{
    access::{self, RefusedAccess},
    history::LostRecords,
    message, next_command,
    os::{is_stopped, may_write},
    trust::{self, Purpose, Untrusted},
};
use uuid::Uuid;

use super::{check::Check, obstacles::Obstacles};
use crate::{
    commands::running,
    control::RequestError,
    instance::{self, InstanceProblem, Presence, RunningInstance},
    options::CommandContext,
    run_files::RunFilesState,
};

/// The app, and which of its run files are missing.
pub(super) struct InstanceState {
    presence: Presence,
    files: RunFilesState,
}

impl InstanceState {
    /// Looks at the files first: a launcher that is asked writes them anew.
    pub(super) fn of(context: &CommandContext) -> Self {
        let files = RunFilesState::look(context);
        Self { presence: running::look(context), files }
    }

    /// The running launch.
    pub(super) fn launch(&self) -> Option<Uuid> {
        match &self.presence {
            Presence::Running(found) => Some(found.launch_id),
            _ => None,
        }
    }

    /// The records that the running launcher could not write. One that has lost a file is not asked, because it would
    /// write it anew.
    pub(super) fn lost_records(&self, context: &CommandContext) -> Option<LostRecords> {
        let Presence::Running(found) = &self.presence else { return None };
        found.launcher_pid.filter(|pid| !is_stopped(*pid))?;
        if !self.files.missing_of(found).is_empty() {
            return None;
        }
        instance::ask_launcher(context).ok()?.status.lost_records
    }
}

/// Whether the app runs, and what is lost of a running launch or left behind by an earlier one.
/// What is in the way of a file has a check of its own.
pub(super) fn instance(
    context: &CommandContext,
    state: InstanceState,
    obstacles: &Obstacles,
) -> Vec<Check> {
    let app = &context.app;
    let InstanceState { presence, files } = state;
    if let Some(pid) = presence.lost_launcher().filter(|pid| !is_stopped(*pid)) {
        let command = next_command::launcher("status", app);
        let text = message!("doctor.lost_all", app, pid);
        return vec![Check::warning("run_files", text, message!("doctor.now_lost", command))];
    }
    if let Some(InstanceProblem { problem, now }) = presence.problem(app) {
        let is_silent = matches!(presence, Presence::Unproven { status: None, .. });
        let check = if is_silent { Check::problem } else { Check::warning };
        return vec![check("instance", problem, now)];
    }
    let restorer = running::restorer(context, &presence);
    match presence {
        Presence::Running(found) => {
            let has_files = restorer.is_some() || found.names_launcher;
            let mut missing = if has_files { files.missing_of(&found) } else { Vec::new() };
            missing.retain(|file| !obstacles.is_at(file));
            let lost = lost(context, &missing, restorer).into_iter();
            [running(context, &found, missing.is_empty())]
                .into_iter()
                .chain(lost)
                .chain(planted(context, obstacles))
                .collect()
        }
        _ => {
            let none = Check::ok("instance", message!("running.none", app));
            let left = left_behind(context, obstacles).into_iter();
            [none].into_iter().chain(left).chain(planted(context, obstacles)).collect()
        }
    }
}

/// Where the run files are whole, the control socket is tried too: a lost one is made anew when it is needed.
fn running(context: &CommandContext, found: &RunningInstance, is_whole: bool) -> Check {
    let (app, url) = (&context.app, found.url());
    if let Some(pid) = found.stopped_launcher(context) {
        let why = instance::silent(Some(pid));
        let text = message!("doctor.runs_unwatched", app, url, why);
        return Check::warning("instance", text, instance::now_silent(Some(pid)));
    }
    if let Some(InstanceProblem { problem, now }) = found.problem(context) {
        return Check::problem("instance", problem, now);
    }
    if is_whole
        && let Some(pid) = found.launcher_pid
        && let Err(error) = instance::try_control_sockets(context)
        && !error.is_absent()
    {
        let why = message!("ask.no_answer", pid, error);
        let now = match (error.untrusted(), &error) {
            (_, RequestError::AnotherListens(_)) => {
                message!("doctor.now_lost", command = next_command::launcher("status", app))
            }
            (Some(untrusted), _) => {
                let command = next_command::launcher("status", app);
                message!("doctor.now_control", removal = untrusted.removal(), command)
            }
            (None, _) => instance::now_silent(found.seen_launcher(context)),
        };
        let text = message!("doctor.runs_unwatched", app, url, why);
        return Check::problem("instance", text, now);
    }
    Check::ok("instance", message!("doctor.runs", app, url))
}

/// The files that a launcher has lost. It cannot be asked to write them anew where it cannot be seen from
/// here, which is `None`.
fn lost(context: &CommandContext, missing: &[PathBuf], launcher: Option<u32>) -> Option<Check> {
    let app = &context.app;
    let files = names(missing)?;
    let command = next_command::launcher("status", app);
    let now = match launcher {
        Some(pid) if is_stopped(pid) => instance::now_silent(launcher),
        Some(_) => message!("doctor.now_lost", command),
        None => message!("doctor.now_lost_elsewhere", command),
    };
    // Nothing is written into a folder that does not let it in.
    let closed = missing
        .iter()
        .filter_map(|file| file.parent())
        .find(|folder| folder.is_dir() && !may_write(folder));
    let refused = io::ErrorKind::PermissionDenied.into();
    let allowed = closed.and_then(|folder| access::repair(folder, RefusedAccess::Folder, &refused));
    let now = match allowed {
        Some(allow) => message!("doctor.now_allow_and", allow, now),
        None => now,
    };
    Some(Check::warning("run_files", message!("doctor.lost", app, files), now))
}

fn left_behind(context: &CommandContext, obstacles: &Obstacles) -> Option<Check> {
    let is_left = |file: &PathBuf| file.exists() && untrusted(file).is_none();
    let left: Vec<_> = run_files(context, obstacles).filter(is_left).collect();
    let files = names(&left)?;
    let text = message!("doctor.left", files);
    Some(Check::warning("left_behind", text, message!("doctor.now_left")))
}

/// What another user has put, or could have put, in the place of files of the app.
fn planted(context: &CommandContext, obstacles: &Obstacles) -> Option<Check> {
    let files = run_files(context, obstacles);
    let planted: Vec<_> = files.filter_map(|file| untrusted(&file)).collect();
    let joined = |words: Vec<String>| words.join("; ");
    let text =
        |found: &Untrusted| message!("doctor.bad_file", file = found.path.display(), error = found);
    let files = joined(planted.iter().map(text).collect());
    let now = joined(planted.iter().map(Untrusted::removal).collect());
    (!planted.is_empty()).then(|| Check::warning("planted", message!("doctor.planted", files), now))
}

fn run_files(context: &CommandContext, obstacles: &Obstacles) -> impl Iterator<Item = PathBuf> {
    let (app, folders) = (&context.app, &context.folders);
    let files = [folders.discovery(app), folders.token(app), folders.control(app)];
    files.into_iter().filter(|file| !obstacles.is_at(file))
}

fn untrusted(file: &Path) -> Option<Untrusted> {
    let about = file.symlink_metadata().ok()?;
    trust::check(file, &about, Purpose::Look).err()
}

/// The paths in one line; `None` if there are none.
fn names(files: &[PathBuf]) -> Option<String> {
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
