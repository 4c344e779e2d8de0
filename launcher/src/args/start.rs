//! The options of `start`, which a launch can be given without the word as well.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use shared::{
    app::AppName,
    paths,
    port::{Port, PortRange},
    settings::{OnConflict, ReadyTimeout, Settings},
};

/// The options of `start`. What is `None` comes from the environment, the settings or the defaults.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct StartArgs {
    /// The name under which settings, ports and history are kept [default: server]
    #[arg(long, global = true, value_name = "NAME")]
    pub app: Option<AppName>,
    /// Use only this port: claim it or fail.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub port: Option<Port>,
    /// The ports to choose from [default: 15001-29999]
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    pub range: Option<PortRange>,
    /// What to do when a remembered port is taken: move to another, or fail [default: move]
    #[arg(long, value_name = "WHAT", value_parser = on_conflict())]
    pub on_conflict: Option<OnConflict>,
    /// Do not open the browser.
    #[arg(long)]
    pub no_open: bool,
    /// Run in the background, and return when the server is ready.
    #[arg(long)]
    pub detach: bool,
    /// How long the server may take to become ready, for example 2m [default: 10s]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub ready_timeout: Option<ReadyTimeout>,
    /// The folder for settings, state, logs and run-time files [default: this user's own]
    #[arg(long, global = true, value_name = "DIR", value_parser = home())]
    pub home: Option<PathBuf>,
    /// Print one JSON object per line, with the keys of the records.
    #[arg(long, global = true)]
    pub json: bool,
    /// What `run` sets of a program; no option of `start`.
    #[arg(skip)]
    pub of_program: Box<Settings>,
}

impl StartArgs {
    /// The settings among the options.
    pub fn settings(&self) -> Settings {
        Settings {
            port: self.port,
            range: self.range,
            on_conflict: self.on_conflict,
            open_browser: self.no_open.then_some(false),
            ready_timeout: self.ready_timeout,
            ..(*self.of_program).clone()
        }
    }
}

/// Reads a folder, which is named from the current one.
pub(super) fn home() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|typed| paths::typed_home(&typed))
}

/// Reads the words of [`OnConflict`], which help and completions list.
pub(super) fn on_conflict() -> impl TypedValueParser<Value = OnConflict> {
    PossibleValuesParser::new(OnConflict::WORDS).try_map(|word| word.parse::<OnConflict>())
}
