//! The state of a launch outside the supervisor: the settings, the assignment and the discovery file,
//! which it keeps up to date.

use std::{collections::BTreeMap, net::SocketAddr, sync::mpsc::Sender, time::Instant};

use jiff::Timestamp;
use shared::{
    allotted_ports::AllottedPorts,
    assignment::Assignment,
    conflict::{Class, Conflict, Origin},
    diagnose::Diagnostician,
    discovery::Discovery,
    environment::Environment,
    event::{EndReason, Ending, Event, EventName, MoveReason, ServerAt, masked_text},
    history::{Filter, Found, Reader},
    identity::Secret,
    keys,
    launch::{LaunchInfo, UrlHost},
    message,
    os::LiveRanges,
    policy::Policy,
    port::Port,
    settings::{Change, Effective, OnConflict},
    trust::Purpose,
    words::ProgramMode,
};
use slog::{info, warn};

use crate::{
    args::StartArgs,
    candidates::{Candidate, CandidateInputs, Seed, candidates},
    choose::{Choice, ChoiceError, Chooser},
    desktop::opener::BrowserOpener,
    error::LaunchError,
    launch::{Launch, with_repair},
    options::{CommandContext, Options},
    os as system,
    program::ServerKind,
    render::ReadyNotice,
    run_files::RunFiles,
};

/// What is remembered of the app, read before a port is chosen.
pub struct RememberedState {
    /// Read from its file, or rebuilt from the history.
    pub assignment: Assignment,
    /// The secret that servers prove their identity with.
    pub secret: Secret,
}

/// The limits of a choice; there are none by default.
#[derive(Debug, Default)]
pub struct WantedPort {
    /// This port and no other.
    pub explicit: Option<Port>,
    /// The ports that this launch has already, which are no candidates.
    pub except: Vec<Port>,
}

/// Why a server has become ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadyReason {
    /// It is the first server of the launch.
    FirstStart,
    /// It replaces one that failed, or that a person had restarted.
    Restart,
    /// It replaces one that lost its port to another program.
    LostRace,
    /// A person asked for another port.
    Move {
        /// The port that the server leaves.
        from: Port,
    },
}

/// The state of a launch outside the supervisor.
pub struct LaunchState<'a> {
    /// What no restart and no move changes.
    pub launch: &'a Launch,
    /// The options of the command line, for reading the settings again.
    pub args: &'a StartArgs,
    /// The environment, for reading the settings again.
    pub environment: &'a Environment,
    /// The options that hold now.
    pub options: Options,
    /// Whose server it is.
    pub kind: ServerKind,
    /// What is remembered of the app.
    pub remembered: RememberedState,
    /// The app's lock, the control socket and the discovery file.
    pub run_files: RunFiles<'a>,
    /// The generation of the assignment that has the port; `None` if the port is not remembered.
    pub generation: Option<u64>,
    /// Why the port could not be remembered, as a sentence for a person.
    pub not_remembered: Option<String>,
    /// Opens the browser on a program, if that is wanted.
    pub opener: Option<BrowserOpener>,
    /// Ends the wait for the home port when it is dropped.
    pub home_port_wait: Option<Sender<()>>,
    /// The further ports of its program by their names.
    pub further: BTreeMap<String, Port>,
}

