//! Settings from several places: an option of the command line wins over its variable, which wins
//! over the settings file, which wins over the default. Each value knows where it comes from, so that
//! a message can say what to correct.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::Settings;

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An option of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// The settings file.
    File(PathBuf),
    /// It is set nowhere.
    Default,
}

/// What each place sets.
#[derive(Debug)]
pub struct Layers<'a> {
    /// The options of the command line.
    pub flags: Settings,
    /// The variables of the environment.
    pub variables: Settings,
    /// The settings file.
    pub file: &'a Settings,
    /// The path of that file.
    pub path: &'a Path,
}

impl<T> Sourced<T> {
    pub(super) fn of(value: Option<T>, source: impl FnOnce() -> Source) -> Option<Self> {
        value.map(|value| Self { value, source: source() })
    }

    /// What the settings file at `path` sets.
    pub fn from_file(value: Option<T>, path: &Path) -> Option<Self> {
        Self::of(value, || Source::File(path.to_owned()))
    }

    /// Whether it is set anywhere.
    pub fn is_set(&self) -> bool {
        self.source != Source::Default
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(file) => f.write_str(&file.display().to_string()),
            Self::Default => f.write_str("the default"),
        }
    }
}
