//! `launcher start`: claim a port, start the server on it, remember it, and stay.

use std::{ffi::OsString, time::Duration};

use jiff::Timestamp;
use shared::{
    assignment::Assignment,
    claim::{self, Claim},
    conflict::Origin,
    control::Adoption,
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
    candidates::{Seed, Wishes, candidates},
    choose::{Choice, Chooser},
    error::LaunchError,
    handover::Program,
    instance::{self, Turn},
    launch::Launch,
    options::{Basics, Options, OptionsError},
    os as system,
    render::{Ready, Screen},
    supervisor::{driver, state::Rules},
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
    fn serve(&self, options: &Options, mut memory: Memory) -> Result<Exit, LaunchError> {
        let news = driver::news();
        if let Err(error) = driver::listen_for_stop(&news.0) {
            self.warn("a request to stop will end the server at once", &error);
        }
        let program = Program::find(options.command.as_ref().map(|command| &command.value))?;
        let choice = self.choose(options, &memory)?;
        let previous = memory.assignment.last_good.map(|good| good.port);
        let (claim, origin) = (&choice.claim, choice.origin);
        let adoption = Adoption {
            launch_id: self.id,
            port: claim.port(),
            origin,
            last_good: previous,
            launcher_pid: std::process::id(),
            secret: memory.secret.clone(),
        };
        let secret = memory.secret.clone();
        let watch = driver::Watch {
            basics: &self.basics,
            program,
            claim,
            adoption,
            secret: &secret,
            rules: Rules {
                ready_timeout: options.ready_timeout.value,
                restart: options.restart.value,
            },
            log_level: options.log.value,
            history: &self.history,
            log: self.log(),
            started: self.started,
        };
        let mut generation = None;
        let mut is_first = true;
        let outcome = driver::watch(watch, news, |at| {
            if std::mem::take(&mut is_first) {
                generation = self.remember(&mut memory, &choice, at);
                self.publish(&choice.claim, at, generation);
                self.announce(options, previous, &choice, at);
            } else {
                self.publish(&choice.claim, at, generation);
                self.screen.restarted(at);
            }
        });
        withdraw(&self.basics.folders.discovery(&self.basics.app));
        withdraw(&self.basics.folders.token(&self.basics.app));
        let port = choice.claim.port();
        drop(choice);
        self.end(port, outcome.into_result())
    }

    fn choose(&self, options: &Options, memory: &Memory) -> Result<Choice, LaunchError> {
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
            explicit: options.port.as_ref().map(|port| port.value),
            home: options.home_port.as_ref().map(|port| port.value),
            assignment: &memory.assignment,
            asked_range: options.range.is_said().then_some(options.range.value),
            seed: Seed::new(app.as_str(), &system::user()),
        };
        let propose = || portpicker::pick_unused_port().and_then(Port::new);
        let mut diagnostician = Diagnostician::new(app.clone(), folders, memory.secret.clone());
        let chosen = Chooser {
            history: &self.history,
            diagnostician: &mut diagnostician,
            last_good: memory.assignment.last_good.map(|good| good.port),
            may_move: options.on_conflict.value == OnConflict::Move,
        }
        .choose(candidates(&wishes, &policy, propose));
        Ok(chosen?)
    }

    /// Remembers the port of a server that became ready, and tells which assignment of the app it
    /// is; `None` if it is not remembered.
    fn remember(&self, memory: &mut Memory, choice: &Choice, at: &ServerAt) -> Option<u64> {
        let previous = memory.assignment.last_good.map(|good| good.port);
        if let Some(from) = previous.filter(|port| *port != at.port) {
            let why =
                if choice.refused.is_empty() { MoveReason::Asked } else { MoveReason::Conflict };
            self.history.record(&Event::PortMoved { from, to: at.port, why });
        }
        if choice.origin == Origin::Temporary {
            return None;
        }
        let lock = memory.lock.as_ref()?;
        memory.assignment.assign(at.port, choice.origin, Timestamp::now());
        let file = self.basics.folders.assignment(&self.basics.app);
        if let Err(error) = memory.assignment.commit(&file, lock) {
            self.warn("this port will not be remembered", &error);
            return None;
        }
        let generation = memory.assignment.generation;
        self.history.record(&Event::PortAssigned { port: at.port, generation, previous });
        Some(generation)
    }

    /// Says where the server is, for programs.
    fn publish(&self, claim: &Claim, at: &ServerAt, generation: Option<u64>) {
        let discovery = Discovery {
            schema: discovery::SCHEMA,
            app: self.basics.app.clone(),
            url: claim::url(at.port),
            port: at.port,
            addresses: claim.addresses(),
            launcher_pid: Some(std::process::id()),
            server_pid: at.server_pid,
            launch_id: self.id,
            generation,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Timestamp::now(),
            control: None,
        };
        let file = self.basics.folders.discovery(&self.basics.app);
        if let Err(error) = discovery.publish(&file) {
            self.warn("other programs cannot find this server", &error);
        }
    }

    /// Says where the server is, for people.
    fn announce(&self, options: &Options, previous: Option<Port>, choice: &Choice, at: &ServerAt) {
        let (app, url) = (&self.basics.app, claim::url(at.port));
        info!(self.log(), "ready"; keys::PORT => at.port.get());
        self.screen.ready(&Ready {
            line: ReadyLine::new(
                (app, &url),
                (self.id, Some(std::process::id())),
                choice.origin,
                at,
            ),
            url: &url,
            previous,
            choice,
            home: options.home_port.as_ref(),
            settings: &self.basics.folders.settings(app),
            history: &self.basics.folders.history(),
        });
        if options.open_browser.value {
            self.open_browser(&url);
        }
    }
}
