//! What a launch keeps up to date while it is watched: the assignment, the discovery file, the
//! settings.

use std::{path::PathBuf, sync::mpsc::Sender};

use jiff::Timestamp;
use shared::{
    assignment::Assignment,
    conflict::{Conflict, Origin},
    diagnose::Diagnostician,
    discovery::{AppLock, Discovery},
    environment::Environment,
    event::{EndReason, Ending, Event, MoveReason, ServerAt},
    identity::Secret,
    keys,
    launch::LaunchInfo,
    os::LiveRanges,
    policy::Policy,
    port::Port,
    settings::{Effective, OnConflict},
};
use slog::{info, warn};

use crate::{
    args::StartArgs,
    candidates::{Candidate, CandidateInputs, Seed, candidates},
    choose::{Choice, ChoiceError, Chooser},
    error::LaunchError,
    launch::Launch,
    options::Options,
    os as system,
    render::Ready,
    supervisor::{
        driver::{Host, Occasion},
        state::Rules,
    },
};

/// What is known of the app before a port is chosen.
pub struct Memory {
    /// The right to write what is remembered, if the system could give it.
    pub lock: Option<AppLock>,
    /// The remembered ports.
    pub assignment: Assignment,
    /// What proves whose server it is.
    pub secret: Secret,
}

/// Which port is wanted.
#[derive(Debug, Default)]
pub struct Wanted {
    /// This one and no other.
    pub explicit: Option<Port>,
    /// None of these.
    pub but: Vec<Port>,
}

/// What a launch keeps up to date while it is watched.
pub struct Keeper<'a> {
    /// The launch.
    pub launch: &'a Launch,
    /// What was typed, for reading the settings again.
    pub args: &'a StartArgs,
    /// The environment, for the same.
    pub environment: &'a Environment,
    /// What is meant by them and the settings.
    pub options: Options,
    /// What is remembered.
    pub memory: Memory,
    /// Where other commands reach this launch.
    pub control: Option<PathBuf>,
    /// Which assignment of the app the port is; `None` if it is not remembered.
    pub generation: Option<u64>,
    /// Held while somebody waits for the home port to become free.
    pub home_watch: Option<Sender<()>>,
}

impl Host for Keeper<'_> {
    fn claim(&mut self, port: Option<Port>, held: &[Port]) -> Result<Choice, String> {
        if let Some(place) = held.iter().position(|held| Some(*held) == port) {
            let (port, way) = (held[place], "stop it and start it with --port to have it now");
            return Err(match place {
                0 => format!("it is on port {port} already"),
                _ => format!("port {port} still leads here after an earlier move; {way}"),
            });
        }
        let choice = self.choose(&Wanted { explicit: port, but: held.to_vec() });
        choice.map_err(|error| {
            let failure = LaunchError::from(error);
            let why = failure.why();
            if why.is_empty() { failure.to_string() } else { why.join("; ") }
        })
    }

    fn reread(&mut self, is_recorded: bool) -> Option<Rules> {
        let Launch { basics, screen, history, .. } = self.launch;
        let file = basics.folders.settings(&basics.app);
        match Options::resolve(self.args, self.environment, &file) {
            Ok(options) => {
                let changes = self.options.file.changes(&options.file);
                if !is_recorded {
                    changes.iter().for_each(|change| history.record(&change.clone().into()));
                }
                screen.reread(&changes);
                let at_login = options.settings.start_at_login.value;
                self.launch.reconcile_start_at_login(at_login);
                self.options = options;
                Some(self.options.rules())
            }
            Err(error) => {
                screen.warning("the settings stay as they were", &error);
                warn!(self.launch.log(), "settings not read again"; keys::ERROR => %error);
                None
            }
        }
    }

    fn home_port(&self) -> Option<Port> {
        self.options.home_port.as_ref().map(|home| home.value)
    }

    fn home_is_free(&mut self, port: Port) {
        self.home_watch = None;
        let ending = Ending::of(port, EndReason::HomePortFree);
        self.launch.history.record(&Event::PortReleased(ending));
        self.launch.screen.home_is_free(port);
    }

    fn ready(&mut self, choice: &Choice, at: &ServerAt, occasion: Occasion) {
        let previous = self.memory.assignment.last_good.map(|good| good.port);
        if occasion != Occasion::Again {
            self.generation = self.remember(choice, at, occasion);
        }
        let info = self.launch.info(choice, previous);
        self.publish(&info, at);
        system::notify_ready(&format!("serving at {}", info.url()));
        match occasion {
            Occasion::First => self.announce(&info, at, &choice.refused),
            Occasion::Again => self.launch.screen.restarted(&info, at),
            Occasion::Moved => {
                // Whoever has moved on purpose does not wait for home.
                self.home_watch = None;
                self.launch.screen.moved(&info, at);
            }
        }
    }
}

