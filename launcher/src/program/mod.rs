//! Programs that are not ours: what the command before which `run` stands needs to have a port that it keeps.
//!
//! Each module uses only modules that are declared below it.

pub mod options;

pub mod command;

pub mod watcher;

pub mod observer;
pub mod probe;

pub mod environment;
pub mod verification;

pub mod known;
pub mod name;
pub mod observation;
pub mod template;

mod server_kind;

#[cfg(all(test, target_os = "linux"))]
mod script;

pub use self::{
    command::{CommandTemplate, WrittenCommand},
    options::{ProgramOptions, ProgramStreams},
    server_kind::ServerKind,
};
