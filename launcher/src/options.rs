//! What is meant: the command line, the environment and the settings file, laid over one another.
//!
//! An option wins over its environment variable, which wins over the settings file, which wins over
//! the default. Each value knows where it came from, so that a message can say whom to correct.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use shared::{
    app::AppName,
    environment::{Environment, VariableError},
    paths::{Folders, NoHome},
    policy::DEFAULT_RANGE,
    port::{Port, PortRange},
    settings::{
        Command, LogLevel, OnConflict, READY_TIMEOUT, REDIRECT_FOR, Restart, Settings,
        SettingsError, Span,
    },
};

use crate::{args::StartArgs, supervisor::state::Rules};

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An option of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// The settings file.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(file) => f.write_str(&file.display().to_string()),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// Why the options make no sense.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A variable of the environment has a wrong value.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The system does not tell where files belong.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// The settings file is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Which app, and where its files are: known before the settings are read.
#[derive(Debug, Clone)]
pub struct Basics {
    /// The app.
    pub app: AppName,
    /// Its folders.
    pub folders: Folders,
    /// The folder for everything, if one was given.
    pub home: Option<PathBuf>,
    /// The folder for the logs, if one was given.
    pub log_dir: Option<PathBuf>,
}

/// Everything a launch is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The settings file, as it was read.
    pub settings: Settings,
    /// This port and no other.
    pub port: Option<Sourced<Port>>,
    /// The home port.
    pub home_port: Option<Sourced<Port>>,
    /// The ports to choose from.
    pub range: Sourced<PortRange>,
    /// The ports not to choose.
    pub avoid: Vec<PortRange>,
    /// What to do when a remembered port is taken.
    pub on_conflict: Sourced<OnConflict>,
    /// Whether to open the browser.
    pub open_browser: Sourced<bool>,
    /// How long the server may take to become ready.
    pub ready_timeout: Sourced<Duration>,
    /// When the server is started again.
    pub restart: Sourced<Restart>,
    /// How long the old port leads to the new one after a move.
    pub redirect_for: Sourced<Duration>,
    /// How much the diagnostics tell.
    pub log: Sourced<LogLevel>,
    /// The server's program, if it is not the one beside the launcher.
    pub command: Option<Sourced<Command>>,
}

impl Basics {
    /// Finds the app and its folders.
    ///
    /// # Errors
    ///
    /// If a variable is wrong, or the system does not tell where files belong.
    pub fn resolve(args: &StartArgs, environment: &Environment) -> Result<Self, OptionsError> {
        let app = match &args.app {
            Some(app) => app.clone(),
            None => environment.value("HOMEPORT_APP")?.unwrap_or_default(),
        };
        let home = args.home.clone().or_else(|| environment.home());
        let log_dir = environment.log_dir();
        let folders = Folders::locate(home.as_deref(), log_dir.as_deref())?;
        Ok(Self { app, folders, home, log_dir })
    }
}

impl Options {
    /// What they mean for watching over the server.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            ready_timeout: self.ready_timeout.value,
            restart: self.restart.value,
            redirect_for: self.redirect_for.value,
        }
    }

    /// Lays `args` over `environment` over the settings in `file`.
    ///
    /// # Errors
    ///
    /// If a variable or the settings file is wrong.
    pub fn resolve(
        args: &StartArgs,
        environment: &Environment,
        file: &Path,
    ) -> Result<Self, OptionsError> {
        let settings = Settings::load(file)?;
        let from_file = || Source::File(file.to_owned());
        Ok(Self {
            port: flag("--port", args.port).or(variable(environment, "HOMEPORT_PORT")?),
            home_port: settings.port.map(|value| Sourced { value, source: from_file() }),
            range: flag("--range", args.range).or(variable(environment, "HOMEPORT_RANGE")?).or_set(
                settings.range,
                from_file,
                DEFAULT_RANGE,
            ),
            avoid: settings.avoid.iter().map(|avoided| avoided.0).collect(),
            on_conflict: flag("--on-conflict", args.on_conflict.map(OnConflict::from))
                .or(variable(environment, "HOMEPORT_ON_CONFLICT")?)
                .or_set(settings.on_conflict, from_file, OnConflict::default()),
            open_browser: flag("--no-open", args.no_open.then_some(false))
                .or(variable(environment, "HOMEPORT_OPEN_BROWSER")?)
                .or_set(settings.open_browser, from_file, true),
            ready_timeout: flag("--ready-timeout", args.ready_timeout)
                .or(variable(environment, "HOMEPORT_READY_TIMEOUT")?)
                .or_set(settings.ready_timeout, from_file, Span(READY_TIMEOUT))
                .map(|span| span.0),
            restart: variable(environment, "HOMEPORT_RESTART")?.or_set(
                settings.restart,
                from_file,
                Restart::default(),
            ),
            redirect_for: variable(environment, "HOMEPORT_REDIRECT_FOR")?
                .or_set(settings.redirect_for, from_file, Span(REDIRECT_FOR))
                .map(|span| span.0),
            log: variable(environment, "HOMEPORT_LOG")?.or_set(
                settings.log,
                from_file,
                LogLevel::default(),
            ),
            command: settings.command.clone().map(|value| Sourced { value, source: from_file() }),
            settings,
        })
    }
}