impl LaunchState<'_> {
    /// Claims a port to move to: this one, or any but those that are `held` already. The first of
    /// these is the current one; the others still redirect to it.
    ///
    /// # Errors
    ///
    /// Why there is none, as a sentence for the person who asked.
    pub fn claim_for_move(&self, port: Option<Port>, held: &[Port]) -> Result<Choice, String> {
        if let Some(place) = held.iter().position(|held| Some(*held) == port) {
            let port = held[place];
            return Err(match place {
                0 => message!("operation.same_port", port),
                _ => message!("operation.redirecting", port),
            });
        }
        let choice = self.choose(&WantedPort { explicit: port, except: held.to_vec() });
        choice.map_err(|error| {
            let failure = LaunchError::from(error);
            match failure.conflicts().first() {
                Some(conflict) => conflict.sentence_with_advice(),
                None => failure.in_one_line(),
            }
        })
    }

    /// Writes lost files anew. What could not be read while the app's lock could not be taken is read when it can.
    pub fn restore_files(&mut self) {
        let had_lock = self.run_files.lock().is_some();
        self.run_files.restore();
        // One that could not be kept proves the servers, unless there is another by now.
        let _ = self.remembered.secret.write_new(&self.launch.context.folders.secret());
        if !had_lock && self.run_files.lock().is_some() {
            self.remembered.assignment = self.launch.load_assignment(Purpose::Launch);
        }
        let file = self.launch.context.folders.assignment(&self.launch.context.app);
        let is_lost = self.generation.is_some() && matches!(file.try_exists(), Ok(false));
        if is_lost && let Some(lock) = self.run_files.lock() {
            // It is tried again at the next occasion.
            let _ = self.remembered.assignment.commit(&file, lock);
        }
    }

    /// Reads the settings again. A file that a start would refuse changes nothing. `is_recorded` is true if
    /// the change is in the history already.
    pub fn reload_settings(&mut self, is_recorded: bool) {
        let Launch { context, screen, history, .. } = self.launch;
        match Options::of_launch(self.args, self.environment, context) {
            Ok(options) => {
                let changes = self.options.file.changes(&options.file);
                let is_new = |change: &&Change| !is_recorded && !self.has_record_of(change);
                for change in changes.iter().filter(is_new) {
                    history.record(&change.clone().into());
                }
                screen.settings_reloaded(&changes);
                let at_login = options.settings.start_at_login.value;
                self.launch.reconcile_start_at_login(at_login);
                self.options = options;
            }
            Err(error) => {
                screen.warning(&message!("warning.settings_kept"), &error);
                let why = masked_text(&error.to_string());
                warn!(self.launch.log(), "settings not read again"; keys::ERROR => why);
            }
        }
    }

    /// Whether the newest record of this setting since the launch began has the same value: the command that changed
    /// it has written one.
    fn has_record_of(&self, change: &Change) -> bool {
        let CommandContext { app, folders, .. } = &self.launch.context;
        let filter = Filter {
            app: Some(app.clone()),
            since: Some(self.launch.started_at),
            ..Filter::of_events([EventName::SettingsChanged])
        };
        let records = Reader::of_history(&folders.history()).backward(&filter);
        let newest = records.into_iter().flatten().find_map(|found| match found {
            Ok(Found::Record(entry)) => match serde_json::from_str(&entry.text) {
                Ok(Event::SettingsChanged { key, to, .. }) if key == change.key => Some(to),
                _ => None,
            },
            _ => None,
        });
        newest.as_ref() == Some(&change.to)
    }

    /// The home port of the settings that hold now.
    pub fn home_port(&self) -> Option<Port> {
        self.options.home_port.as_ref().map(|home| home.value)
    }

    /// The port of the last server that became ready, this launch's own included.
    pub fn last_good_port(&self) -> Option<Port> {
        self.remembered.assignment.last_good.map(|good| good.port)
    }

    /// What an answer to a request adds: a port, a discovery file or records that could not be written.
    pub fn warning(&self) -> Option<String> {
        let lost = || self.launch.history.lost().map(|lost| lost.to_string());
        let not_found = || self.run_files.not_found().map(ToOwned::to_owned);
        self.not_remembered.clone().or_else(not_found).or_else(lost)
    }

    /// The home port, which another program had at the start, is free: records and prints it.
    pub fn home_port_is_free(&mut self, port: Port) {
        self.home_port_wait = None;
        let event = Event::PortReleased(Ending::of(port, EndReason::HomePortFree));
        self.launch.history.record(&event);
        self.launch.screen.home_is_free(&self.launch.context.app, port, &event);
    }

    /// Remembers the port of `choice`, publishes the server that has proved its identity there, and
    /// prints where it is.
    pub fn server_ready(
        &mut self,
        choice: &Choice,
        at: &ServerAt,
        host: UrlHost,
        reason: ReadyReason,
    ) {
        let previous = self.remembered.assignment.last_good.map(|good| good.port);
        if reason != ReadyReason::Restart || self.not_remembered.is_some() {
            self.generation = self.remember(choice, at, reason);
        }
        let info = LaunchInfo { host, ..self.launch.info(choice, previous) };
        self.publish(&info, at);
        system::notify_ready(&format!("serving at {}", info.url()));
        match reason {
            ReadyReason::FirstStart => self.announce(&info, at, &choice.refused),
            ReadyReason::Restart => self.launch.screen.restarted(&info, at),
            ReadyReason::LostRace => self.launch.screen.moved(&info, at),
            ReadyReason::Move { .. } => {
                // A person who has moved on purpose does not wait for the home port.
                self.home_port_wait = None;
                self.launch.screen.moved(&info, at);
            }
        }
    }

    /// Claims the first candidate that can be claimed.
    ///
    /// # Errors
    ///
    /// [`ChoiceError`] if there is none.
    pub fn choose(&self, wanted: &WantedPort) -> Result<Choice, ChoiceError> {
        let Self { launch, options, remembered, run_files, .. } = self;
        let (app, folders) = (&launch.context.app, &launch.context.folders);
        let Effective { range, on_conflict, .. } = &options.settings;
        let allotted = AllottedPorts::of(folders, app);
        let mut reserved = Assignment::of_other_apps(folders, app);
        reserved.extend(allotted.ports.values().map(|port| (*port, app.clone())));
        let policy = Policy::new(range.value, LiveRanges::default(), options.avoid(), reserved);
        let inputs = CandidateInputs {
            allotted: allotted.first_choice,
            explicit: wanted.explicit,
            home: options.home_port.as_ref().map(|port| port.value),
            assignment: &remembered.assignment,
            asked_range: range.is_set().then_some(range.value),
            seed: Seed::new(app.as_str(), &system::user()),
        };
        let propose = || portpicker::pick_unused_port().and_then(Port::new);
        let mut diagnostician = Diagnostician::new(app.clone(), folders, remembered.secret.clone());
        let others = move |candidate: &Candidate| {
            candidate.port.is_none_or(|port| !wanted.except.contains(&port))
        };
        let choice = Chooser {
            history: &launch.history,
            diagnostician: &mut diagnostician,
            last_good: remembered.assignment.last_good.map(|good| good.port),
            may_move: on_conflict.value == OnConflict::Move || !wanted.except.is_empty(),
            one_instance: wanted.except.is_empty(),
            killed_on: run_files.killed_on(),
            kind: self.kind,
        }
        .choose(candidates(&inputs, &policy, propose).filter(others));
        // For a remembered port the ranges of the system were not read, and are not read now.
        let is_chosen = choice.as_ref().is_ok_and(|choice| !choice.origin.is_remembered());
        if is_chosen && let Some(range) = policy.ignores_ephemeral() {
            warn!(launch.log(), "the system's range for outgoing connections leaves too few ports and is not avoided"; keys::FROM => %range);
        }
        choice
    }

    /// Remembers the port of a server that became ready. Returns the generation of the assignment;
    /// `None` if the port is not remembered.
    fn remember(&mut self, choice: &Choice, at: &ServerAt, reason: ReadyReason) -> Option<u64> {
        let (launch, previous) = (self.launch, self.last_good_port());
        let left = match reason {
            ReadyReason::FirstStart => previous
                .filter(|from| *from != at.port)
                .map(|from| (from, self.why_left(from, choice, at.port))),
            ReadyReason::Restart => None,
            ReadyReason::LostRace => previous.map(|from| (from, MoveReason::Conflict)),
            ReadyReason::Move { from } => Some((from, MoveReason::Asked)),
        };
        if let Some((from, why)) = left {
            launch.history.record(&Event::PortMoved { from, to: at.port, why });
        }
        if choice.origin == Origin::Temporary {
            let range = self.options.settings.range.value;
            self.not_remembered = Some(message!("warning.temporary", port = at.port, range));
            return None;
        }
        let lock = self.run_files.lock()?;
        let assignment = &mut self.remembered.assignment;
        assignment.assign(at.port, choice.origin, Timestamp::now());
        let file = launch.context.folders.assignment(&launch.context.app);
        if let Err(error) = assignment.commit(&file, lock) {
            let warning = message!("warning.not_remembered", port = at.port, file = file.display());
            let error = with_repair(&file, &error);
            launch.warn(&warning, &error);
            self.not_remembered = Some(format!("{warning} ({error})"));
            return None;
        }
        self.not_remembered = None;
        let generation = assignment.generation;
        launch.history.record(&Event::PortAssigned { port: at.port, generation, previous });
        Some(generation)
    }

    /// Why a start has left the last good port `from` for `to`.
    fn why_left(&self, from: Port, choice: &Choice, to: Port) -> MoveReason {
        match choice.origin {
            Origin::Home if self.launch.was_home_port_before(to) => MoveReason::HomePortFree,
            Origin::Home | Origin::Explicit => MoveReason::Asked,
            _ if choice.refused.iter().any(|conflict| conflict.port == from) => {
                MoveReason::Conflict
            }
            _ => MoveReason::OutsideRange,
        }
    }

    /// Publishes where the server is, for programs.
    fn publish(&mut self, info: &LaunchInfo, at: &ServerAt) {
        let discovery = Discovery::new(info, at.server_pid, at.addresses.clone());
        let mode = (self.kind == ServerKind::Program).then_some(ProgramMode::Number);
        let ports = self.further.clone();
        self.run_files.publish(Discovery { generation: self.generation, mode, ports, ..discovery });
    }

    /// Publishes that a program listens elsewhere, or in another process, than it did.
    pub fn publish_anew(&mut self, choice: &Choice, at: &ServerAt, host: UrlHost) {
        let info = LaunchInfo { host, ..self.launch.info(choice, self.last_good_port()) };
        self.publish(&info, at);
    }

    /// The conflict of a program that was to listen on the port of `choice`, where a stranger listens at `address`.
    pub fn lost_race(&self, choice: &Choice, address: SocketAddr) -> Conflict {
        let (app, folders) = (&self.launch.context.app, &self.launch.context.folders);
        let secret = self.remembered.secret.clone();
        let mut diagnostician = Diagnostician::new(app.clone(), folders, secret);
        let (port, began) = (choice.hold.port(), Instant::now());
        let finding = diagnostician.examine_listener(address);
        Conflict {
            port,
            origin: choice.origin,
            class: Class::LostRace,
            os_error: None,
            holder: finding.holder,
            last_good: self.last_good_port() == Some(port),
            elapsed: began.elapsed(),
        }
    }

    /// Prints where the server is, for people.
    fn announce(&mut self, info: &LaunchInfo, at: &ServerAt, refused: &[Conflict]) {
        let Launch { context, screen, history, .. } = self.launch;
        info!(self.launch.log(), "ready"; keys::PORT => at.port.get());
        let settings = context.folders.settings(&context.app);
        screen.ready(&ReadyNotice {
            launch: info,
            at,
            refused,
            home: self.options.home_port.as_ref(),
            range: &self.options.settings.range,
            what_sets_the_range: self.options.what_sets_the_range(&settings),
            now_wider: self.options.now_wider(&settings),
            is_remembered: self.generation.is_some(),
            history: history.lost().is_none().then(|| context.folders.history()).as_deref(),
        });
        if let Some(opener) = self.opener.take() {
            // It is gone only if it was killed, and the URL is on the screen.
            let _ = opener.open(&info.url());
        }
        let is_wanted = self.options.settings.open_browser.value && self.kind == ServerKind::Own;
        let token = self.launch.token.clone();
        // It opens on its own.
        if !is_wanted || self.launch.open_browser(at.port, || Ok(token)).is_none() {
            screen.started();
        }
    }
}
