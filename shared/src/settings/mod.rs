//! The settings of a person, in `config/<app>.toml`. The table of them is in
//! `settings/table.rs`.
//!
//! The file is the person's. It is read and never rewritten unless asked, and nothing in it is
//! ignored: a wrong key, value or syntax is an error with its place, what is nearest and
//! how to go on. An absent or empty file means the defaults.

pub mod edit;

pub mod store;

mod read;

mod correct;
mod text;

mod defaults;
mod error;

mod table;

mod rows;
mod setting;

mod kind;
#[cfg(feature = "schema")]
mod schema;

mod sourced;
#[cfg(test)]
mod test;
#[cfg(test)]
mod test_program;

mod program;

mod values;

pub use self::{
    error::{Correction, SettingsError, SettingsFault, SettingsProblem},
    kind::{Field, Kind, Value as SettingValue},
    program::{PortName, ProgramCommand, ProgramFolder, ProgramVariables, ReadyProbe, StopSignal},
    read::Change,
    setting::Setting,
    sourced::{SettingSource, Sourced},
    table::{Effective, KEYS, Layers, Settings, TABLE},
    values::{
        Avoided, Expose, LogLevel, OnConflict, OnElsewhere, OutputFormat, OwnerRule, ReadyTimeout,
        Restart, ServerCommand, Span,
    },
};
