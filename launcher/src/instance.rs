//! The running instance of an app, as a second start and every command find it.
//!
//! Each file that leads to it may be lost, be left by a crash, or be planted. So nothing is believed
//! but a proof: a server on a port proves its identity, or a launcher answers on the control socket,
//! which this user alone can make. Files are where to ask: the discovery file, the app's lock, the
//! assignment. Each port is asked once if a stranger answers there.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use semver::Version;
use shared::{
    app::AppName,
    app_lock::{AppLock, LockOutcome, LockOwner, Remains},
    assignment::Assignment,
    claim,
    discovery::Discovery,
    event::Relation,
    identity::{Identity, PROBE_TIMEOUT, Secret},
    message, next_command,
    port::Port,
};
use uuid::Uuid;

use crate::{
    control::{self, LaunchStatus, Request, RequestError, Response},
    options::CommandContext,
    os, recorded_instance,
};

/// How often a second start checks whether the first is ready. The first one takes a few
/// milliseconds, so the wait is too short to notice.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a second start waits for a launcher that does not say that it is starting. A person is
/// promised a word within five seconds, and the last look takes some of it.
const SILENCE: Duration = Duration::from_secs(4);

/// How long a server is waited for whose launcher says that it serves.
const SERVER_SILENCE: Duration = Duration::from_secs(2);

/// How much longer than its server may take a launcher is waited for that is starting.
const EXTRA_WAIT: Duration = Duration::from_secs(2);

/// Whether this launch may run the app.
#[derive(Debug)]
pub enum Turn {
    /// It may. The lock is `None` if the system could not give it.
    Ours(Option<Box<AppLock>>),
    /// Another launch runs it, and its server or its launcher has answered.
    Running(RunningInstance),
}

/// A running app, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningInstance {
    /// Where it serves.
    pub port: Port,
    /// The same that its records have.
    pub launch_id: Uuid,
    /// Of the program that answered.
    pub version: String,
    /// `None` if the launcher has answered while there was no server.
    pub server_pid: Option<u32>,
    /// `None` if the server was started directly, or if nothing says who started it.
    pub launcher_pid: Option<u32>,
    /// Whether it is the server that names its launcher, which one of version 0.1 does not.
    pub names_launcher: bool,
    /// Whether the server has proved itself, or the launcher alone has answered.
    pub has_answered: bool,
}

impl RunningInstance {
    /// Its address for a browser, made from the proven port: a file may say anything.
    pub fn url(&self) -> String {
        claim::url(self.port)
    }

    /// Whether the process ids that it names are those of processes here.
    pub fn is_seen(&self, context: &CommandContext) -> bool {
        self.launcher_pid.or(self.server_pid).is_some_and(|pid| is_seen(context, pid))
    }

    /// What is wrong with its server if that is stopped or silent, and the way out.
    pub fn problem(&self, context: &CommandContext) -> Option<(String, String)> {
        if self.has_answered {
            return None;
        }
        let server_pid = self.server_pid.filter(|_| self.is_seen(context));
        server_problem(&context.app, self.port, server_pid)
    }

    /// How its version relates to this one. A version that cannot be read is not ours to judge.
    pub fn relation(&self) -> Relation {
        relation(&self.version)
    }
}

/// What is there of an app.
#[derive(Debug)]
pub enum Presence {
    /// It runs.
    Running(RunningInstance),
    /// A launcher has the app, and nothing has answered for a server of it yet.
    Unproven {
        /// The process that has the app, if the lock's file or the history names one that can be seen here.
        process: Option<u32>,
        /// What the launcher says of itself, if it answers.
        status: Option<Box<LaunchStatus>>,
    },
    /// It runs on another computer or in another container that shares these files.
    Elsewhere {
        /// The name of that computer or container.
        machine: String,
    },
    /// Nothing shows that it runs.
    Absent,
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

impl Presence {
    /// Whether a process of the app has been seen, so that a lock that could be taken proves nothing.
    fn shows_a_process(&self) -> bool {
        match self {
            Self::Running(_) => true,
            Self::Unproven { process, status } => process.is_some() || status.is_some(),
            Self::Elsewhere { .. } | Self::Absent => false,
        }
    }

