//! Finds the running instance of an app, and its launcher.

use std::{
    cell::OnceCell,
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use shared::{
    app_lock::{AppLock, LockOutcome, LockOwner},
    assignment::Assignment,
    discovery::Discovery,
    event::Process,
    identity::{Identity, PROBE_TIMEOUT, Secret},
    launch::{LaunchInfo, UrlHost},
    port::Port,
    recorded_instance::{RecordedProcess, RecordedProcesses},
    words::LaunchPhase,
};
use uuid::Uuid;

use super::{
    presence::{Presence, RunningInstance},
    visibility::is_launcher,
};
use crate::{
    control::{
        self, ANSWER_TIMEOUT, LaunchStatus, PendingRequest, Request, RequestError, Response,
    },
    options::CommandContext,
    os,
};

/// Looks for the running instance of an app.
pub struct Finder<'a> {
    context: &'a CommandContext,
    secret: Option<Secret>,
    /// The ports on which something else answered, or nothing in time.
    strangers: BTreeSet<Port>,
    /// The ports of servers that keep their files in a copy of these folders, or in what these are a copy of.
    copies: BTreeSet<Port>,
    /// The processes that the history names, read once for all looks.
    recorded: OnceCell<RecordedProcesses>,
}

impl<'a> Finder<'a> {
    /// A finder that has asked nothing yet. Without a `secret` no server can prove itself.
    pub fn new(context: &'a CommandContext, secret: Option<Secret>) -> Self {
        let (strangers, copies) = (BTreeSet::new(), BTreeSet::new());
        Self { context, secret, strangers, copies, recorded: OnceCell::new() }
    }

    /// Asks the ports and sockets that the files, the history and the lock of the app name.
    pub fn look(&mut self) -> Presence {
        let CommandContext { app, folders, .. } = self.context;
        let published: Vec<_> = Discovery::of_app(folders, app).collect();
        if let Some(found) = self.published_server(&published) {
            return Presence::Running(found);
        }
        let holder = AppLock::holder(folders, app);
        let owner = match &holder {
            Some(LockOutcome::Busy(owner)) => owner.as_ref(),
            _ => None,
        };
        let is_program = published.iter().any(|found| found.mode.is_some());
        if let Some(owner) = owner {
            if let Some(found) = (!is_program).then(|| self.server_of_owner(owner)).flatten() {
                return Presence::Running(found);
            }
            if owner.is_elsewhere() {
                // Its control socket may be reached, as a file is, and its port is on another computer.
                return Presence::Elsewhere { machine: owner.machine.clone() };
            }
        }
        let asked = ask_launcher(self.context).map(|launcher| launcher.status);
        let found = (asked.as_ref().ok().and_then(|status| reported_server(status)))
            .or_else(|| unproved_server(owner?, &published))
            .or_else(|| (!is_program).then(|| self.remembered_server()).flatten());
        if let Some(found) = found {
            return Presence::Running(found);
        }
        // A launch that has just taken the lock looks as well.
        let other = |pid: &u32| *pid != std::process::id();
        let mut process = owner.and_then(LockOwner::process_here).filter(other);
        if process.is_none() {
            match self.recorded_instance() {
                Some(Recorded::Server(found)) => return Presence::Running(found),
                Some(Recorded::Launcher(pid)) => process = Some(pid),
                None => {}
            }
        }
        if process.is_none() && asked.is_err() {
            process = self.launcher_of_lost_lock().filter(other);
        }
        if process.is_none() && matches!(holder, Some(LockOutcome::Busy(_))) {
            process = AppLock::locking_process(folders, app).filter(other);
        }
        let is_silent = matches!(asked, Err(RequestError::Timeout));
        let status = asked.ok();
        match (&status, &holder, process) {
            (None, None, None) if !is_silent => Presence::Absent,
            _ => Presence::Unproven { process, status },
        }
    }

    /// The server that the discovery files name.
    fn published_server(&mut self, published: &[Discovery]) -> Option<RunningInstance> {
        // A program has no identity: its launcher answers for it.
        published.iter().filter(|found| found.mode.is_none()).find_map(|found| {
            let proven = self.probe(found.port)?;
            let is_same = proven.identity.launch_id == found.launch_id;
            Some(running(proven, found.launcher_pid.filter(|_| is_same)))
        })
    }

