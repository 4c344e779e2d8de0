//! The options of `start`, which a launch can be given without the word as well.

use std::path::PathBuf;

use clap::ValueEnum;
use shared::{
    app::AppName,
    port::{Port, PortRange},
    settings::{OnConflict, Settings, Span},
};

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
