//! The ports of other apps, as a program is told them by `{port@APP}`, `{url@APP}` and `{port:NAME@APP}`.
//!
//! Of an app that runs it is the port that it has, and else the one that its next start tries first. An app that has no
//! port yet is given one, which is written down for its first start: so the order of the starts does not matter, and
//! two apps may refer to each other. No other app is asked, because its lock and its files say enough.

use std::io;

use shared::{
    allotted_ports::{AllotmentLock, AllottedPorts},
    app::AppName,
    app_lock::{AppLock, LockOutcome},
    assignment::{Assignment, Recovery},
    claim,
    discovery::Discovery,
    event::RecoverySource,
    launch::UrlHost,
    message,
    os::LiveRanges,
    paths::Folders,
    policy::Policy,
    port::{Port, PortRange},
    settings::{Effective, Layers, Settings},
};

use crate::{
    candidates::{Seed, first_choices},
    launch::Launch,
    os as system,
    program::template::{TemplateError, TemplateWord},
};

/// The right to give ports to apps, for as long as it lives.
pub struct Allotment<'a> {
    launch: &'a Launch,
    lock: AllotmentLock,
}

impl<'a> Allotment<'a> {
    /// Waits until no other launch gives ports.
    ///
    /// # Errors
    ///
    /// Those of [`AllotmentLock::take`].
    pub fn begin(launch: &'a Launch) -> io::Result<Self> {
        let lock = AllotmentLock::take(&launch.context.folders)?;
        Ok(Self { launch, lock })
    }

    /// What `app` has been given. A file that holds something else is put aside, which is recorded.
    ///
    /// # Errors
    ///
    /// If it cannot be read or put aside.
    pub fn load(&self, app: &AppName) -> io::Result<AllottedPorts> {
        let file = self.launch.context.folders.allotted_ports(app);
        let (ports, set_aside) = AllottedPorts::load_or_set_aside(&file, &self.lock)?;
        if set_aside.is_some() {
            let (problem, source) = (message!("allotment.no_ports"), RecoverySource::Defaults);
            self.launch.recovered(&file, Recovery { problem, set_aside, source });
        }
        Ok(ports)
    }

    /// Writes down what `app` has been given.
    ///
    /// # Errors
    ///
    /// Whatever the disk refuses it with.
    pub fn commit(&self, app: &AppName, ports: &AllottedPorts) -> io::Result<()> {
        ports.commit(&self.launch.context.folders.allotted_ports(app), &self.lock)
    }
}

/// The policy for a port of `app` that is chosen anew: it is none that any app remembers.
pub fn policy(folders: &Folders, app: &AppName, range: PortRange, avoid: Vec<PortRange>) -> Policy {
    let mut reserved = Assignment::of_other_apps(folders, app);
    reserved
        .extend(Assignment::all_ports(folders, app).into_iter().map(|port| (port, app.clone())));
    Policy::new(range, LiveRanges::default(), avoid, reserved)
}

/// What the choice of a port for `app`, or of its further port of this name, is computed from.
pub fn seed(app: &AppName, name: Option<&AppName>) -> Seed {
    let of = name.map_or_else(|| app.to_string(), |name| format!("{app}:{name}"));
    Seed::new(&of, &system::user())
}

/// The text of a word that refers to another app.
///
/// # Errors
///
/// [`TemplateError::NotAvailable`] if it is no such word, or there is no port for that app.
pub fn value(launch: &Launch, word: &TemplateWord) -> Result<String, TemplateError> {
    let port = |app, name| {
        let port = port_of(launch, app, name);
        port.ok_or_else(|| TemplateError::NotAvailable(word.to_string()))
    };
    match word {
        TemplateWord::Port { name, app: Some(app) } => Ok(port(app, name.as_ref())?.to_string()),
        TemplateWord::Url { app: Some(app) } => {
            let port = port(app, None)?;
            Ok(host_of(&launch.context.folders, app, port).url(port))
        }
        other => Err(TemplateError::NotAvailable(other.to_string())),
    }
}

/// The host in the URL of `app`, as it is published for this port.
fn host_of(folders: &Folders, app: &AppName, port: Port) -> UrlHost {
    let mut published = Discovery::of_app(folders, app).filter(|found| found.port == port);
    match published.any(|found| found.url == UrlHost::Localhost.url(port)) {
        true => UrlHost::Localhost,
        false => UrlHost::Ipv4,
    }
}

/// The port of `app`, or its further port of this name. It is chosen now if there is none; `None` if there is none to choose.
fn port_of(launch: &Launch, app: &AppName, name: Option<&AppName>) -> Option<Port> {
    let folders = &launch.context.folders;
    let known = match name {
        None => known_port(folders, app),
        Some(name) => AllottedPorts::of(folders, app).ports.get(name).copied(),
    };
    known.or_else(|| {
        let allotted = give(launch, app, name, || choose(folders, app, name));
        allotted.unwrap_or_else(|error| {
            let what = message!("allotment.unwritten", app);
            launch.warn(&what, &error);
            choose(folders, app, name)
        })
    })
}

/// The port that `app` has, or that its next start tries first.
fn known_port(folders: &Folders, app: &AppName) -> Option<Port> {
    let running = || match AppLock::holder(folders, app)? {
        LockOutcome::Busy(Some(owner)) if owner.process_here().is_some() => owner.port,
        _ => None,
    };
    let last_good = || Assignment::load(&folders.assignment(app)).ok()?.last_good;
    let home = || Settings::load(&folders.settings(app)).ok()?.port;
    running().or_else(|| last_good().map(|good| good.port)).or_else(home)
}

/// Gives `app` the port that it has been given before, or the one of `choose`.
fn give(
    launch: &Launch,
    app: &AppName,
    name: Option<&AppName>,
    choose: impl FnOnce() -> Option<Port>,
) -> io::Result<Option<Port>> {
    let allotment = Allotment::begin(launch)?;
    let mut allotted = allotment.load(app)?;
    let given = match name {
        None => allotted.first_choice,
        Some(name) => allotted.ports.get(name).copied(),
    };
    if given.is_some() {
        return Ok(given);
    }
    let Some(port) = choose() else { return Ok(None) };
    match name {
        None => allotted.first_choice = Some(port),
        Some(name) => drop(allotted.ports.insert(name.clone(), port)),
    }
    allotment.commit(app, &allotted)?;
    Ok(Some(port))
}

/// Writes down the first choice of an app that is about to start for the first time in this range, so that every other
/// app is told the same.
///
/// # Errors
///
/// Whatever keeps it from being written.
pub fn settle_first_choice(
    launch: &Launch,
    range: PortRange,
    avoid: Vec<PortRange>,
) -> io::Result<()> {
    let (app, folders) = (&launch.context.app, &launch.context.folders);
    give(launch, app, None, || first_free(&policy(folders, app, range, avoid), seed(app, None)))
        .map(drop)
}

/// The first port for `app` that can be had at this moment, by its settings.
fn choose(folders: &Folders, app: &AppName, name: Option<&AppName>) -> Option<Port> {
    let path = folders.settings(app);
    let file = Settings::load(&path).unwrap_or_default();
    let (flags, variables) = (Settings::default(), Settings::default());
    let Effective { range, avoid, .. } =
        Layers { flags, variables, file: &file, path: &path }.effective();
    let avoid = avoid.value.iter().map(|avoided| avoided.0).collect();
    let policy = policy(folders, app, range.value, avoid);
    first_free(&policy, seed(app, name))
}

fn first_free(policy: &Policy, seed: Seed) -> Option<Port> {
    first_choices(policy, seed).find(|port| claim::can_be_bound(*port))
}