    /// A launcher that has lost its control socket, if a signal has it make another.
    pub fn lost_launcher(&self) -> Option<u32> {
        match self {
            Self::Unproven { process, status: None } => {
                process.filter(|pid| os::takes_nudges(*pid))
            }
            _ => None,
        }
    }

    /// What keeps the app from being used here, and what to do now; `None` if it runs, or if nothing does.
    pub fn problem(&self, app: &AppName) -> Option<(String, String)> {
        match self {
            Self::Elsewhere { machine } => Some((
                message!("running.not_here", app, machine),
                message!("now.elsewhere", machine),
            )),
            Self::Unproven { status: Some(status), .. } => Some((
                message!("running.no_server", app, state = status.state),
                message!("now.wait"),
            )),
            Self::Unproven { process, status: None } => {
                Some((silent(*process), now_silent(*process)))
            }
            Self::Running(_) | Self::Absent => None,
        }
    }
}

/// What is wrong with a launcher that does not answer.
pub fn silent(launcher: Option<u32>) -> String {
    match launcher {
        Some(pid) if os::is_stopped(pid) => message!("failure.stopped", pid),
        Some(pid) => message!("failure.silent", pid),
        None => message!("failure.unresponsive"),
    }
}

/// The way out when a launcher does not answer.
pub fn now_silent(launcher: Option<u32>) -> String {
    match launcher {
        Some(pid) if os::is_stopped(pid) => message!("now.continue", pid),
        Some(pid) => message!("now.kill", pid),
        None => message!("now.end_launcher"),
    }
}

/// The process that holds the app's lock, if it is one that can be seen from here.
pub fn lock_holder(context: &CommandContext) -> Option<u32> {
    AppLock::holder(&context.folders, &context.app)?.process_here()
}

/// Whether the number that a launcher, or a server without one, has given is that of its process here. In a
/// container that shares the home and the name of the computer, it is the number of another one here.
pub fn is_seen(context: &CommandContext, pid: u32) -> bool {
    let seen = match AppLock::holder(&context.folders, &context.app) {
        Some(held @ LockOutcome::Busy(Some(_))) => held.process_here(),
        _ => recorded_instance::process(context).map(|recorded| recorded.pid),
    };
    seen == Some(pid)
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
    loop {
        let lock = match AppLock::try_hold(&context.folders, &context.app) {
            Ok(LockOutcome::Held(lock)) if shows_the_end(context, lock.remains()) => {
                return Ok(Turn::Ours(Some(Box::new(lock))));
            }
            Ok(LockOutcome::Held(lock)) => Ok(Some(lock)),
            Ok(LockOutcome::Busy(_)) => Ok(None),
            Err(error) => Err(error),
        };
        let presence = finder.look();
        let lock = match lock {
            Ok(Some(lock)) if presence.shows_a_process() => {
                lock.give_up();
                Ok(None)
            }
            lock => lock,
        };
        if let Some(process) = presence.lost_launcher().filter(|_| !is_nudged) {
            is_nudged = true;
            let _ = os::nudge(process);
        }
        match (lock, presence) {
            (_, Presence::Running(found)) => return Ok(Turn::Running(found)),
            (Ok(Some(lock)), _) => return Ok(Turn::Ours(Some(Box::new(lock)))),
            (Err(error), _) => {
                warn(error);
                return Ok(Turn::Ours(None));
            }
            (Ok(None), Presence::Elsewhere { machine }) => {
                return Err(Occupied::Elsewhere(machine));
            }
            (Ok(None), Presence::Unproven { status: Some(_), .. })
                if began.elapsed() < ready_timeout + EXTRA_WAIT => {}
            (Ok(None), Presence::Unproven { process, .. }) if began.elapsed() >= SILENCE => {
                return Err(Occupied::Unresponsive(process));
            }
            (Ok(None), Presence::Absent) if began.elapsed() >= SILENCE => {
                return Err(Occupied::Unresponsive(None));
            }
            (Ok(None), Presence::Unproven { .. } | Presence::Absent) => {}
        }
        thread::sleep(PAUSE);
    }
}

/// The app's lock; `None` if the app runs, whoever has the lock.
///
/// # Errors
///
/// Those of [`AppLock::try_hold`].
pub fn lock_of_ended_app(context: &CommandContext) -> io::Result<Option<AppLock>> {
    let CommandContext { app, folders, .. } = context;
    let LockOutcome::Held(lock) = AppLock::try_hold(folders, app)? else { return Ok(None) };
    let mut finder = Finder::new(context, Secret::load(&folders.secret()).ok());
    if shows_the_end(context, lock.remains()) || !finder.look().shows_a_process() {
        return Ok(Some(lock));
    }
    lock.give_up();
    Ok(None)
}

/// Whether what the lock's file said shows for certain that the app does not run. It says nothing of a launch that
/// could not take the lock, and which leaves other traces.
fn shows_the_end(context: &CommandContext, remains: &Remains) -> bool {
    let CommandContext { app, folders, .. } = context;
    let mut published = folders.discoveries(app).filter_map(|file| Discovery::read(&file));
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

/// Looks for the running instance of an app.
pub struct Finder<'a> {
    context: &'a CommandContext,
    /// `None` if this user has none yet, and then no server can prove itself.
    secret: Option<Secret>,
    /// The ports on which something else answered, or nothing in time.
    strangers: BTreeSet<Port>,
}

impl<'a> Finder<'a> {
    /// For the app of `context`.
    pub fn new(context: &'a CommandContext, secret: Option<Secret>) -> Self {
        Self { context, secret, strangers: BTreeSet::new() }
    }

