//! Finds out why a port could not be claimed, and who holds it.
//!
//! A diagnosis is evidence for a person and decides nothing: it never fails, never ends a process,
//! and never changes which port is used. It asks the system for its tables once, at the first
//! conflict, and takes [`BUDGET`] for everything together; what cannot be found out in that time, or
//! at all, is left unknown. A port that nothing is seen to hold is still [`Class::InUse`], because a
//! socket may be bound without listening, which not every system tells, or live in another namespace. One that is
//! seen to be bound is the reservation of an app of this user if the process that has it is the one which the lock
//! of the app names.
//!
//! "Access denied" is explained in one order: the port is low, a program listens (on Windows it may
//! exclude all others, and may be the kernel), the system has set the port aside, an outgoing
//! connection has it; else the class is unknown. The system's ranges are read only where no program
//! listens, because that may take long.
//!
//! A port that was asked for or remembered is also probed for one of our own servers, with an identity
//! request, unless the tables show that it cannot be ours. Nothing else is ever sent.

mod holders;

mod budget;
mod finding;
mod snapshot;

#[cfg(test)]
mod test;

use std::{
    io,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

pub use finding::Finding;

use crate::{
    app::AppName,
    app_lock::AppLock,
    claim::{ClaimError, LOOPBACKS},
    conflict::{Class, Conflict, Holder, OsError},
    diagnose::{
        budget::Budget,
        holders::Holders,
        snapshot::{ConflictingSockets, Snapshot},
    },
    discovery::Discovery,
    identity::{Identity, PROBE_TIMEOUT, ProbeError, Secret},
    invoked_as,
    os::{PortRanges, SocketEntry, SocketState, SocketTables, System},
    paths::Folders,
    port::Port,
};

/// The time for all queries of one [`Diagnostician`] together. A person waits for the launch, so it is
/// no longer than what still feels like one step.
pub const BUDGET: Duration = Duration::from_secs(1);

/// How much is asked about a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The socket tables and a probe of the port: for one that was asked for or remembered.
    Full,
    /// The socket tables alone.
    Quick,
}

/// Whether the process with a number here listens on a port, as far as the tables of the system show it.
pub fn is_listener(pid: u32, port: Port) -> bool {
    has_socket(pid, port, &[SocketState::Listen])
}

/// Whether the process with a number here listens on a port or keeps it for a program, as far as the tables of the
/// system show it.
pub fn is_holder(pid: u32, port: Port) -> bool {
    has_socket(pid, port, &[SocketState::Listen, SocketState::Bound])
}

fn has_socket(pid: u32, port: Port, states: &[SocketState]) -> bool {
    let system = System::default();
    let seen = Snapshot::read(&system, true);
    let sockets = seen.in_states(port, states);
    let ids = sockets.iter().filter_map(|entry| entry.id).collect();
    seen.with_holders(system.holders(&ids)).pids(&sockets).contains(&pid)
}

/// Whether any process listens on a port, as far as the tables of the system show it.
pub fn is_listened_on(port: Port) -> bool {
    let system = System::default();
    let listeners = system.listeners().unwrap_or_else(|| system.sockets()).unwrap_or_default();
    listeners
        .iter()
        .any(|entry| entry.state == SocketState::Listen && entry.local.port() == port.get())
}

/// Finds out why ports could not be claimed, for one launch.
pub struct Diagnostician {
    app: AppName,
    folders: Folders,
    secret: Secret,
    holders: Holders,
    seen: Option<Snapshot>,
    /// `None` before the first query, `Some(None)` if the system did not answer it in time.
    ranges: Option<Option<PortRanges>>,
}

/// The result of an identity request to the port.
enum ProbeOutcome {
    /// A server of this user answered.
    Ours(Identity),
    /// It did not answer, although a program that serves would.
    NoAnswer,
    /// Another program answered, or the budget was used up.
    NotOurs,
}

impl Diagnostician {
    /// For `app`. This user's own servers are published in the `folders` and recognised by the
    /// `secret`.
    pub fn new(app: AppName, folders: &Folders, secret: Secret) -> Self {
        Self::of(Box::new(System::default()), BUDGET, app, folders, secret)
    }

    fn of(
        system: Box<dyn SocketTables>,
        budget: Duration,
        app: AppName,
        folders: &Folders,
        secret: Secret,
    ) -> Self {
        let holders = Holders::new(Budget::new(system, budget));
        Self { app, folders: folders.clone(), secret, holders, seen: None, ranges: None }
    }