fn flag<T>(name: &'static str, typed: Option<T>) -> Option<Sourced<T>> {
    typed.map(|value| Sourced { value, source: Source::Flag(name) })
}

fn variable<T>(
    environment: &Environment,
    name: &'static str,
) -> Result<Option<Sourced<T>>, VariableError>
where
    T: FromStr<Err: fmt::Display>,
{
    let sourced = |value| Sourced { value, source: Source::Variable(name) };
    environment.value(name).map(|value| value.map(sourced))
}

/// The last two layers.
trait Layered<T> {
    fn or_set(self, set: Option<T>, from_file: impl Fn() -> Source, default: T) -> Sourced<T>;
}

impl<T> Layered<T> for Option<Sourced<T>> {
    fn or_set(self, set: Option<T>, from_file: impl Fn() -> Source, default: T) -> Sourced<T> {
        self.or_else(|| set.map(|value| Sourced { value, source: from_file() }))
            .unwrap_or(Sourced { value: default, source: Source::Default })
    }
}

impl<T> Sourced<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: change(self.value), source: self.source }
    }

    /// Whether somebody said so.
    #[must_use]
    pub fn is_said(&self) -> bool {
        self.source != Source::Default
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect()
    }

    fn settings(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("server.toml");
        std::fs::write(&file, text).expect("written");
        (folder, file)
    }

    #[test]
    fn a_flag_wins_over_a_variable_over_the_file_over_the_default() {
        let (_folder, file) =
            settings("range = \"1-2\"\non_conflict = \"fail\"\nready_timeout = \"3s\"");
        let args = StartArgs { range: "5-6".parse().ok(), ..StartArgs::default() };
        let environment =
            environment(&[("HOMEPORT_RANGE", "3-4"), ("HOMEPORT_READY_TIMEOUT", "7s")]);
        let options = Options::resolve(&args, &environment, &file).expect("right");
        assert_eq!(
            options.range,
            Sourced { value: PortRange::literal(5, 6), source: Source::Flag("--range") }
        );
        let seven = Duration::from_secs(7);
        assert_eq!(
            options.ready_timeout,
            Sourced { value: seven, source: Source::Variable("HOMEPORT_READY_TIMEOUT") }
        );
        assert_eq!(
            options.on_conflict,
            Sourced { value: OnConflict::Fail, source: Source::File(file) }
        );
        assert_eq!(options.open_browser, Sourced { value: true, source: Source::Default });
    }

    #[test]
    fn a_wrong_variable_is_named_with_its_problem() {
        let (_folder, file) = settings("");
        for (name, value, message) in [
            ("HOMEPORT_PORT", "abc", "HOMEPORT_PORT: `abc` is not a port"),
            ("HOMEPORT_RANGE", "9-1", "HOMEPORT_RANGE: the range 9-1 runs backwards"),
            (
                "HOMEPORT_ON_CONFLICT",
                "wait",
                "HOMEPORT_ON_CONFLICT: unknown variant `wait`, expected `move` or `fail`",
            ),
            (
                "HOMEPORT_OPEN_BROWSER",
                "yes",
                "HOMEPORT_OPEN_BROWSER: provided string was not `true` or `false`",
            ),
        ] {
            let environment = environment(&[(name, value)]);
            let problem = Options::resolve(&StartArgs::default(), &environment, &file)
                .expect_err(name)
                .to_string();
            assert!(problem.starts_with(message), "{problem}");
        }
        let environment = environment(&[("HOMEPORT_APP", "a/b")]);
        assert!(Basics::resolve(&StartArgs::default(), &environment).is_err());
    }
}