    /// What is there now.
    pub fn look(&mut self) -> Presence {
        let CommandContext { app, folders, .. } = self.context;
        let published = folders.discoveries(app).filter_map(|file| Discovery::read(&file));
        let published: Vec<_> = published.collect();
        for found in &published {
            if let Some(identity) = self.probe(found.port) {
                let is_same = identity.launch_id == found.launch_id;
                let launcher = found.launcher_pid.filter(|_| is_same);
                return Presence::Running(running(found.port, identity, launcher));
            }
        }
        let holder = AppLock::holder(folders, app);
        let owner = match &holder {
            Some(LockOutcome::Busy(owner)) => owner.clone(),
            _ => None,
        };
        if let Some(port) = owner.as_ref().and_then(|owner| owner.port)
            && let Some(identity) = self.probe(port)
        {
            // A server without a launcher holds the lock itself.
            let launcher = owner.as_ref().map(|owner| owner.pid).filter(|pid| *pid != identity.pid);
            return Presence::Running(running(port, identity, launcher));
        }
        if let Some(owner) = owner.as_ref().filter(|owner| owner.is_elsewhere()) {
            // Its control socket may be reached, as a file is, and its port is on another computer.
            return Presence::Elsewhere { machine: owner.machine.clone() };
        }
        let asked = ask_launcher(self.context).map(|(_, status)| status);
        if let Ok(status) = &asked
            && let Some(server_pid) = status.server_pid
        {
            return Presence::Running(RunningInstance {
                port: status.launch.port,
                launch_id: status.launch.launch_id,
                version: status.version.clone(),
                server_pid: Some(server_pid),
                launcher_pid: status.launch.launcher_pid,
                names_launcher: false,
                has_answered: false,
            });
        }
        let remembered = Assignment::load(&folders.assignment(app)).ok();
        if let Some(good) = remembered.and_then(|assignment| assignment.last_good)
            && let Some(identity) = self.probe(good.port)
        {
            return Presence::Running(running(good.port, identity, None));
        }
        let status = asked.as_ref().ok().cloned();
        let is_silent = matches!(asked, Err(RequestError::Timeout));
        // A launch that has just taken the lock looks as well.
        let other = |pid: &u32| *pid != std::process::id();
        let mut process = owner.as_ref().and_then(LockOwner::process_here).filter(other);
        if process.is_none()
            && let Some(recorded) = recorded_instance::process(self.context)
        {
            if let Some(identity) = self.probe(recorded.port) {
                return Presence::Running(running(recorded.port, identity, None));
            }
            process = Some(recorded.pid);
        }
        match (&status, &holder, process) {
            (None, None, None) if !is_silent => Presence::Absent,
            _ => Presence::Unproven { process, status },
        }
    }

    /// The instance that serves on `port`, if one does.
    pub fn at(&mut self, port: Port) -> Option<RunningInstance> {
        Some(running(port, self.probe(port)?, None))
    }

