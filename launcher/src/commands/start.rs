//! `launcher start`: claim a port, start the server on it, remember it, and stay.

use std::{ffi::OsString, path::PathBuf, sync::mpsc::SyncSender, time::Duration};

use shared::{
    assignment::Assignment,
    discovery::withdraw,
    environment::Environment,
    event::{EndReason, Ending, Event, masked},
    exit::Exit,
    settings::LogLevel,
};

use super::detached;
use crate::{
    args::StartArgs,
    control,
    error::LaunchError,
    handover::Program,
    home,
    instance::{self, Turn},
    keeper::{Keeper, Memory, Wanted},
    launch::Launch,
    options::{Basics, Options, OptionsError},
    os as system,
    render::Screen,
    supervisor::{child::What, driver},
};

/// How much longer than the first start's server a second start waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Starts the app's server, or finds the one that runs.
pub(super) fn start(args: &StartArgs, argv: &[OsString]) -> Exit {
    if args.detach {
        return detached::start(args, argv);
    }
    let environment = Environment::of_process();
    let screen = Screen::new(args.json);
    let basics = match Basics::resolve(args, &environment) {
        Ok(basics) => basics,
        Err(error) => return screen.failed_early(&LaunchError::from(error)),
    };
    let options = Options::resolve(args, &environment, &basics.folders.settings(&basics.app));
    let level = options.as_ref().map_or(LogLevel::default(), |options| options.settings.log.value);
    let launch = Launch::open(basics, screen, level);
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
        let (app, folders) = (&self.basics.app, &self.basics.folders);
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
        let patience = options.settings.ready_timeout.value.0 + PATIENCE;
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
        // What an earlier launch had to say is over.
        withdraw(&folders.error_page(app));
        self.reconcile_start_at_login(options.settings.start_at_login.value);
        let loaded = Assignment::load_or_recover(&file, &folders.history(), app);
        if let Some(recovery) = loaded.recovery {
            self.recovered(&file, recovery);
        }
        let memory = Memory { lock, assignment: loaded.assignment, secret };
        self.serve(Keeper {
            launch: self,
            args,
            environment,
            options,
            memory,
            control: None,
            generation: None,
            home_watch: None,
        })
    }

    /// Chooses a port and serves on it until the launch ends.
    fn serve(&self, mut keeper: Keeper<'_>) -> Result<Exit, LaunchError> {
        let (app, folders) = (&self.basics.app, &self.basics.folders);
        let news = driver::news();
        if let Err(error) = driver::listen_for_signals(&news.0) {
            self.warn("a request to stop will end the server at once", &error);
        }
        let command = keeper.options.settings.command.as_ref().map(|command| &command.value);
        let program = Program::find(command)?;
        // Before the choice, so that its thread has come to rest when the server is started: a fork
        // beside a thread that has only just begun takes milliseconds longer.
        keeper.control = self.listen_for_commands(&keeper.memory, &news.0);
        let options = &keeper.options;
        let explicit = options.port.as_ref().map(|port| port.value);
        let choice = keeper.choose(&Wanted { explicit, but: vec![] });
        let choice =
            choice.inspect_err(|_| keeper.control.iter().for_each(|path| withdraw(path)))?;
        let watch = driver::Watch {
            launch: self,
            program,
            secret: keeper.memory.secret.clone(),
            last_good: keeper.memory.assignment.last_good.map(|good| good.port),
            rules: options.rules(),
            log_level: options.settings.log.value,
        };
        keeper.home_watch = home::watch(&choice.refused, &news.0);
        let (outcome, choice) = driver::watch(watch, choice, news, keeper);
        system::notify_stopping();
        for file in [folders.discovery(app), folders.token(app), folders.control(app)] {
            withdraw(&file);
        }
        let port = choice.claim.port();
        drop(choice);
        self.end(port, outcome.into_result(port))
    }

    /// Opens the control socket, and says where it is; only whoever holds the app's lock may.
    fn listen_for_commands(&self, memory: &Memory, news: &SyncSender<What>) -> Option<PathBuf> {
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
}
