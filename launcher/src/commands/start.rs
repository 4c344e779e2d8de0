//! `launcher start`: claim a port, start the server on it, remember it, and stay.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, IsTerminal},
};

use shared::{
    assignment::Assignment,
    discovery::withdraw,
    environment::{self, Environment},
    event::{EndReason, Ending, Event, masked},
    exit::Exit,
    invoked_as::DETACHED_VARIABLE,
    message, next_command,
    port::Port,
    settings::LogLevel,
    trust::{self, Purpose},
};

use super::{
    again::{self, WantedProgram},
    detached, running,
};
use crate::{
    allotment,
    args::StartArgs,
    choose::ChoiceError,
    desktop::opener::BrowserOpener,
    error::LaunchError,
    further_ports::FurtherPorts,
    handover::ServerProgram,
    home_port,
    instance::{self, Finder, InstanceProblem, RunningInstance, Turn},
    launch::Launch,
    launch_state::{LaunchState, RememberedState, WantedPort},
    options::{CommandContext, Options, OptionsError},
    os,
    program::{
        CommandTemplate, ProgramOptions, ProgramStreams, ServerKind, WrittenCommand,
        known::KnownCommand,
    },
    render::{self, Screen, output},
    run_files::RunFiles,
    supervisor::{
        driver::{ServerSource, supervise},
        event::EventChannel,
    },
};

/// What is launched, and how.
pub(super) struct LaunchPlan {
    /// The options of the launch.
    pub args: StartArgs,
    /// Shows its course.
    pub screen: Screen,
    /// What is started, by the options that hold.
    pub source: FindSource,
    /// What a `run` wants to run.
    pub wanted: Option<WantedProgram>,
}

/// Finds what is to be started.
type FindSource = Box<dyn FnOnce(&Options) -> Result<ServerSource, LaunchError>>;

/// Starts the app's server, or finds the one that runs.
pub(super) fn start(args: &StartArgs, argv: &[OsString]) -> Exit {
    let json = args.json;
    let of_settings = move |options: &Options| match WrittenCommand::of(&options.settings) {
        Some(written) => program(&written, options, streams(!json)),
        None => {
            let command = options.settings.command.as_ref().map(|command| &command.value);
            Ok(ServerSource::Own(ServerProgram::find(command)?))
        }
    };
    let (args, screen) = (args.clone(), Screen::new(args.json));
    launch(LaunchPlan { args, screen, source: Box::new(of_settings), wanted: None }, argv)
}

/// The program of a command that a person has written.
///
/// # Errors
///
/// If a word in braces is wrong.
pub(super) fn program(
    written: &WrittenCommand,
    options: &Options,
    streams: ProgramStreams,
) -> Result<ServerSource, LaunchError> {
    let command = CommandTemplate::parse(written, &options.settings.ready.value)?;
    let known = KnownCommand::of(&written.words, &written.cwd);
    let options = ProgramOptions::new(command, &known, &options.settings, streams);
    Ok(ServerSource::Program(Box::new(options)))
}

/// The streams of a program: pipes, and our own stdin unless the launch is detached, or in the background of a terminal:
/// its program, in a session of its own, would not be stopped there, and take what is typed for the shell.
pub(super) fn streams(shows_output: bool) -> ProgramStreams {
    ProgramStreams {
        reads_stdin: !environment::is_set(DETACHED_VARIABLE) && !os::is_in_background(),
        shows_output,
        has_terminal: io::stdout().is_terminal(),
        gives_terminal: false,
    }
}