    /// The server on the port that the owner of the lock has written into it.
    fn server_of_owner(&mut self, owner: &LockOwner) -> Option<RunningInstance> {
        let proven = self.probe(owner.port?)?;
        // A server without a launcher holds the lock itself.
        let launcher = Some(owner.pid).filter(|pid| *pid != proven.identity.pid);
        Some(running(proven, launcher))
    }

    /// The server on the last good port.
    fn remembered_server(&mut self) -> Option<RunningInstance> {
        let CommandContext { app, folders, .. } = self.context;
        let good = Assignment::load(&folders.assignment(app)).ok()?.last_good?;
        Some(running(self.probe(good.port)?, None))
    }

    /// What of the app runs by its history.
    fn recorded_instance(&mut self) -> Option<Recorded> {
        let RecordedProcess { pid, port, launch_id, version, program, .. } =
            self.recorded_process()?.clone();
        if let Some(proven) = self.probe(port) {
            return Some(Recorded::Server(running(proven, None)));
        }
        match program {
            _ if self.copies.contains(&port) => None,
            Process::Server => Some(Recorded::Server(unproved(port, launch_id, version, pid))),
            Process::Launcher | Process::Other => Some(Recorded::Launcher(pid)),
        }
    }

    /// The launcher of the app that holds its lock although the lock's file is gone from its path, with everything
    /// else that led to it. Its control socket tells it from those of other homes.
    fn launcher_of_lost_lock(&self) -> Option<u32> {
        let CommandContext { app, folders, .. } = self.context;
        let sockets: Vec<_> = control_sockets(self.context).map(|path| resolved(&path)).collect();
        let mut owners = AppLock::lost_owners(folders, app, is_launcher);
        let is_ours = |owner: &LockOwner| {
            owner.control.as_ref().is_some_and(|control| sockets.contains(&resolved(control)))
        };
        Some(owners.find(is_ours)?.pid)
    }

    /// The process that has the app now, by its history and the tables of the system.
    pub(super) fn recorded_process(&self) -> Option<&RecordedProcess> {
        let CommandContext { app, folders, .. } = self.context;
        self.recorded.get_or_init(|| RecordedProcesses::read(folders, app)).running()
    }

    /// The instance that serves on `port`, if one does.
    pub fn at(&mut self, port: Port) -> Option<RunningInstance> {
        Some(running(self.probe(port)?, None))
    }

    /// The server of the app on `port`, or on the port that it redirects to after a move.
    fn probe(&mut self, port: Port) -> Option<Proven> {
        let identity = self.identity(port)?;
        match identity.redirects_to {
            Some(to) => self.identity(to).map(|identity| Proven { port: to, identity }),
            None => Some(Proven { port, identity }),
        }
    }

    fn identity(&mut self, port: Port) -> Option<Identity> {
        if self.strangers.contains(&port) || self.copies.contains(&port) {
            return None;
        }
        let CommandContext { app, folders, .. } = self.context;
        match self.secret.as_ref()?.probe(port, PROBE_TIMEOUT) {
            Ok(identity) if identity.home_id.is_other_than(&folders.home_id()) => {
                self.copies.insert(port);
            }
            Ok(identity) if identity.app == *app => return Some(identity),
            // It may be one of ours that is not there yet.
            Err(error) if error.is_unconnected() => {}
            Ok(_) | Err(_) => drop(self.strangers.insert(port)),
        }
        None
    }
}

/// What the history says of what runs.
enum Recorded {
    Server(RunningInstance),
    /// The launcher with this process id, and no server is known.
    Launcher(u32),
}

/// The server that a launcher says it has. That of a launch that is ending takes no more requests.
fn reported_server(status: &LaunchStatus) -> Option<RunningInstance> {
    let server_pid = status.server_pid.filter(|_| status.state != LaunchPhase::Stopping)?;
    let LaunchInfo { port, launch_id, launcher_pid, .. } = status.launch;
    let found = unproved(port, launch_id, status.version.clone(), server_pid);
    let names_launcher = status.mode.is_some();
    let (mode, host) = (status.mode, status.launch.host);
    Some(RunningInstance { launcher_pid, names_launcher, mode, host, ..found })
}

/// The server without a launcher that has the lock. It cannot prove itself where its secret was lost, or could not
/// be kept, or where its network is another.
fn unproved_server(owner: &LockOwner, published: &[Discovery]) -> Option<RunningInstance> {
    let (pid, port) = (owner.process_here()?, owner.port?);
    let is_its_own = |found: &&Discovery| {
        (found.launcher_pid, found.server_pid, found.port) == (None, pid, port)
    };
    let found = published.iter().find(is_its_own)?;
    Some(unproved(port, found.launch_id, found.version.clone(), pid))
}

