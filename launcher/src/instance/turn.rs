//! The turn of a launch: whether it may run the app.

use std::{
    fs::File,
    io,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use shared::{
    app_lock::{AppLock, LockOutcome, Remains},
    discovery::Discovery,
    identity::Secret,
    message,
    regular_file::{self, Links},
};

use super::{
    finder::{Finder, control_sockets},
    presence::{Presence, RunningInstance},
    problem::silent,
};
use crate::{options::CommandContext, os};

/// How often a second start checks whether the first is ready. The first one takes a few
/// milliseconds, so the wait is too short to notice.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a second start waits for a launcher that does not say that it is starting. A person is
/// promised a word within five seconds, and the last look takes some of it.
const SILENCE: Duration = Duration::from_secs(4);

/// How long a launcher that is starting is waited for, beyond the time that its server may take to become
/// ready.
const EXTRA_WAIT: Duration = Duration::from_secs(2);

/// Whether this launch may run the app.
#[derive(Debug)]
pub enum Turn {
    /// It may. The lock is `None` if the system could not give it.
    Ours(Option<Box<AppLock>>),
    /// It may, without a lock that belongs to the app's files: for as long as this file is open, no other launch of
    /// this user and these files does.
    WithoutFiles(File),
    /// Another launch runs it, and its server or its launcher has answered.
    Running(RunningInstance),
}

/// Why a launch may not run the app, although nothing answers for it.
#[derive(Debug, thiserror::Error)]
pub enum Occupied {
    /// A launcher has the app's lock and does not answer, nor does its server.
    #[error("{}", silent(*.0))]
    Unresponsive(Option<u32>),
    /// The app runs on another computer or in another container that shares these files.
    #[error("{}", message!("running.elsewhere", machine = .0))]
    Elsewhere(String),
}

/// Waits until either the app's lock is ours, or the instance that has it has answered.
///
/// # Errors
///
/// [`Occupied`] if neither comes true within five seconds, or, while the instance says that it is starting,
/// within `ready_timeout` and two seconds.
pub fn take_turn(
    context: &CommandContext,
    secret: &Secret,
    ready_timeout: Duration,
    warn: impl FnOnce(io::Error),
) -> Result<Turn, Occupied> {
    let began = Instant::now();
    let mut finder = Finder::new(context, Some(secret.clone()));
    let mut is_nudged = false;
    // When the launcher has last said that it is starting or ending.
    let mut heard = began;
    loop {
        let lock = match AppLock::try_hold(&context.folders, &context.app) {
            Ok(LockOutcome::Held(lock)) if has_ended(context, &finder, lock.remains()) => {
                return Ok(Turn::Ours(Some(Box::new(lock))));
            }
            Ok(LockOutcome::Held(lock)) => Ok(Some(lock)),
            Ok(LockOutcome::Busy(_)) => Ok(None),
            Err(error) => Err(error),
        };
        let was_busy = matches!(lock, Ok(None));
        let presence = finder.look();
        let lock = match lock {
            Ok(Some(lock)) if presence.shows_a_process() => {
                lock.give_up();
                None
            }
            Ok(lock) => lock,
            Err(error) if matches!(presence, Presence::Absent) => match substitute_lock(context) {
                Ok(Some(file)) => {
                    warn(error);
                    return Ok(Turn::WithoutFiles(file));
                }
                // Another launch has begun that can be found in a moment.
                Ok(None) => None,
                Err(_) => {
                    warn(error);
                    return Ok(Turn::Ours(None));
                }
            },
            Err(_) => None,
        };
        if let Some(process) = presence.lost_launcher().filter(|_| !is_nudged) {
            is_nudged = true;
            let _ = os::nudge(process);
        }
        let is_waited_for = began.elapsed() < ready_timeout + EXTRA_WAIT;
        if is_waited_for && matches!(presence, Presence::Unproven { status: Some(_), .. }) {
            heard = Instant::now();
        }
        match (lock, presence) {
            // A launcher that was killed has its lock until it ends, and its server ends next.
            (None, Presence::Running(_))
                if was_busy && began.elapsed() < SILENCE && lets_go(context) => {}
            (None, Presence::Running(found)) if is_waited_for && found.is_ending(context) => {}
            (_, Presence::Running(found)) => return Ok(Turn::Running(found)),
            (Some(lock), _) => return Ok(Turn::Ours(Some(Box::new(lock)))),
            (None, Presence::Elsewhere { machine }) => {
                return Err(Occupied::Elsewhere(machine));
            }
            (None, Presence::Unproven { status: Some(_), .. }) if is_waited_for => {}
            (None, Presence::Unproven { process, status: Some(_) }) => {
                return Err(Occupied::Unresponsive(process));
            }
            (None, Presence::Unproven { process, .. }) if heard.elapsed() >= SILENCE => {
                return Err(Occupied::Unresponsive(process));
            }
            (None, Presence::Absent) if heard.elapsed() >= SILENCE => {
                return Err(Occupied::Unresponsive(None));
            }
            (None, Presence::Unproven { .. } | Presence::Absent) => {}
        }
        thread::sleep(PAUSE);
    }
}

/// A lock beside the substitute of the control socket, for a home in which no file can be made; `None` if another
/// launch has it.
fn substitute_lock(context: &CommandContext) -> io::Result<Option<File>> {
    let socket = os::substitute_socket(&context.folders.control(&context.app));
    os::make_substitute_folder(&socket)?;
    let mut options = shared::os::private_file();
    options.read(true).write(true).create(true).truncate(false);
    let lock = socket.with_extension("lock");
    let file = regular_file::open(&mut options, &lock, Links::Refused)?;
    Ok(shared::os::try_lock(&file)?.then_some(file))
}

/// Whether the holder of the app's lock is ending, or has ended by now.
fn lets_go(context: &CommandContext) -> bool {
    match AppLock::holder(&context.folders, &context.app) {
        None => true,
        Some(LockOutcome::Busy(Some(owner))) => !owner.is_elsewhere() && os::is_ending(owner.pid),
        Some(_) => false,
    }
}

/// The app's lock; `None` if the app runs, with or without that lock.
///
/// # Errors
///
/// Those of [`AppLock::try_hold`].
pub fn lock_of_ended_app(context: &CommandContext) -> io::Result<Option<AppLock>> {
    let CommandContext { app, folders, .. } = context;
    let LockOutcome::Held(lock) = AppLock::try_hold(folders, app)? else { return Ok(None) };
    let mut finder = Finder::new(context, Secret::load(&folders.secret()).ok());
    if has_ended(context, &finder, lock.remains()) || !finder.look().shows_a_process() {
        return Ok(Some(lock));
    }
    lock.give_up();
    Ok(None)
}

/// Whether it is certain that the app does not run. What the lock's file said is not enough: a launch that could not
/// take the lock, and a server that has yet to take it, leave other traces.
fn has_ended(context: &CommandContext, finder: &Finder<'_>, remains: &Remains) -> bool {
    leads_nowhere(context, remains) && finder.recorded_process().is_none()
}

/// Whether no file in `run/` leads to another launch than the one whose end the lock's file shows.
fn leads_nowhere(context: &CommandContext, remains: &Remains) -> bool {
    let CommandContext { app, folders, .. } = context;
    let mut published = Discovery::of_app(folders, app);
    match remains {
        Remains::NoFile => false,
        Remains::Owner(killed) => {
            published.all(|found| found.launcher_pid.unwrap_or(found.server_pid) == killed.pid)
        }
        Remains::Nothing => {
            let is_there = |path: PathBuf| path.symlink_metadata().is_ok();
            published.next().is_none() && !control_sockets(context).any(is_there)
        }
    }
}
