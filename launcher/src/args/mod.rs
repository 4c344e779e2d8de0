//! The command line as it was typed. Nothing is looked up or made here; see
//! [`options`](crate::options) for what it means.
//!
//! Each module uses only modules that are declared below it.

mod command_line;

mod command;

mod run;

mod exits;
mod start;

pub use self::{
    command::{
        AppArgs, CompletionsArgs, ConflictsArgs, ExplainArgs, HistoryArgs, ListArgs, LogsArgs,
        LogsCommand, MoveArgs, OpenArgs, SettingsArgs, SettingsCommand, WhereArgs,
    },
    command_line::{CommandLine, LauncherCommand, parse},
    run::RunArgs,
    start::StartArgs,
};