/// Launches what is planned, or finds it running.
pub(super) fn launch(plan: LaunchPlan, argv: &[OsString]) -> Exit {
    let LaunchPlan { args, screen, source, wanted } = plan;
    let args = &args;
    if args.detach {
        return detached::start(args, argv);
    }
    let _output = output::in_background();
    let environment = Environment::of_process();
    if let Some(ignored) = environment.ignored() {
        render::warning(ignored);
    }
    let context = match CommandContext::resolve(args, &environment) {
        Ok(context) => context,
        Err(error) => return screen.failed_early(&LaunchError::from(error)),
    };
    let options = Options::of_launch(args, &environment, &context);
    let level = options.as_ref().map_or(LogLevel::default(), |options| options.settings.log.value);
    let launch = Launch::open(context, screen, level);
    match launch.run(args, &environment, options, argv, (source, wanted)) {
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
        (source, wanted): (FindSource, Option<WantedProgram>),
    ) -> Result<Exit, LaunchError> {
        let (app, folders) = (&self.context.app, &self.context.folders);
        // What is remembered is loaded when the app is ours; this is what can be seen before.
        let seen = Assignment::load(&folders.assignment(app));
        let last_good = seen.ok().and_then(|seen| seen.last_good);
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
        if let Some(folder) = trust::unprotected(folders, app) {
            let why = message!("untrusted.no_modes", folder = folder.display());
            self.warn(&message!("warning.unprotected"), &io::Error::other(why));
        }
        let secret = self.secret();
        let timeout = options.settings.ready_timeout.value.0;
        let take_turn = || {
            instance::take_turn(&self.context, &secret, timeout, |error| {
                self.warn(&message!("warning.no_lock"), &error);
            })
        };
        let mut turn = take_turn()?;
        if matches!(turn, Turn::Running(_)) && wanted.as_ref().is_some_and(|wanted| wanted.replaces)
        {
            again::end_running(self)?;
            turn = take_turn()?;
        }
        let (lock, _until_the_end) = match turn {
            Turn::Ours(lock) => (lock, None),
            Turn::WithoutFiles(file) => (None, Some(file)),
            Turn::Running(found) => {
                if let Some(wanted) = wanted {
                    wanted.compare(self);
                }
                return Ok(self.found_running(&found, &options));
            }
        };
        // The error of an earlier launch is out of date.
        withdraw(&folders.error_page(app));
        self.reconcile_start_at_login(options.settings.start_at_login.value);
        let assignment = self.load_assignment(Purpose::Launch);
        let events = EventChannel::new();
        if let Err(error) = events.listen_for_signals() {
            self.warn(&message!("warning.no_signals"), &error);
        }
        let source = source(&options)?;
        let opener = self.prepare_for(source.kind(), options.settings.open_browser.value);
        let state = LaunchState {
            launch: self,
            args,
            environment,
            options,
            kind: source.kind(),
            remembered: RememberedState { assignment, secret },
            // Before the choice, so that the thread of the control socket has come to rest when the server is
            // started: a fork beside a thread that has only just begun takes milliseconds longer.
            run_files: RunFiles::new(self, lock, events.client_handler()),
            generation: None,
            not_remembered: None,
            opener,
            home_port_wait: None,
            further: BTreeMap::new(),
        };
        self.serve(state, source, events)
    }

    /// Makes this process ready to have such a server: what loses its parents below the launcher of a program is its own
    /// to end, but for the browser.
    fn prepare_for(&self, kind: ServerKind, opens_browser: bool) -> Option<BrowserOpener> {
        if kind == ServerKind::Own {
            return None;
        }
        let opener = opens_browser.then(BrowserOpener::start).transpose();
        os::adopt_orphans();
        opener.unwrap_or_else(|error| {
            self.warn(&message!("warning.no_browser"), &error);
            None
        })
    }

    /// The app is running already: prints where, and opens the browser there.
    fn found_running(&self, found: &RunningInstance, options: &Options) -> Exit {
        let (port, url, relation) = (found.port, found.url(), found.relation());
        let event = Event::InstanceFound { port, url, relation };
        self.history.record(&event);
        let asked = options.port.as_ref().map(|port| port.value).filter(|asked| *asked != port);
        let other_port = asked.map(|asked| self.way_to_port(found, asked));
        self.screen.instance(&self.context.app, found, &event, other_port);
        let problem = found.problem(&self.context);
        let stopped = found.stopped_launcher(&self.context);
        if let Some(InstanceProblem { problem, now }) = &problem {
            self.screen.warning(problem, now);
        } else if stopped.is_some() {
            self.screen.warning(&instance::silent(stopped), instance::now_silent(stopped));
        }
        if options.settings.open_browser.value && problem.is_none() {
            running::renew_files(&self.context, found);
            let (instance, context) = (found.clone(), self.context.clone());
            let opening = match instance.mode {
                // A program has no token, and is not asked for its first page.
                Some(_) => self.open_page(&instance.url(), move || instance.url()),
                None => self.open_browser(port, move || instance.token(&context)),
            };
            if let Some(opening) = opening {
                // This process ends next, and with it the thread. One that has panicked has said so.
                let _ = opening.join();
            }
        }
        self.stopped(Ending::of(port, EndReason::InstanceFound));
        Exit::Done
    }

    /// How what runs gets the port that was asked for, as a sentence.
    fn way_to_port(&self, found: &RunningInstance, port: Port) -> String {
        let command = |words: &str| next_command::launcher(words, &self.context.app);
        let redirects_to = || Some(running::finder(&self.context).at(port)?.port);
        match (found.launcher_pid, found.server_pid) {
            // A server without a launcher does not move.
            (None, Some(pid)) => message!("start.other_port_alone", port, pid),
            _ if redirects_to() == Some(found.port) => {
                message!("start.other_port_redirects", port, command = command("stop"))
            }
            _ => message!("start.other_port", port, command = command(&format!("move {port}"))),
        }
    }

    /// Chooses a port and serves on it until the launch ends.
    fn serve(
        &self,
        mut state: LaunchState<'_>,
        source: ServerSource,
        events: EventChannel,
    ) -> Result<Exit, LaunchError> {
        let explicit = state.options.port.as_ref().map(|port| port.value);
        let is_program = source.kind() == ServerKind::Program;
        let (range, avoid) = (state.options.settings.range.value, state.options.avoid());
        let is_new = explicit.is_none()
            && state.options.home_port.is_none()
            && state.last_good_port().is_none();
        if is_program
            && is_new
            && let Err(error) = allotment::settle_first_choice(self, range, avoid)
        {
            let app = &self.context.app;
            self.warn(&message!("allotment.unwritten", app), &error);
        }
        let choice = match state.choose(&WantedPort { explicit, except: vec![] }) {
            Err(ChoiceError::OwnInstance(conflict)) => {
                // Everything that leads to it was lost, but for its port.
                let secret = Some(state.remembered.secret.clone());
                return match Finder::new(&self.context, secret).at(conflict.port) {
                    Some(found) => Ok(self.found_running(&found, &state.options)),
                    None => Err(LaunchError::NoPort(vec![*conflict])),
                };
            }
            choice => choice?,
        };
        let port = choice.hold.port();
        let further = match &source {
            ServerSource::Program(program) => state.reserve_further_ports(program, port),
            ServerSource::Own(_) => Ok(FurtherPorts::default()),
        };
        let further = match further {
            Ok(further) => further,
            Err(error) => return self.end(port, Err(error)).map(|_| Exit::Done),
        };
        state.further = further.by_name();
        state.home_port_wait = home_port::wait(&choice.refused, &events.sender);
        let command = state.options.settings.command.as_ref().map(|command| command.source.clone());
        let ended = supervise(state, source, choice, further, events);
        os::notify_stopping();
        let port = ended.choice.hold.port();
        drop(ended.choice);
        let result = ended.outcome.into_result(port);
        let failed = |error: LaunchError| error.of_command(command).with_output(&ended.last_lines);
        let event = self.end(port, result.map_err(failed))?;
        if !ended.was_ready {
            self.screen.stopped_early(&self.context.app, &event);
        }
        Ok(Exit::Done)
    }
}
