//! What each command takes.

use clap::{Args, Subcommand};
use clap_complete::Shell;
use jiff::Timestamp;
use shared::{
    app::AppName,
    event::EventName,
    history::{SinceError, moment},
    message, messages,
    port::Port,
};
use std::path::PathBuf;

use super::{
    exits,
    start::{StartArgs, home},
};

/// The app that a command is about, and how it answers.
#[derive(Debug, Clone, Default, Args)]
pub struct AppArgs {
    /// The name under which settings, ports and history are kept [default: server]
    #[arg(long, global = true, value_name = "NAME")]
    pub app: Option<AppName>,
    /// The folder for settings, state, logs and run-time files [default: this user's own]
    #[arg(long, global = true, value_name = "DIR", value_parser = home())]
    pub home: Option<PathBuf>,
    /// Print one JSON object per line.
    #[arg(long, global = true)]
    pub json: bool,
}

/// At most one port.
#[derive(Debug, Args)]
pub struct MoveArgs {
    /// The new port; any free one unless given.
    #[arg(value_name = "PORT", allow_negative_numbers = true)]
    pub port: Option<Port>,
    /// The app that moves.
    #[command(flatten)]
    pub of: AppArgs,
}

/// Which apps are shown, and whether other programs are shown besides.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Also what else listens on this computer, with the programs as far as they can be seen
    #[arg(long)]
    pub all: bool,
    /// Whose app: every one unless one is named here.
    #[command(flatten)]
    pub of: AppArgs,
}

/// Whose URL to print.
#[derive(Debug, Args)]
pub struct WhereArgs {
    /// The name of the app, in place of --app
    #[arg(value_name = "NAME", conflicts_with = "app")]
    pub name: Option<AppName>,
    /// The app and how to answer.
    #[command(flatten)]
    pub of: AppArgs,
}

impl WhereArgs {
    /// The options with the app that was named in either way.
    pub fn of(&self) -> AppArgs {
        let of = self.of.clone();
        AppArgs { app: self.name.clone().or(of.app), ..of }
    }
}

/// Which of the two pages to open.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Open the console, even if the app has a first page of its own.
    #[arg(long)]
    pub console: bool,
    /// Print the address instead, for a browser elsewhere: a link to the console works once, for a minute.
    #[arg(long)]
    pub print: bool,
    /// The app to open.
    #[command(flatten)]
    pub of: AppArgs,
}

/// Which port, and up to which time.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The port to explain.
    #[arg(value_name = "PORT", allow_negative_numbers = true)]
    pub port: Port,
    /// Show who had the port at this time, for example 10m or yesterday 14:00.
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    pub at: Option<Timestamp>,
    /// The app that asks.
    #[command(flatten)]
    pub of: AppArgs,
}

/// Which records to print, and whether to wait for more.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Only records since this time, for example 12h or yesterday 14:00.
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = time, allow_hyphen_values = true)]
    pub since: Timestamp,
    /// Only this event, for example port_conflict.
    #[arg(long, value_name = "EVENT")]
    pub event: Option<EventName>,
    /// Only records about this port.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub port: Option<Port>,
    /// Keep printing new records.
    #[arg(short, long)]
    pub follow: bool,
    /// Whose records: those of every app unless one is named here.
    #[command(flatten)]
    pub of: AppArgs,
}

/// Since when, and of which app.
#[derive(Debug, Args)]
pub struct ConflictsArgs {
    /// Only records since this time, for example 12h or yesterday 14:00.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = time, allow_hyphen_values = true)]
    pub since: Timestamp,
    /// Whose ports: those of every app unless one is named here.
    #[command(flatten)]
    pub of: AppArgs,
}

fn time(text: &str) -> Result<Timestamp, SinceError> {
    moment(text, &messages::now_here())
}

/// What to do with the settings of which app.
#[derive(Debug, Args)]
pub struct SettingsArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: SettingsCommand,
    /// Whose settings.
    #[command(flatten)]
    pub of: AppArgs,
}

/// What can be done with settings.
#[derive(Debug, Subcommand)]
pub enum SettingsCommand {
    /// Print the path of the settings file.
    #[command(after_help = exits::if_printed())]
    Path,
    /// List all settings, their values and where each comes from.
    #[command(after_help = exits::if_shown())]
    Show,
    /// Change a setting from the next start on; comments in the file stay.
    #[command(after_help = exits::if_right())]
    Set {
        /// The setting, for example `port`.
        #[arg(value_name = "KEY")]
        key: String,
        /// The value: TOML, or a text without quotes.
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
    },
    /// Remove a setting from the file, so that its default applies.
    #[command(after_help = exits::if_right())]
    Unset {
        /// The setting.
        #[arg(value_name = "KEY")]
        key: String,
    },
}

/// Which lines to show, of which app.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// What else to show; the output of the app unless given.
    #[command(subcommand)]
    pub command: Option<LogsCommand>,
    /// How many lines.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, value_parser = number_of_lines)]
    pub lines: usize,
    /// Keep printing new lines.
    #[arg(short, long)]
    pub follow: bool,
    /// Whose lines: with `tail` those of every app unless one is named here.
    #[command(flatten)]
    pub of: AppArgs,
}

/// What can be done with logs.
#[derive(Debug, Subcommand)]
pub enum LogsCommand {
    /// Print the folder of the logs, and where the output of apps is.
    #[command(after_help = exits::if_printed())]
    Path,
    /// Print the last lines of the port history and of both programs' diagnostics, in the order in which they were written.
    #[command(after_help = exits::if_logged())]
    Tail {
        /// How many lines.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = number_of_lines)]
        lines: usize,
        /// Keep printing new lines.
        #[arg(short, long)]
        follow: bool,
    },
}

fn number_of_lines(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| message!("args.number_of_lines", text))
}

/// The shell that is to complete command lines.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The one whose syntax the script is written in.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

impl AppArgs {
    /// These options as the options of a start that has no others.
    pub fn as_start(&self) -> StartArgs {
        StartArgs {
            app: self.app.clone(),
            home: self.home.clone(),
            json: self.json,
            ..StartArgs::default()
        }
    }
}