    /// Finds out why `port` could not be claimed.
    pub fn examine(&mut self, port: Port, error: &ClaimError, depth: Depth) -> Finding {
        let mut seen = self.seen.take().unwrap_or_else(|| self.look_around(true));
        let mut sockets = seen.conflicting_sockets(error.address.ip(), port, error.anywhere);
        if sockets.listeners.is_empty() && seen.has_listeners_alone {
            seen = self.look_around(false);
            sockets = seen.conflicting_sockets(error.address.ip(), port, error.anywhere);
        }
        let finding = match error.source.kind() {
            io::ErrorKind::AddrInUse => self.in_use(&seen, port, error, &sockets, depth),
            io::ErrorKind::PermissionDenied => self.denied(&seen, port, error, &sockets, depth),
            _ => Finding { class: Class::Unknown, holder: None },
        };
        self.seen = Some(seen);
        finding
    }

    /// Finds out who listens at an address that a program of ours was to have.
    pub fn examine_listener(&mut self, address: SocketAddr) -> Finding {
        let Some(port) = Port::new(address.port()) else {
            return Finding { class: Class::Unknown, holder: None };
        };
        let source = io::ErrorKind::AddrInUse.into();
        let error = ClaimError { address, other_had: false, anywhere: false, source };
        self.examine(port, &error, Depth::Quick)
    }

    /// Diagnoses in full the conflict of an explicit port, whose claim was begun at `began` and ended with `error`.
    pub fn explicit_conflict(
        &mut self,
        port: Port,
        error: &ClaimError,
        last_good: bool,
        began: Instant,
    ) -> Conflict {
        let finding = self.examine(port, error, Depth::Full);
        Conflict {
            os_error: Some(OsError::from(&error.source)),
            holder: finding.holder,
            elapsed: began.elapsed(),
            ..Conflict::explicit(port, finding.class, last_good)
        }
    }

    /// Reads the listeners alone, if they are enough and can be had sooner, or else all sockets.
    fn look_around(&mut self, listeners_are_enough: bool) -> Snapshot {
        let system = self.holders.system();
        let tables = system.query(move |system| Snapshot::read(system, listeners_are_enough));
        let Some(seen) = tables else { return Snapshot::default() };
        let ids = seen.ids();
        let holders = system.query(move |system| system.holders(&ids));
        seen.with_holders(holders.unwrap_or_default())
    }

    fn in_use(
        &mut self,
        seen: &Snapshot,
        port: Port,
        error: &ClaimError,
        sockets: &ConflictingSockets,
        depth: Depth,
    ) -> Finding {
        let ip = error.address.ip();
        let local = ip.is_loopback() || ip.is_unspecified();
        let is_localhost = LOOPBACKS.contains(&ip) || ip.is_unspecified();
        // What is left of the connections of an earlier server keeps the port from no one who shares it.
        if sockets.listeners.is_empty() && !sockets.bound.is_empty() {
            let found = self.holders.of(seen, &sockets.bound);
            if error.other_had && is_localhost {
                return Finding { class: Class::OtherFamily, ..found };
            }
            return self.reservation(found);
        }
        let is_connected = !sockets.connections.is_empty() || !sockets.time_wait.is_empty();
        if sockets.listeners.is_empty() && is_connected {
            let holder = self.holders.of(seen, &sockets.connections).holder;
            return Finding { class: Class::SourcePort, holder };
        }
        if sockets.listeners.is_empty() && self.is_restricted(port) {
            return Finding { class: Class::Restricted, holder: None };
        }
        let found = self.holders.of(seen, &sockets.listeners);
        if error.other_had && is_localhost {
            return Finding { class: Class::OtherFamily, ..found };
        }
        let is_visible = found.class != Class::HiddenOwner;
        if depth == Depth::Full && is_visible && ip.is_ipv4() && local {
            return self.probe_listener(seen, port, &sockets.listeners, found);
        }
        found
    }

    /// The finding for a port that is bound and not listened on: the reservation of an app, if the content of the app's
    /// lock names its process.
    fn reservation(&self, found: Finding) -> Finding {
        let pid = found.holder.as_ref().and_then(|holder| holder.pid);
        match pid.and_then(|pid| AppLock::app_of_process(&self.folders, pid)) {
            Some(app) if app == self.app => Finding { class: Class::OwnInstance, ..found },
            Some(app) => of_other_app(found, &app),
            None => found,
        }
    }

    /// The class of "permission denied", in the order that the module describes.
    fn denied(
        &mut self,
        seen: &Snapshot,
        port: Port,
        error: &ClaimError,
        sockets: &ConflictingSockets,
        depth: Depth,
    ) -> Finding {
        let without_holder = |class| Finding { class, holder: None };
        if self.is_privileged(port) {
            without_holder(Class::Privileged)
        } else if !sockets.listeners.is_empty() {
            self.in_use(seen, port, error, sockets, depth)
        } else if self.is_excluded(port) {
            without_holder(Class::Excluded)
        } else if !sockets.connections.is_empty() {
            self.in_use(seen, port, error, sockets, depth)
        } else {
            without_holder(Class::Unknown)
        }
    }

