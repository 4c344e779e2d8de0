//! Errors of a settings file that cannot be used.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::message;

use super::table::KEYS;

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {problem}", .file.display(), At(*.line))]
pub struct SettingsError {
    /// The settings file, by its whole path.
    pub file: PathBuf,
    /// The line, from 1, if the problem has one.
    pub line: Option<usize>,
    /// Printed behind the file and the line.
    pub problem: SettingsProblem,
}

/// What is wrong with the text of a settings file.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct SettingsFault {
    /// The line, from 1, if the problem has one.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: SettingsProblem,
}

impl SettingsFault {
    /// The same, of the file that holds the text.
    pub fn of(self, file: &Path) -> SettingsError {
        SettingsError { file: file.to_owned(), line: self.line, problem: self.problem }
    }
}

impl From<SettingsProblem> for SettingsFault {
    fn from(problem: SettingsProblem) -> Self {
        Self { line: None, problem }
    }
}

/// What is wrong with a settings file.
#[derive(Debug, thiserror::Error)]
pub enum SettingsProblem {
    /// It cannot be read.
    #[error("{}", message!("settings_error.unreadable", error = .0))]
    Unreadable(#[source] io::Error),
    /// Its bytes are not UTF-8.
    #[error("{}", message!("settings_error.not_a_text_file"))]
    NotText,
    /// It is not TOML.
    #[error("{0}")]
    Syntax(String),
    /// It has a key that means nothing here.
    #[error("{}", unknown_key(.key, *.nearest))]
    UnknownKey {
        /// As it was written.
        key: String,
        /// The nearest one there is.
        nearest: Option<&'static str>,
    },
    /// A value is not of the kind that its key wants.
    #[error("{0}")]
    Value(String),
}

struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

fn unknown_key(key: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => message!("settings_error.no_setting_near", key, nearest),
        None => message!("settings_error.no_setting", key, keys = KEYS.join(", ")),
    }
}
