//! The options of a launch: the command line over the environment over the settings file.
//!
//! The order of these layers is that of [`Layers`]. Only a port is different: the settings file has
//! the home port, an option or a variable an explicit one.

use std::path::{Path, PathBuf};

use shared::{
    app::AppName,
    environment::{Environment, VariableError},
    explain::ExplainContext,
    message, next_command,
    paths::{Folders, NoHome},
    port::{Port, PortRange},
    settings::{Effective, Layers, SettingSource, Settings, SettingsError, Sourced},
    trust::{self, Untrusted},
};

use crate::args::StartArgs;

/// Why the options make no sense.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A variable of the environment has a wrong value.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The system does not give the folders of this user.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// Another user may write to a folder that a launch rests on.
    #[error("{}: {}", .0.path.display(), .0)]
    Untrusted(#[from] Untrusted),
    /// The settings file is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Which app, and where its files are: known before the settings are read.
#[derive(Debug, Clone)]
pub struct CommandContext {
    /// `--app`, the environment, or `server`.
    pub app: AppName,
    /// `--home`, the environment, the checkout, or the system's.
    pub folders: Folders,
    /// The folder for everything, if one was given.
    pub home: Option<PathBuf>,
    /// The folder for the logs, if one was given.
    pub log_dir: Option<PathBuf>,
}

/// What the command line, the environment and the settings file say together.
#[derive(Debug, Clone)]
pub struct Options {
    /// The settings file, as it was read.
    pub file: Settings,
    /// Each value with the place that sets it.
    pub settings: Effective,
    /// The explicit port: this one and no other.
    pub port: Option<Sourced<Port>>,
    /// `port` of the settings; `None` leaves the choice to Homeport.
    pub home_port: Option<Sourced<Port>>,
}

impl CommandContext {
    /// Finds the app and its folders.
    ///
    /// # Errors
    ///
    /// If a variable is wrong, or the system does not give the folders of this user.
    pub fn resolve(args: &StartArgs, environment: &Environment) -> Result<Self, OptionsError> {
        let app = match &args.app {
            Some(app) => app.clone(),
            None => environment.value("HOMEPORT_APP")?.unwrap_or_default(),
        };
        let home = match &args.home {
            Some(home) => {
                next_command::keep_home(home);
                Some(home.clone())
            }
            None => environment.home()?,
        };
        let log_dir = environment.log_dir()?;
        let folders = Folders::locate(home.as_deref(), log_dir.as_deref())?;
        Ok(Self { app, folders, home, log_dir })
    }
}

impl Options {
    /// The ports not to choose.
    pub fn avoid(&self) -> Vec<PortRange> {
        self.settings.avoid.value.iter().map(|avoided| avoided.0).collect()
    }

    /// Who asks about a port with these options, and the ports `avoid` of them.
    pub fn explain_context<'a>(
        &self,
        context: &'a CommandContext,
        avoid: &'a [PortRange],
    ) -> ExplainContext<'a> {
        ExplainContext {
            app: &context.app,
            folders: &context.folders,
            range: self.settings.range.value,
            avoid,
            home: self.home_port.as_ref().map(|home| home.value),
        }
    }

    /// The option or the variable that sets the range, or else the key in `settings`.
    pub fn what_sets_the_range(&self, settings: &Path) -> String {
        match &self.settings.range.source {
            source @ (SettingSource::Flag(_) | SettingSource::Variable(_)) => source.to_string(),
            SettingSource::File(_) | SettingSource::Default => {
                message!("range.in_file", file = settings.display())
            }
        }
    }

    /// What a person can do to have more ports to choose from.
    pub fn now_wider(&self, settings: &Path) -> String {
        let (range, file) = (self.what_sets_the_range(settings), settings.display());
        match self.settings.avoid.value.is_empty() {
            true => message!("range.widen", range),
            false => message!("range.widen_or_shorten", range, file),
        }
    }

    /// Those of a launch, which rests on the folders of `context` too.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve), and if another user may write to one of the folders.
    pub fn of_launch(
        args: &StartArgs,
        environment: &Environment,
        context: &CommandContext,
    ) -> Result<Self, OptionsError> {
        trust::check_launch(&context.folders, &context.app)?;
        Self::resolve(args, environment, &context.folders.settings(&context.app))
    }

    /// Lays `args` over `environment` over the settings in `path`.
    ///
    /// # Errors
    ///
    /// If a variable or the settings file is wrong.
    pub fn resolve(
        args: &StartArgs,
        environment: &Environment,
        path: &Path,
    ) -> Result<Self, OptionsError> {
        let file = Settings::load(path)?;
        let variables = Settings::from_environment(environment)?;
        let settings = Layers { flags: args.settings(), variables, file: &file, path }.effective();
        let is_explicit = |port: &Sourced<Port>| !matches!(port.source, SettingSource::File(_));
        Ok(Self {
            port: settings.port.clone().filter(is_explicit),
            home_port: Sourced::from_file(file.port, path),
            settings,
            file,
        })
    }
}

#[cfg(test)]
mod test {
    use shared::settings::{OnConflict, ReadyTimeout};

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
        let options = Options::resolve(&args, &environment, &file).expect("right").settings;
        assert_eq!(
            options.range,
            Sourced { value: PortRange::literal(5, 6), source: SettingSource::Flag("--range") }
        );
        let seven = ReadyTimeout(std::time::Duration::from_secs(7));
        assert_eq!(
            options.ready_timeout,
            Sourced { value: seven, source: SettingSource::Variable("HOMEPORT_READY_TIMEOUT") }
        );
        assert_eq!(
            options.on_conflict,
            Sourced { value: OnConflict::Fail, source: SettingSource::File(file) }
        );
        assert_eq!(options.open_browser, Sourced { value: true, source: SettingSource::Default });
    }

    #[test]
    fn what_sets_the_range_is_what_is_to_be_widened() {
        let (_folder, file) = settings("");
        let advice = |variables: &[_], text: &str| {
            std::fs::write(&file, text).expect("written");
            let resolved = Options::resolve(&StartArgs::default(), &environment(variables), &file);
            resolved.expect("right").now_wider(Path::new("/s"))
        };
        assert_eq!(advice(&[], ""), "widen `range` in /s");
        let variable = &[("HOMEPORT_RANGE", "6000-6000")];
        assert_eq!(advice(variable, "range = \"1-2\""), "widen the variable HOMEPORT_RANGE");
        let both = "widen the variable HOMEPORT_RANGE, or shorten `avoid` in /s";
        assert_eq!(advice(variable, "avoid = [6000]"), both);
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
                "HOMEPORT_ON_CONFLICT: `wait` is not known: write `move` or `fail`",
            ),
            (
                "HOMEPORT_OPEN_BROWSER",
                "yes",
                "HOMEPORT_OPEN_BROWSER: `yes` is not `true` or `false`",
            ),
        ] {
            let environment = environment(&[(name, value)]);
            let problem = Options::resolve(&StartArgs::default(), &environment, &file)
                .expect_err(name)
                .to_string();
            assert!(problem.starts_with(message), "{problem}");
        }
        let environment = environment(&[("HOMEPORT_APP", "a/b")]);
        assert!(CommandContext::resolve(&StartArgs::default(), &environment).is_err());
    }
}
