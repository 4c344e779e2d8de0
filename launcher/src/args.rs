//! What was typed. Nothing is looked up or made here; see [`options`](crate::options) for what it
//! means.

mod command;

use std::{ffi::OsString, path::PathBuf};

use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use shared::{
    app::AppName,
    called,
    exit::Exit,
    port::{Port, PortRange},
    settings::{OnConflict, Settings, Span},
};

pub use self::command::{
    AppArgs, Command, CompletionsArgs, ConflictsArgs, ExplainArgs, HistoryArgs, LogsArgs,
    LogsCommand, MoveArgs, OpenArgs, SettingsArgs, SettingsCommand,
};

/// Gives a local server a port that it keeps.
#[derive(Debug, Parser)]
#[command(name = "launcher", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub struct Args {
    /// What to do; `start` unless given.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of `start`.
    #[command(flatten)]
    pub start: StartArgs,
}

/// The options of `start`. What is `None` comes from the environment, the settings or the defaults.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct StartArgs {
    /// The name under which settings, ports and history are kept [default: server]
    #[arg(long, value_name = "NAME")]
    pub app: Option<AppName>,
    /// This port and no other: claim it or fail
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub port: Option<Port>,
    /// The ports to choose from [default: 15001-29999]
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    pub range: Option<PortRange>,
    /// What to do when a remembered port is taken: move to another, or fail [default: move]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub on_conflict: Option<OnConflictArg>,
    /// Do not open the browser
    #[arg(long)]
    pub no_open: bool,
    /// Run in the background, and return when the server is ready
    #[arg(long)]
    pub detach: bool,
    /// How long the server may take to become ready, such as 10s or 2m [default: 10s]
    #[arg(long, value_name = "TIME")]
    pub ready_timeout: Option<Span>,
    /// The folder for settings, state, logs and run-time files [default: this user's own]
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Print one JSON object a line, with the keys of the records
    #[arg(long)]
    pub json: bool,
}

impl StartArgs {
    /// The settings among the options.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            port: self.port,
            range: self.range,
            on_conflict: self.on_conflict.map(OnConflict::from),
            open_browser: self.no_open.then_some(false),
            ready_timeout: self.ready_timeout,
            ..Settings::default()
        }
    }
}

/// [`OnConflict`] as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnConflictArg {
    /// Take another port, and say so.
    Move,
    /// Fail, and say why.
    Fail,
}

impl From<OnConflictArg> for OnConflict {
    fn from(typed: OnConflictArg) -> Self {
        match typed {
            OnConflictArg::Move => Self::Move,
            OnConflictArg::Fail => Self::Fail,
        }
    }
}

const AFTER_HELP: &str = "\
An option wins over the variable HOMEPORT_<OPTION>, which wins over the settings file.
Exit codes: 0 done, 2 usage, 3 it is not running, 69 no port, 70 a bug, 75 the server did not
become ready, 78 the settings are wrong.";

/// Reads the command line. Help and version are printed here, as are errors, and end the program.
///
/// # Errors
///
/// The exit code to end with.
pub fn parse(argv: &[OsString]) -> Result<Args, Exit> {
    let command = Args::command().name(called::launcher());
    let typed = command.try_get_matches_from(argv).and_then(|found| Args::from_arg_matches(&found));
    typed.map_err(|problem| {
        let exit = if problem.use_stderr() { Exit::Usage } else { Exit::Done };
        // A closed stdout or stderr leaves nobody to tell.
        let _ = problem.print();
        exit
    })
}

#[cfg(test)]
mod test {
    use shared::settings::Kind;

    use super::*;

    fn typed(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_setting_with_an_option_is_set_by_it() {
        for setting in shared::settings::TABLE {
            let Some(flag) = setting.flag else { continue };
            let words = match setting.kind {
                Kind::Boolean => vec!["launcher", flag],
                _ => vec!["launcher", flag, setting.example.trim_matches('"')],
            };
            let typed = Args::try_parse_from(&words).expect(flag).start.settings();
            let example = format!("{} = {}", setting.key, setting.example);
            assert_eq!(typed, Settings::parse(&example).expect(flag), "{words:?}");
        }
    }

    #[test]
    fn start_is_what_the_launcher_does_when_nothing_is_said() {
        let short = typed("launcher --port 3030 --json").expect("right");
        assert_eq!((short.start.port, short.start.json), (Port::new(3030), true));
        let long = typed("launcher start --port 3030").expect("right");
        assert!(
            matches!(long.command, Some(Command::Start(start)) if start.port == Port::new(3030))
        );
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_reason() {
        for (line, reason) in [
            ("launcher --port 0", "port 0 means"),
            ("launcher --port 70000", "70000 is not a port"),
            ("launcher --port -1", "-1 is not a port"),
            ("launcher --port abc", "`abc` is not a port"),
            ("launcher --range 20-10", "write 10-20"),
            ("launcher --range -", "is not a range"),
            ("launcher --app a/b", "because of '/'"),
            ("launcher --app ..", "because of '.'"),
        ] {
            let problem = typed(line).expect_err(line).to_string();
            assert!(problem.contains(reason), "{problem}");
        }
    }
}
