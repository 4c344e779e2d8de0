//! `launcher start`: claim a port, start the server on it, remember it, and stay.

use std::{ffi::OsString, path::PathBuf, sync::mpsc::Sender, time::Duration};

use jiff::Timestamp;
use shared::{
    assignment::Assignment,
    claim::{self, Claim},
    conflict::Origin,
    diagnose::Diagnostician,
    discovery::{self, AppLock, Discovery, withdraw},
    environment::Environment,
    event::{Event, MoveReason, ReadyLine, ServerAt, masked},
    exit::Exit,
    identity::Secret,
    keys, os,
    policy::Policy,
    port::Port,
    settings::{LogLevel, OnConflict},
};
use slog::{info, warn};

use crate::{
    args::StartArgs,
    candidates::{Candidate, Seed, Wishes, candidates},
    choose::{Choice, ChoiceError, Chooser},
    control,
    error::LaunchError,
    handover::Program,
    instance::{self, Turn},
    launch::Launch,
    options::{Basics, Options, OptionsError},
    os as system,
    render::{Ready, Screen},
    supervisor::{
        child::What,
        driver::{self, Host, Occasion},
        state::Rules,
    },
};

/// How much longer than the first start's server a second start waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Starts the app's server, or finds the one that runs.
#[must_use]
pub(super) fn start(args: &StartArgs, argv: &[OsString]) -> Exit {
    let environment = Environment::of_process();
    let screen = Screen::new(args.json);
    let basics = match Basics::resolve(args, &environment) {
        Ok(basics) => basics,
        Err(error) => return screen.failed_early(&LaunchError::from(error)),
    };
    let options = Options::resolve(args, &environment, &basics.folders.settings(&basics.app));
    let level = options.as_ref().map_or(LogLevel::default(), |options| options.log.value);
    let launch = Launch::open(basics, screen, level);
    match launch.run(options, argv) {
        Ok(exit) => exit,
        Err(error) => launch.fail(&error),
    }
}

/// What is known of the app before a port is chosen.
struct Memory {
    lock: Option<AppLock>,
    assignment: Assignment,
    secret: Secret,
}

impl Launch {
    fn run(
        &self,
        options: Result<Options, OptionsError>,
        argv: &[OsString],
    ) -> Result<Exit, LaunchError> {
        let (app, folders) = (&self.basics.app, &self.basics.folders);
        let recalled = Assignment::recall(&folders.assignment(app), &folders.history(), app);
        let last_good = recalled.assignment.last_good.map(|good| good.port);
        self.history.record(&Event::LaunchStarted {
            argv: masked(argv.iter().map(|word| word.to_string_lossy().into_owned())),
            last_good,
            home_port: options
                .as_ref()
                .ok()
                .and_then(|o| o.home_port.as_ref())
                .map(|port| port.value),
        });
        if let Some(recovery) = recalled.recovery {
            self.recovered(&folders.assignment(app), recovery);
        }
        let options = options?;
        let secret = self.secret();
        let patience = options.ready_timeout.value + PATIENCE;
        let lock = match instance::take_turn(&self.basics, &secret, patience, |error| {
            self.warn("the app's lock cannot be had, so this port will not be remembered", &error);
        })? {
            Turn::Ours(lock) => lock,
            Turn::Running(found, relation) => {
                let (port, url) = (found.port, found.url.clone());
                let event = Event::InstanceFound { port, url, relation };
                self.history.record(&event);
                self.screen.instance(
                    app,
                    &found,
                    &event,
                    relation,
                    options.port.as_ref().map(|p| p.value),
                );
                if options.open_browser.value {
                    self.open_browser(&found.url);
                }
                return Ok(self.stopped(found.port, "instance_found"));
            }
        };
        self.serve(&options, Memory { lock, assignment: recalled.assignment, secret })
    }

    /// Chooses a port and serves on it until the launch ends.
    fn serve(&self, options: &Options, memory: Memory) -> Result<Exit, LaunchError> {
        let (app, folders) = (&self.basics.app, &self.basics.folders);
        let news = driver::news();
        if let Err(error) = driver::listen_for_stop(&news.0) {
            self.warn("a request to stop will end the server at once", &error);
        }
        let program = Program::find(options.command.as_ref().map(|command| &command.value))?;
        let wanted =
            Wanted { explicit: options.port.as_ref().map(|port| port.value), ..Wanted::default() };
        let choice = self.choose(options, &memory, &wanted)?;
        let control = self.listen_for_commands(&memory, &news.0);
        let watch = driver::Watch {
            launch: self,
            program,
            secret: memory.secret.clone(),
            last_good: memory.assignment.last_good.map(|good| good.port),
            home_port: options.home_port.as_ref().map(|port| port.value),
            rules: Rules {
                ready_timeout: options.ready_timeout.value,
                restart: options.restart.value,
                redirect_for: options.redirect_for.value,
            },
            log_level: options.log.value,
        };
        let host = Keeper { launch: self, options, memory, control, generation: None };
        let (outcome, choice) = driver::watch(watch, choice, news, host);
        for file in [folders.discovery(app), folders.token(app), folders.control(app)] {
            withdraw(&file);
        }
        let port = choice.claim.port();
        drop(choice);
        self.end(port, outcome.into_result())
    }