    /// The server of the app on `port`, if there is one.
    fn probe(&mut self, port: Port) -> Option<Identity> {
        if self.strangers.contains(&port) {
            return None;
        }
        match self.secret.as_ref()?.probe(port, PROBE_TIMEOUT) {
            Ok(identity) if identity.app == self.context.app => return Some(identity),
            // It may be one of ours that is not there yet.
            Err(error) if error.is_unconnected() => {}
            Ok(_) | Err(_) => drop(self.strangers.insert(port)),
        }
        None
    }
}

fn running(port: Port, identity: Identity, launcher_pid: Option<u32>) -> RunningInstance {
    let Identity { launch_id, version, pid, .. } = identity;
    let names_launcher = identity.launcher_pid.is_some();
    let launcher_pid = identity.launcher_pid.or(launcher_pid);
    RunningInstance {
        port,
        launch_id,
        version,
        server_pid: Some(pid),
        launcher_pid,
        names_launcher,
        has_answered: true,
    }
}

/// What is wrong with the server of `app` if it is stopped or silent, and the way out.
pub fn server_problem(
    app: &AppName,
    port: Port,
    server_pid: Option<u32>,
) -> Option<(String, String)> {
    let url = claim::url(port);
    if let Some(pid) = server_pid.filter(|pid| os::is_stopped(*pid)) {
        let problem = message!("running.server_stopped", app, url, pid);
        return Some((problem, message!("now.continue", pid)));
    }
    // Whatever the secret is: it need not be proved that there is an answer.
    match Secret::random().probe(port, SERVER_SILENCE) {
        Err(error) if error.is_silence() => {
            let command = next_command::launcher("restart", app);
            let problem = message!("running.server_silent", app, url);
            Some((problem, message!("now.replace_server", command)))
        }
        _ => None,
    }
}

/// Where the launcher of the app may take requests: the usual place, the substitute, and what the files
/// say, which a launcher of version 0.1 may have written.
fn control_sockets(context: &CommandContext) -> impl Iterator<Item = PathBuf> {
    let CommandContext { app, folders, .. } = context;
    let usual = folders.control(app);
    let substitute = os::substitute_socket(&usual);
    let named = folders.discoveries(app).filter_map(|file| Discovery::read(&file)?.control);
    let mut seen = BTreeSet::new();
    [usual, substitute].into_iter().chain(named).filter(move |path| seen.insert(path.clone()))
}

/// The first control socket of the app at which a launcher answers, and the status that it sends.
///
/// # Errors
///
/// Why none does; [`RequestError::Timeout`] if there is a launcher that is silent.
pub fn ask_launcher(
    context: &CommandContext,
) -> Result<(PathBuf, Box<LaunchStatus>), RequestError> {
    at_control_socket(context, |socket| match control::ask(socket, Request::Status)? {
        Response::Status(status) => Ok(status),
        _ => Err(RequestError::Closed),
    })
}

/// Whether a launcher of the app could be asked, without asking it.
///
/// # Errors
///
/// Why none could.
pub fn try_control_sockets(context: &CommandContext) -> Result<(), RequestError> {
    at_control_socket(context, control::try_out).map(drop)
}

/// The first control socket of the app at which `act` succeeds.
fn at_control_socket<T>(
    context: &CommandContext,
    act: impl Fn(&Path) -> Result<T, RequestError>,
) -> Result<(PathBuf, T), RequestError> {
    let mut why = None;
    for socket in control_sockets(context) {
        match act(&socket) {
            Ok(done) => return Ok((socket, done)),
            Err(error @ RequestError::Timeout) => return Err(error),
            // That there is no socket says less than what is wrong with one that there is.
            Err(error) if error.is_absent() => why = why.or(Some(error)),
            Err(error) => why = Some(error),
        }
    }
    Err(why.unwrap_or(RequestError::Closed))
}

fn relation(running: &str) -> Relation {
    let ours = Version::parse(env!("CARGO_PKG_VERSION"));
    match (Version::parse(running), ours) {
        (Ok(running), Ok(ours)) if running < ours => Relation::Older,
        (Ok(running), Ok(ours)) if running > ours => Relation::Newer,
        _ => Relation::Same,
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn versions_are_compared_as_versions() {
        assert_eq!(relation("0.0.9"), Relation::Older);
        assert_eq!(relation("10.0.0"), Relation::Newer);
        assert_eq!(relation(env!("CARGO_PKG_VERSION")), Relation::Same);
    }
}
