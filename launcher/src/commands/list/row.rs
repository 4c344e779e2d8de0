//! What is known of one app.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    app::AppName,
    app_folder::AppFolder,
    app_lock::{AppLock, LockOutcome, LockOwner},
    assignment::Assignment,
    conflict::Conflict,
    discovery::Discovery,
    event::{Event, EventName},
    history::{Filter, Found, Reader},
    os::is_stopped,
    paths::Folders,
    port::Port,
    settings::Settings,
    words::{AnswerName, LaunchPhase, ProgramMode, RunState},
};
use uuid::Uuid;

use crate::{
    control::LaunchStatus,
    instance,
    options::CommandContext,
    program::{CommandTemplate, WrittenCommand},
};

/// How long a launcher may take to answer; one that works answers within a millisecond.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// How much of the history is read for the ends of the apps and their conflicts, in bytes: some 10,000 records.
const HISTORY_BUDGET: u64 = 4 << 20;

/// One app of the list.
#[derive(Debug)]
pub(super) struct AppRow {
    pub(super) app: AppName,
    pub(super) state: RunState,
    /// Where it serves; of an app that does not run, where its next start tries first.
    pub(super) url: Option<String>,
    pub(super) port: Option<Port>,
    pub(super) mode: Option<ProgramMode>,
    /// The process that serves.
    pub(super) pid: Option<u32>,
    main_pid: Option<u32>,
    launcher_pid: Option<u32>,
    /// The start of its launch.
    pub(super) since: Option<Timestamp>,
    pub(super) folder: Option<String>,
    /// With its templates, secrets masked.
    pub(super) command: Vec<String>,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) exposed: Vec<SocketAddr>,
    ports: BTreeMap<String, Port>,
    /// The other computer or container that it runs on.
    pub(super) machine: Option<String>,
    /// The last conflict of its running or last launch.
    pub(super) conflict: Option<Conflict>,
    launch_id: Option<Uuid>,
}

impl AppRow {
    /// Looks at the files of the app of `context`, and asks its launcher if it has one.
    pub(super) fn look(context: &CommandContext) -> Self {
        let mut row = Self::at_rest(context);
        let holder = AppLock::holder(&context.folders, &context.app);
        let Some(LockOutcome::Busy(owner)) = holder else { return row };
        row.state = RunState::Starting;
        if let Some(published) = Discovery::of_app(&context.folders, &context.app).next() {
            row.publishes(published);
        }
        match owner {
            Some(owner) if owner.is_elsewhere() => {
                row.state = RunState::Elsewhere;
                row.port = owner.port.or(row.port);
                row.machine = Some(owner.machine);
                return row;
            }
            Some(owner) if owner.process_here().is_some_and(is_stopped) => row.is_silent(&owner),
            owner => match instance::ask_launcher_within(context, ANSWER_TIMEOUT) {
                Ok(launcher) => row.answers(*launcher.status),
                // A server without a launcher has no control socket.
                Err(error) if !error.is_absent() || row.launcher_pid.is_some() => {
                    if let Some(owner) = owner {
                        row.is_silent(&owner);
                    }
                }
                Err(_) => {}
            },
        }
        row
    }

    /// The app as far as its settings and its memory tell.
    fn at_rest(context: &CommandContext) -> Self {
        let CommandContext { app, folders, .. } = context;
        let settings = Settings::load(&folders.settings(app)).unwrap_or_default();
        let assignment = Assignment::load(&folders.assignment(app)).unwrap_or_default();
        let port = settings.port.or(assignment.last_good.map(|good| good.port));
        let written = WrittenCommand::of_file(&settings);
        let ready = settings.ready.clone().unwrap_or_default();
        let template =
            written.as_ref().and_then(|written| CommandTemplate::parse(written, &ready).ok());
        let folder = AppFolder::load(&folders.app_folder(app)).ok();
        let folder = template
            .as_ref()
            .map(|template| template.folder().display().to_string())
            .or_else(|| folder.map(|folder| folder.path().display().to_string()));
        Self {
            app: app.clone(),
            state: RunState::Stopped,
            url: None,
            port,
            mode: None,
            pid: None,
            main_pid: None,
            launcher_pid: None,
            since: None,
            folder,
            command: template.map(|template| template.in_words()).unwrap_or_default(),
            addresses: vec![],
            exposed: vec![],
            ports: BTreeMap::new(),
            machine: None,
            conflict: None,
            launch_id: None,
        }
    }