    /// Opens the control socket, and says where it is; only whoever holds the app's lock may.
    fn listen_for_commands(&self, memory: &Memory, news: &Sender<What>) -> Option<PathBuf> {
        memory.lock.as_ref()?;
        let path = self.basics.folders.control(&self.basics.app);
        // Nobody listens any more when the launch is over.
        let news = news.clone();
        let asked = move |asked| drop(news.send(What::Asked(asked)));
        match control::listen(&path, asked) {
            Ok(()) => Some(path),
            Err(error) => {
                self.warn("other commands cannot reach this launcher", &error);
                None
            }
        }
    }

    fn choose(
        &self,
        options: &Options,
        memory: &Memory,
        wanted: &Wanted,
    ) -> Result<Choice, ChoiceError> {
        let (app, folders) = (&self.basics.app, &self.basics.folders);
        let policy = Policy::new(
            options.range.value,
            os::port_ranges(),
            options.avoid.clone(),
            Assignment::of_other_apps(folders, app),
        );
        if let Some(range) = policy.ignores_ephemeral() {
            warn!(self.log(), "the system's range for outgoing connections leaves too few ports and is not avoided"; keys::FROM => %range);
        }
        let wishes = Wishes {
            explicit: wanted.explicit,
            home: options.home_port.as_ref().map(|port| port.value),
            assignment: &memory.assignment,
            asked_range: options.range.is_said().then_some(options.range.value),
            seed: Seed::new(app.as_str(), &system::user()),
        };
        let propose = || portpicker::pick_unused_port().and_then(Port::new);
        let mut diagnostician = Diagnostician::new(app.clone(), folders, memory.secret.clone());
        let others =
            move |candidate: &Candidate| candidate.port.is_none_or(|port| Some(port) != wanted.but);
        Chooser {
            history: &self.history,
            diagnostician: &mut diagnostician,
            last_good: memory.assignment.last_good.map(|good| good.port),
            may_move: options.on_conflict.value == OnConflict::Move || wanted.but.is_some(),
        }
        .choose(candidates(&wishes, &policy, propose).filter(others))
    }
}

/// Which port is wanted.
#[derive(Debug, Default)]
struct Wanted {
    /// This one and no other.
    explicit: Option<Port>,
    /// Any but this one.
    but: Option<Port>,
}

/// What a launch keeps up to date while it is watched.
struct Keeper<'a> {
    launch: &'a Launch,
    options: &'a Options,
    memory: Memory,
    control: Option<PathBuf>,
    generation: Option<u64>,
}

impl Host for Keeper<'_> {
    fn claim(&mut self, port: Option<Port>, current: Port) -> Result<Choice, String> {
        if port == Some(current) {
            return Err(format!("it is on port {current} already"));
        }
        let wanted = Wanted { explicit: port, but: Some(current) };
        let choice = self.launch.choose(self.options, &self.memory, &wanted);
        choice.map_err(|error| {
            let failure = LaunchError::from(error);
            let why = failure.why();
            if why.is_empty() { failure.to_string() } else { why.join("; ") }
        })
    }

    fn ready(&mut self, choice: &Choice, at: &ServerAt, occasion: Occasion) {
        let previous = self.memory.assignment.last_good.map(|good| good.port);
        if occasion != Occasion::Again {
            self.generation = self.remember(choice, at, occasion);
        }
        self.publish(&choice.claim, at);
        match occasion {
            Occasion::First => self.announce(previous, choice, at),
            Occasion::Again => self.launch.screen.restarted(at),
            Occasion::Moved => self.launch.screen.moved(at),
        }
    }
}

impl Keeper<'_> {
    /// Remembers the port of a server that became ready, and tells which assignment of the app it
    /// is; `None` if it is not remembered.
    fn remember(&mut self, choice: &Choice, at: &ServerAt, occasion: Occasion) -> Option<u64> {
        let (launch, assignment) = (self.launch, &mut self.memory.assignment);
        let previous = assignment.last_good.map(|good| good.port);
        if let Some(from) = previous.filter(|port| *port != at.port) {
            let was_forced = occasion == Occasion::First && !choice.refused.is_empty();
            let why = if was_forced { MoveReason::Conflict } else { MoveReason::Asked };
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
    fn publish(&self, claim: &Claim, at: &ServerAt) {
        let basics = &self.launch.basics;
        let discovery = Discovery {
            schema: discovery::SCHEMA,
            app: basics.app.clone(),
            url: claim::url(at.port),
            port: at.port,
            addresses: claim.addresses(),
            launcher_pid: Some(std::process::id()),
            server_pid: at.server_pid,
            launch_id: self.launch.id,
            generation: self.generation,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Timestamp::now(),
            control: self.control.clone(),
        };
        if let Err(error) = discovery.publish(&basics.folders.discovery(&basics.app)) {
            self.launch.warn("other programs cannot find this server", &error);
        }
    }

    /// Says where the server is, for people.
    fn announce(&self, previous: Option<Port>, choice: &Choice, at: &ServerAt) {
        let Launch { id, basics, screen, .. } = self.launch;
        let url = claim::url(at.port);
        info!(self.launch.log(), "ready"; keys::PORT => at.port.get());
        let whose = (*id, Some(std::process::id()));
        screen.ready(&Ready {
            line: ReadyLine::new((&basics.app, &url), whose, choice.origin, at),
            url: &url,
            previous,
            choice,
            home: self.options.home_port.as_ref(),
            settings: &basics.folders.settings(&basics.app),
            history: &basics.folders.history(),
        });
        if self.options.open_browser.value {
            self.launch.open_browser(&url);
        }
    }
}
