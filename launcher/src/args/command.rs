//! The commands, and what each of them takes.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use shared::{app::AppName, port::Port};
use std::path::PathBuf;

use super::StartArgs;

/// What the launcher can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Claim a port, start the server on it, print the URL, open the browser, and stay
    Start(StartArgs),
    /// End the running server and its launcher, and wait until they have ended
    #[command(after_help = IF_IT_RUNS)]
    Stop(AppArgs),
    /// Start a new server on the same port; the old one ends when the new one serves
    #[command(after_help = IF_IT_RUNS)]
    Restart(AppArgs),
    /// Tell how the running server is
    #[command(after_help = IF_IT_RUNS)]
    Status(AppArgs),
    /// Change the port of the running server, without losing a request
    Move(MoveArgs),
    /// Print the URL of the running server, and nothing else
    #[command(after_help = IF_IT_RUNS)]
    Where(AppArgs),
    /// Open the browser on the running server
    #[command(after_help = IF_IT_RUNS)]
    Open(AppArgs),
    /// Say what is the matter with a port: who holds it, why, and what was there before
    Explain(ExplainArgs),
}

/// The app that a command is about, and how it answers.
#[derive(Debug, Clone, Default, Args)]
pub struct AppArgs {
    /// The name under which settings, ports and history are kept [default: server]
    #[arg(long, value_name = "NAME")]
    pub app: Option<AppName>,
    /// The folder for settings, state, logs and run-time files [default: this user's own]
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// The options of `move`.
#[derive(Debug, Args)]
pub struct MoveArgs {
    /// The new port; any free one unless given
    #[arg(value_name = "PORT", allow_negative_numbers = true)]
    pub port: Option<Port>,
    /// The app that moves.
    #[command(flatten)]
    pub of: AppArgs,
}

/// The options of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The port
    #[arg(value_name = "PORT", allow_negative_numbers = true)]
    pub port: Port,
    /// What the history says of that time, such as 2026-11-22T12:00:00Z, and nothing of now
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
    /// The app that asks.
    #[command(flatten)]
    pub of: AppArgs,
}

impl AppArgs {
    /// The same as the options of a start that says nothing else: what they mean is decided there.
    #[must_use]
    pub fn as_start(&self) -> StartArgs {
        StartArgs {
            app: self.app.clone(),
            home: self.home.clone(),
            json: self.json,
            ..StartArgs::default()
        }
    }
}

const IF_IT_RUNS: &str = "Exit codes: 0 done, 2 usage, 3 it is not running.";