    /// What the discovery file of an app has whose lock is held.
    fn publishes(&mut self, found: Discovery) {
        self.state = RunState::Serving;
        self.url = Some(found.url);
        self.port = Some(found.port);
        self.mode = found.mode;
        self.pid = Some(found.server_pid);
        self.main_pid = found.main_pid;
        self.launcher_pid = found.launcher_pid;
        self.since = Some(found.started_at);
        self.addresses = found.addresses;
        self.ports = found.ports;
        self.launch_id = Some(found.launch_id);
    }

    /// What its launcher says.
    fn answers(&mut self, status: LaunchStatus) {
        self.state = match status.state {
            LaunchPhase::Serving => RunState::Serving,
            LaunchPhase::Waiting => RunState::Waiting,
            LaunchPhase::Stopping => RunState::Stopping,
            LaunchPhase::Starting | LaunchPhase::Other => RunState::Starting,
        };
        self.url = Some(status.launch.url());
        self.port = Some(status.launch.port);
        self.mode = status.mode;
        self.pid = status.server_pid;
        self.main_pid = status.main_pid;
        self.launcher_pid = status.launch.launcher_pid;
        self.since = Some(status.started_at);
        self.launch_id = Some(status.launch.launch_id);
        self.folder = status.folder.or(self.folder.take());
        self.ports = status.ports;
        if !status.command.is_empty() {
            self.command = status.command;
        }
        if !status.addresses.is_empty() {
            (self.addresses, self.exposed) = (status.addresses, status.exposed);
        }
    }

    fn is_silent(&mut self, owner: &LockOwner) {
        self.state = RunState::Suspended;
        self.port = owner.port.or(self.port);
        self.launcher_pid = Some(owner.pid);
    }

    /// Where it runs, if it runs here.
    pub(super) fn running_port(&self) -> Option<Port> {
        let is_here =
            !matches!(self.state, RunState::Stopped | RunState::Failed | RunState::Elsewhere);
        self.port.filter(|_| is_here)
    }

    /// Adds what the history has of it.
    pub(super) fn add(&mut self, recorded: Option<LastLaunch>) {
        let Some(recorded) = recorded else { return };
        if self.state == RunState::Stopped && recorded.has_failed {
            self.state = RunState::Failed;
        }
        let launch = self.launch_id.or(recorded.launch_id);
        self.conflict = recorded.conflict.filter(|(of, _)| Some(*of) == launch).map(|(_, it)| it);
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "event": AnswerName::App,
            "app": self.app,
            "state": self.state,
            "url": self.url,
            "port": self.port,
            "mode": self.mode,
            "pid": self.pid,
            "main_pid": self.main_pid,
            "launcher_pid": self.launcher_pid,
            "since": self.since,
            "folder": self.folder,
            "command": self.command,
            "addresses": self.addresses,
            "exposed": self.exposed,
            "ports": self.ports,
            "machine": self.machine,
            "conflict": self.conflict,
        })
    }
}

/// What the history has of the last launches of an app.
#[derive(Debug, Default)]
pub(super) struct LastLaunch {
    /// Whether the last launch that ended has failed.
    has_failed: bool,
    /// The last launch that ended.
    launch_id: Option<Uuid>,
    /// The last conflict and its launch.
    conflict: Option<(Uuid, Conflict)>,
}

impl LastLaunch {
    /// Reads the ends and conflicts of all apps, the newest first. A history that cannot be read has none.
    pub(super) fn read(folders: &Folders) -> BTreeMap<AppName, Self> {
        let mut ended = BTreeMap::<AppName, Self>::new();
        let ends = [EventName::LaunchStopped, EventName::LaunchFailed, EventName::PortConflict];
        let Ok(mut found) =
            Reader::of_history(&folders.history()).backward(&Filter::of_events(ends))
        else {
            return ended;
        };
        let (end, mut has_end) = (found.at(), BTreeSet::new());
        while !found.is_done() && end - found.at() <= HISTORY_BUDGET {
            let Ok(step) = found.step() else { break };
            let Some(Found::Record(entry)) = step else { continue };
            let Ok(record) = entry.record() else { continue };
            let of_app = ended.entry(record.app.clone()).or_default();
            match record.event {
                Event::PortConflict(conflict) if of_app.conflict.is_none() => {
                    of_app.conflict = Some((record.launch_id, conflict));
                }
                // A second start that finds the first ends as well.
                Event::LaunchStopped(_) if has_end.insert(record.app.clone()) => {
                    of_app.launch_id = Some(record.launch_id);
                }
                Event::LaunchFailed(_) if has_end.insert(record.app.clone()) => {
                    of_app.launch_id = Some(record.launch_id);
                    of_app.has_failed = true;
                }
                _ => {}
            }
        }
        ended
    }
}
