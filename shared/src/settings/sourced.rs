//! Settings from several places: an option of the command line wins over its variable, which wins
//! over the settings file, which wins over the default. Each value has its source, so that a
//! message can name what to correct.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::message;

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value in effect.
    pub value: T,
    /// The place that sets it, which messages about the value name.
    pub source: SettingSource,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingSource {
    /// An option of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// The settings file.
    File(PathBuf),
    /// The default, because no place sets it.
    Default,
}

impl<T> Sourced<T> {
    pub(super) fn of(value: Option<T>, source: impl FnOnce() -> SettingSource) -> Option<Self> {
        value.map(|value| Self { value, source: source() })
    }

    /// What the settings file at `path` sets.
    pub fn from_file(value: Option<T>, path: &Path) -> Option<Self> {
        Self::of(value, || SettingSource::File(path.to_owned()))
    }

    /// Whether it is set anywhere.
    pub fn is_set(&self) -> bool {
        self.source != SettingSource::Default
    }
}

impl fmt::Display for SettingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(&message!("source.variable", name)),
            Self::File(file) => f.write_str(&file.display().to_string()),
            Self::Default => f.write_str(&message!("start.default")),
        }
    }
}
