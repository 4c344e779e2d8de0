//! Programs that are not ours: what the command before which `run` stands needs to have a port that it keeps.
//!
//! Each module uses only modules that are declared below it.

pub mod watcher;

pub mod observer;
pub mod probe;

pub mod environment;
pub mod verification;

pub mod known;
pub mod name;
pub mod observation;
pub mod template;

#[cfg(all(test, target_os = "linux"))]
mod script;