impl Keeper<'_> {
    /// Claims the first candidate that can be claimed.
    ///
    /// # Errors
    ///
    /// [`ChoiceError`] if there is none.
    pub fn choose(&self, wanted: &Wanted) -> Result<Choice, ChoiceError> {
        let Self { launch, options, memory, .. } = self;
        let (app, folders) = (&launch.basics.app, &launch.basics.folders);
        let Effective { range, on_conflict, .. } = &options.settings;
        let policy = Policy::new(
            range.value,
            LiveRanges::default(),
            options.avoid(),
            Assignment::of_other_apps(folders, app),
        );
        let inputs = CandidateInputs {
            explicit: wanted.explicit,
            home: options.home_port.as_ref().map(|port| port.value),
            assignment: &memory.assignment,
            asked_range: range.is_set().then_some(range.value),
            seed: Seed::new(app.as_str(), &system::user()),
        };
        let propose = || portpicker::pick_unused_port().and_then(Port::new);
        let mut diagnostician = Diagnostician::new(app.clone(), folders, memory.secret.clone());
        let others = move |candidate: &Candidate| {
            candidate.port.is_none_or(|port| !wanted.but.contains(&port))
        };
        let choice = Chooser {
            history: &launch.history,
            diagnostician: &mut diagnostician,
            last_good: memory.assignment.last_good.map(|good| good.port),
            may_move: on_conflict.value == OnConflict::Move || !wanted.but.is_empty(),
        }
        .choose(candidates(&inputs, &policy, propose).filter(others));
        // Where the port was remembered nobody has asked the system for its ranges, nor shall now.
        let is_chosen = choice.as_ref().is_ok_and(|choice| !choice.origin.is_remembered());
        if is_chosen && let Some(range) = policy.ignores_ephemeral() {
            warn!(launch.log(), "the system's range for outgoing connections leaves too few ports and is not avoided"; keys::FROM => %range);
        }
        choice
    }

    /// Remembers the port of a server that became ready, and tells which assignment of the app it
    /// is; `None` if it is not remembered.
    fn remember(&mut self, choice: &Choice, at: &ServerAt, occasion: Occasion) -> Option<u64> {
        let (launch, assignment) = (self.launch, &mut self.memory.assignment);
        let previous = assignment.last_good.map(|good| good.port);
        if let Some(from) = previous.filter(|port| *port != at.port) {
            let why = match occasion {
                Occasion::First if !choice.refused.is_empty() => MoveReason::Conflict,
                Occasion::First
                    if choice.origin == Origin::Home && launch.wished_before(at.port) =>
                {
                    MoveReason::HomePortFree
                }
                _ => MoveReason::Asked,
            };
            launch.history.record(&Event::PortMoved { from, to: at.port, why });
        }
        if choice.origin == Origin::Temporary {
            return None;
        }
        let lock = self.memory.lock.as_ref()?;
        assignment.assign(at.port, choice.origin, Timestamp::now());
        let file = launch.basics.folders.assignment(&launch.basics.app);
        if let Err(error) = assignment.commit(&file, lock) {
            launch.warn("this port will not be remembered", &error);
            return None;
        }
        let generation = assignment.generation;
        launch.history.record(&Event::PortAssigned { port: at.port, generation, previous });
        Some(generation)
    }

    /// Says where the server is, for programs.
    fn publish(&self, info: &LaunchInfo, at: &ServerAt) {
        let basics = &self.launch.basics;
        let discovery = Discovery {
            generation: self.generation,
            control: self.control.clone(),
            ..Discovery::new(info, at.server_pid, at.addresses.clone())
        };
        if let Err(error) = discovery.publish(&basics.folders.discovery(&basics.app)) {
            self.launch.warn("other programs cannot find this server", &error);
        }
    }

    /// Says where the server is, for people.
    fn announce(&self, info: &LaunchInfo, at: &ServerAt, refused: &[Conflict]) {
        let Launch { basics, screen, .. } = self.launch;
        info!(self.launch.log(), "ready"; keys::PORT => at.port.get());
        screen.ready(&Ready {
            launch: info,
            at,
            refused,
            home: self.options.home_port.as_ref(),
            settings: &basics.folders.settings(&basics.app),
            history: &basics.folders.history(),
        });
        if self.options.settings.open_browser.value {
            // It opens on its own.
            drop(self.launch.open_browser(at.port));
        }
    }
}