    /// The system's ranges, asked for once.
    fn ranges(&mut self) -> Option<&PortRanges> {
        let system = self.holders.system();
        self.ranges.get_or_insert_with(|| system.query(|system| system.port_ranges())).as_ref()
    }

    fn is_excluded(&mut self, port: Port) -> bool {
        self.ranges().is_some_and(|ranges| ranges.excluded.iter().any(|range| range.contains(port)))
    }

    fn is_privileged(&mut self, port: Port) -> bool {
        self.holders.system().query(move |system| system.is_privileged(port)).unwrap_or_default()
    }

    fn is_restricted(&mut self, port: Port) -> bool {
        self.holders.system().query(move |system| system.is_restricted(port)).unwrap_or_default()
    }

    fn probe_listener(
        &mut self,
        seen: &Snapshot,
        port: Port,
        listeners: &[SocketEntry],
        found: Finding,
    ) -> Finding {
        let orphaned = self.holders.are_orphans(seen, listeners);
        if !orphaned && !self.may_be_ours(port, found.holder.as_ref()) {
            return found;
        }
        match self.probe(port) {
            ProbeOutcome::Ours(identity)
                if identity.app == self.app
                    && !identity.home_id.is_other_than(&self.folders.home_id()) =>
            {
                Finding { class: Class::OwnInstance, ..found }
            }
            ProbeOutcome::Ours(identity) => of_other_app(found, &identity.app),
            ProbeOutcome::NoAnswer if orphaned && self.is_unanswered(listeners) => {
                Finding { class: Class::GhostOwner, ..found }
            }
            ProbeOutcome::NoAnswer => match self.silent_app(port, found.holder.as_ref()) {
                Some(app) if app == self.app => Finding { class: Class::OwnInstance, ..found },
                Some(app) => of_other_app(found, &app),
                None => found,
            },
            ProbeOutcome::NotOurs => found,
        }
    }

    /// The app whose server does not answer on `port`, being stopped, busy or about to start: the holder has this app's
    /// lock, or is the process that a discovery file names.
    fn silent_app(&self, port: Port, holder: Option<&Holder>) -> Option<AppName> {
        let pid = holder?.pid?;
        let held = AppLock::holder(&self.folders, &self.app);
        if held.and_then(|held| held.process_here()) == Some(pid) {
            // Its server may only be starting, and is published when it is ready.
            return Some(self.app.clone());
        }
        let home_id = self.folders.home_id();
        let is_it = |found: &Discovery| {
            let is_process = found.launcher_pid == Some(pid) || found.server_pid == pid;
            found.port == port && is_process && !found.home_id.is_other_than(&home_id)
        };
        Discovery::published(self.folders.run()).into_iter().find(is_it).map(|found| found.app)
    }

    fn probe(&mut self, port: Port) -> ProbeOutcome {
        let system = self.holders.system();
        let (secret, timeout) = (self.secret.clone(), PROBE_TIMEOUT.min(system.remaining()));
        match system.query(move |_| secret.probe(port, timeout)) {
            Some(Ok(identity)) => ProbeOutcome::Ours(identity),
            Some(Err(ProbeError::NoAnswer(_))) => ProbeOutcome::NoAnswer,
            Some(Err(_)) | None => ProbeOutcome::NotOurs,
        }
    }

    /// Whether the port is worth asking: a stranger who does not answer would cost the launch
    /// [`PROBE_TIMEOUT`]. One of our servers is published under its port, or the holder is a server or a
    /// launcher of ours, which holds the sockets too, or its program cannot be seen.
    fn may_be_ours(&self, port: Port, holder: Option<&Holder>) -> bool {
        let program = holder.and_then(|holder| holder.exe.as_deref()).map(Path::new);
        let names = [invoked_as::SERVERS, invoked_as::LAUNCHERS].concat();
        let runs_ours = |exe: &Path| invoked_as::is_one_of(&names, exe);
        program.is_none_or(runs_ours)
            || Discovery::published(self.folders.run()).iter().any(|found| found.port == port)
    }

    /// Whether connections wait there that no process accepts.
    fn is_unanswered(&mut self, listeners: &[SocketEntry]) -> bool {
        let ids: Vec<_> = listeners.iter().filter_map(|listener| listener.id).collect();
        let now = self.holders.system().query(|system| system.sockets().unwrap_or_default());
        let same = |socket: &SocketEntry| socket.id.is_some_and(|id| ids.contains(&id));
        now.into_iter().flatten().any(|socket| same(&socket) && socket.waiting > 0)
    }
}

/// The finding for a process of another app: `app` is added to its name.
fn of_other_app(found: Finding, app: &AppName) -> Finding {
    let mut holder = found.holder.unwrap_or_default();
    let name = holder.name.map(|name| format!("{name} of {app}"));
    holder.name = name.or_else(|| Some(app.to_string()));
    Finding { class: Class::ReservedByApp, holder: Some(holder) }
}
