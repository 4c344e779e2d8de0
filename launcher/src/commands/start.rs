//! `launcher start`: claim a port, start the server on it, remember it, and stay.

use std::{ffi::OsString, path::PathBuf, sync::mpsc::SyncSender, time::Duration};

use shared::{
    assignment::Assignment,
    discovery::withdraw,
    environment::Environment,
    event::{EndReason, Ending, Event, masked},
    exit::Exit,
    message,
    settings::LogLevel,
};

use super::detached;
use crate::{
    args::StartArgs,
    control,
    error::LaunchError,
    handover::ServerProgram,
    home_port,
    instance::{self, Turn},
    launch::Launch,
    launch_state::{LaunchState, RememberedState, WantedPort},
    options::{CommandContext, Options, OptionsError},
    os as system,
    render::Screen,
    supervisor::{
        driver::supervise,
        event::{EventChannel, SupervisorEvent},
    },
};

/// How much longer than the first start's server a second start waits for it.
const EXTRA_WAIT: Duration = Duration::from_secs(2);

/// Starts the app's server, or finds the one that runs.
pub(super) fn start(args: &StartArgs, argv: &[OsString]) -> Exit {
    if args.detach {
        return detached::start(args, argv);
    }
    let environment = Environment::of_process();
    let screen = Screen::new(args.json);
    let context = match CommandContext::resolve(args, &environment) {
        Ok(context) => context,
        Err(error) => return screen.failed_early(&LaunchError::from(error)),
    };
    let options = Options::resolve(args, &environment, &context.folders.settings(&context.app));
    let level = options.as_ref().map_or(LogLevel::default(), |options| options.settings.log.value);
    let launch = Launch::open(context, screen, level);
    match launch.run(args, &environment, options, argv) {
        Ok(exit) => exit,
        Err(error) => launch.fail(&error),
    }
}

impl Launch {
    fn run(
        &self,
        args: &StartArgs,
        environment: &Environment,
        options: Result<Options, OptionsError>,
        argv: &[OsString],
    ) -> Result<Exit, LaunchError> {
        let (app, folders) = (&self.context.app, &self.context.folders);
        let file = folders.assignment(app);
        // What is remembered is loaded when the app is ours; this is what can be seen before.
        let last_good = Assignment::load(&file).ok().and_then(|seen| seen.last_good);
        self.history.record(&Event::LaunchStarted {
            argv: masked(argv.iter().map(|word| word.to_string_lossy().into_owned())),
            last_good: last_good.map(|good| good.port),
            home_port: options
                .as_ref()
                .ok()
                .and_then(|o| o.home_port.as_ref())
                .map(|port| port.value),
        });
        let options = options?;
        let secret = self.secret();
        let timeout = options.settings.ready_timeout.value.0 + EXTRA_WAIT;
        let lock = match instance::take_turn(&self.context, &secret, timeout, |error| {
            self.warn(&message!("warning.no_lock"), &error);
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
                if options.settings.open_browser.value
                    && let Some(opening) = self.open_browser(found.port)
                {
                    // This process ends next, and with it the thread. One that has panicked has
                    // said so.
                    let _ = opening.join();
                }
                return Ok(self.stopped(Ending::of(found.port, EndReason::InstanceFound)));
            }
        };
        // The error of an earlier launch is out of date.
        withdraw(&folders.error_page(app));
        self.reconcile_start_at_login(options.settings.start_at_login.value);
        let loaded = Assignment::load_or_recover(&file, &folders.history(), app);
        if let Some(recovery) = loaded.recovery {
            self.recovered(&file, recovery);
        }
        let remembered = RememberedState { lock, assignment: loaded.assignment, secret };
        self.serve(LaunchState {
            launch: self,
            args,
            environment,
            options,
            remembered,
            control_socket: None,
            generation: None,
            home_port_wait: None,
        })
    }

    /// Chooses a port and serves on it until the launch ends.
    fn serve(&self, mut state: LaunchState<'_>) -> Result<Exit, LaunchError> {
        let (app, folders) = (&self.context.app, &self.context.folders);
        let events = EventChannel::new();
        if let Err(error) = events.listen_for_signals() {
            self.warn(&message!("warning.no_signals"), &error);
        }
        let command = state.options.settings.command.as_ref().map(|command| &command.value);
        let program = ServerProgram::find(command)?;
        // Before the choice, so that its thread has come to rest when the server is started: a fork
        // beside a thread that has only just begun takes milliseconds longer.
        state.control_socket = self.listen_for_commands(&state.remembered, &events.sender);
        let explicit = state.options.port.as_ref().map(|port| port.value);
        let choice = state.choose(&WantedPort { explicit, except: vec![] });
        let choice =
            choice.inspect_err(|_| state.control_socket.iter().for_each(|path| withdraw(path)))?;
        state.home_port_wait = home_port::wait(&choice.refused, &events.sender);
        let ended = supervise(state, program, choice, events);
        system::notify_stopping();
        for file in [folders.discovery(app), folders.token(app), folders.control(app)] {
            withdraw(&file);
        }
        let port = ended.choice.claim.port();
        drop(ended.choice);
        self.end(port, ended.outcome.into_result(port))
    }

    /// Opens the control socket, and returns its path. Only the holder of the app's lock opens it.
    fn listen_for_commands(
        &self,
        remembered: &RememberedState,
        events: &SyncSender<SupervisorEvent>,
    ) -> Option<PathBuf> {
        remembered.lock.as_ref()?;
        let path = self.context.folders.control(&self.context.app);
        let events = events.clone();
        // The driver takes no events after the end of the launch.
        let handle = move |request| drop(events.send(SupervisorEvent::Request(request)));
        match control::listen(&path, handle) {
            Ok(()) => Some(path),
            Err(error) => {
                self.warn(&message!("warning.no_control"), &error);
                None
            }
        }
    }
}
