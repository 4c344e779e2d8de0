//! The options of `run`, and the command after them.

use std::{ffi::OsString, path::PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use shared::{
    app::AppName,
    port::Port,
    settings::{
        OnConflict, OwnerRule, PortName, ReadyProbe, ReadyTimeout, Restart, Settings, Span,
        StopSignal,
    },
};

use super::start::{StartArgs, home, on_conflict};

/// The options of `run`, and the command that is to have a port. What is `None` comes from the settings or the
/// defaults.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RunArgs {
    /// The name under which settings, ports and history are kept [default: made of the folder]
    #[arg(long, global = true, value_name = "NAME")]
    pub app: Option<AppName>,
    /// Use only this port: reserve it or fail.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub port: Option<Port>,
    /// What to do when a remembered port is taken: move to another, or fail [default: move]
    #[arg(long, value_name = "WHAT", value_parser = on_conflict())]
    pub on_conflict: Option<OnConflict>,
    /// The folder that the program runs in [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Set a variable for the program, for example MODE={port}; may be given more than once.
    #[arg(long, value_name = "K=V")]
    pub env: Vec<OsString>,
    /// The names of further ports for the program, separated by commas; each is {port:NAME} in the command
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub ports: Vec<PortName>,
    /// Set neither PORT nor HOST for the program.
    #[arg(long)]
    pub no_port_env: bool,
    /// How long the program may take to become ready, for example 2m [default: 30s]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub ready_timeout: Option<ReadyTimeout>,
    /// What shows that the program is ready, besides its listener: tcp, http:PATH, log:REGEX or notify [default: tcp]
    #[arg(long, value_name = "HOW")]
    pub ready: Option<ReadyProbe>,
    /// Whether the program is started again after a failure [default: on_failure]
    #[arg(long, value_name = "WHEN", value_parser = restart())]
    pub restart: Option<Restart>,
    /// The signal that asks the program to end [default: SIGTERM, or what it is known to want]
    #[arg(long, value_name = "SIGNAL")]
    pub stop_signal: Option<StopSignal>,
    /// How long the program may take to end [default: 2.5s]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub stop_timeout: Option<Span>,
    /// Whose listener is the program's: one of its tree, or any new one [default: tree]
    #[arg(long, value_name = "WHOSE", value_parser = owner())]
    pub owner: Option<OwnerRule>,
    /// Also write the command and these options into the settings of the app, so that `start` starts the same.
    #[arg(long)]
    pub save: bool,
    /// End the program of the app that runs, and run this one in its place.
    #[arg(long)]
    pub replace: bool,
    /// Open the browser when the program is ready.
    #[arg(long)]
    pub open: bool,
    /// The command is one line for `sh -c`.
    #[arg(long)]
    pub shell: bool,
    /// Give the program a terminal of its own, which ours shows: for programs that ask or draw.
    #[arg(long)]
    pub tty: bool,
    /// Run in the background, and return when the program is ready.
    #[arg(long)]
    pub detach: bool,
    /// The folder for settings, state, logs and run-time files [default: this user's own]
    #[arg(long, global = true, value_name = "DIR", value_parser = home())]
    pub home: Option<PathBuf>,
    /// Print one JSON object per line; what the program writes goes to its log alone.
    #[arg(long, global = true)]
    pub json: bool,
    /// The command and its arguments, in which {port}, {host}, {url}, {app} and {dir} are replaced
    #[arg(value_name = "CMD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<OsString>,
}

impl RunArgs {
    /// The options that a launch of any kind has.
    pub fn as_start(&self) -> StartArgs {
        StartArgs {
            app: self.app.clone(),
            port: self.port,
            range: None,
            on_conflict: self.on_conflict,
            no_open: !self.open,
            detach: self.detach,
            ready_timeout: self.ready_timeout,
            home: self.home.clone(),
            json: self.json,
            of_program: Box::new(Settings {
                ready: self.ready.clone(),
                restart: self.restart,
                stop_signal: self.stop_signal,
                stop_timeout: self.stop_timeout,
                owner: self.owner,
                ports: self.ports.clone(),
                ..Settings::default()
            }),
        }
    }
}

fn restart() -> impl TypedValueParser<Value = Restart> {
    PossibleValuesParser::new(Restart::WORDS).try_map(|word| word.parse::<Restart>())
}

fn owner() -> impl TypedValueParser<Value = OwnerRule> {
    PossibleValuesParser::new(OwnerRule::WORDS).try_map(|word| word.parse::<OwnerRule>())
}