/// A server that has not proved itself, and for all that is known here has no launcher.
fn unproved(port: Port, launch_id: Uuid, version: String, server_pid: u32) -> RunningInstance {
    RunningInstance {
        port,
        launch_id,
        version,
        server_pid: Some(server_pid),
        launcher_pid: None,
        names_launcher: false,
        has_answered: false,
        mode: None,
        host: UrlHost::default(),
    }
}

/// A server that has proved itself where it serves.
struct Proven {
    port: Port,
    identity: Identity,
}

fn running(Proven { port, identity }: Proven, launcher_pid: Option<u32>) -> RunningInstance {
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
        mode: None,
        host: UrlHost::default(),
    }
}

/// Where the launcher of the app may take requests: the usual place, the substitute, and what the discovery files say,
/// which a launcher of version 0.1 may have written.
pub(super) fn control_sockets(context: &CommandContext) -> impl Iterator<Item = PathBuf> {
    let CommandContext { app, folders, .. } = context;
    let usual = folders.control(app);
    let substitute = os::substitute_socket(&usual);
    let named = Discovery::of_app(folders, app).filter_map(|found| found.control);
    let mut seen = BTreeSet::new();
    [usual, substitute].into_iter().chain(named).filter(move |path| seen.insert(path.clone()))
}

/// A path without links, as far as it exists: one home may have two names.
fn resolved(path: &Path) -> PathBuf {
    let real = path.ancestors().find_map(|ancestor| {
        let rest = path.strip_prefix(ancestor).ok()?;
        Some(ancestor.canonicalize().ok()?.join(rest))
    });
    real.unwrap_or_else(|| path.to_owned())
}

/// A launcher that has just answered.
#[derive(Debug)]
pub struct AnsweringLauncher {
    /// The path of its control socket.
    pub socket: PathBuf,
    /// The status in its answer.
    pub status: Box<LaunchStatus>,
}

/// The launcher of the app, at the first control socket at which one answers.
///
/// # Errors
///
/// Why none does; [`RequestError::Timeout`] if there is a launcher that is silent.
pub fn ask_launcher(context: &CommandContext) -> Result<AnsweringLauncher, RequestError> {
    ask_launcher_within(context, ANSWER_TIMEOUT)
}

/// The same for one that has less time to answer.
///
/// # Errors
///
/// Those of [`ask_launcher`].
pub fn ask_launcher_within(
    context: &CommandContext,
    timeout: Duration,
) -> Result<AnsweringLauncher, RequestError> {
    at_control_socket(context, |socket| {
        let answer = PendingRequest::send(socket, Request::Status).wait(timeout)?;
        match answer.ok_or(RequestError::Timeout)? {
            Response::Status(status) => Ok(AnsweringLauncher { socket: socket.to_owned(), status }),
            _ => Err(RequestError::Closed),
        }
    })
}

/// Whether a launcher of the app could be asked, without asking it.
///
/// # Errors
///
/// Why none could.
pub fn try_control_sockets(context: &CommandContext) -> Result<(), RequestError> {
    at_control_socket(context, |_| Ok(()))
}

/// What comes of `act` at the first control socket of the app at which it succeeds. What another process than the
/// launcher has put there is not asked.
fn at_control_socket<T>(
    context: &CommandContext,
    act: impl Fn(&Path) -> Result<T, RequestError>,
) -> Result<T, RequestError> {
    let held = AppLock::holder(&context.folders, &context.app);
    let launcher = held.as_ref().and_then(LockOutcome::process_here);
    let mut sockets: Vec<_> = control_sockets(context).collect();
    // A launcher whose home was renamed may have made its socket anew at the old path.
    if let Some(LockOutcome::Busy(Some(owner))) = held
        && !owner.is_elsewhere()
    {
        sockets.extend(owner.control.filter(|path| !sockets.contains(path)));
    }
    let mut why = None;
    for socket in sockets {
        match control::try_out(&socket, launcher).and_then(|()| act(&socket)) {
            Ok(done) => return Ok(done),
            Err(error @ RequestError::Timeout) => return Err(error),
            // That there is no socket says less than what is wrong with the first that there is.
            Err(error) if why.as_ref().is_none_or(RequestError::is_absent) => why = Some(error),
            Err(_) => {}
        }
    }
    Err(why.unwrap_or(RequestError::Closed))
}
