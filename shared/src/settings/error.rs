//! Errors of a settings file that cannot be used.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{access::RefusedAccess, message, regular_file, trust::Untrusted};

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

impl SettingsError {
    /// What a person can do.
    pub fn repair(&self) -> String {
        let repair = match &self.problem {
            SettingsProblem::Untrusted(untrusted) => Some(untrusted.repair()),
            SettingsProblem::Unreadable(error) => {
                regular_file::repair(&self.file, RefusedAccess::Read, error)
            }
            SettingsProblem::TooLong => Some(message!("now.shorten")),
            _ => None,
        };
        repair.unwrap_or_else(|| message!("now.settings"))
    }
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
    /// Another user may have written it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// Its bytes are not UTF-8.
    #[error("{}", message!("settings_error.not_a_text_file"))]
    NotText,
    /// It is saved in two bytes for each character.
    #[error("{}", message!("settings_error.utf16"))]
    Utf16,
    /// The bytes of a line are not UTF-8.
    #[error("{}", message!("settings_error.not_utf8"))]
    NotUtf8,
    /// A line is wrong because of a character that looks like nothing or like a space.
    #[error("{}", message!("settings_error.invisible", code = code(*.0)))]
    Invisible(char),
    /// A line is wrong because of a quotation mark that TOML has not.
    #[error("{}", message!("settings_error.quote", character = .character, code = code(*.character), quote = .quote))]
    Quote {
        /// The character in the file.
        character: char,
        /// The quotation mark that TOML has in its place.
        quote: &'static str,
    },
    /// A table begins in a line.
    #[error("{}", message!("settings_error.section", written = .written, line = .line))]
    Section {
        /// Its number, from 1.
        line: usize,
        /// What it says.
        written: String,
    },
    /// It has a key twice.
    #[error("{}", message!("settings_error.twice"))]
    Twice,
    /// A carriage return stands where no line ends.
    #[error("{}", message!("settings_error.carriage_return"))]
    CarriageReturn,
    /// A value that begins in a line above does not fit together, up to this line, from 1.
    #[error("{}", message!("settings_error.open", line = .0))]
    Open(usize),
    /// A line is nothing that a settings file can have.
    #[error("{}", message!("settings_error.no_line", written = .0))]
    NoSetting(String),
    /// A key is no setting.
    #[error("{}", unknown_key(.key, *.nearest))]
    UnknownKey {
        /// The key in the file, with that of its table.
        key: String,
        /// The setting that was probably meant, if one is similar.
        nearest: Option<&'static str>,
    },
    /// A value is not of the kind that its key wants.
    #[error("{0}")]
    Value(String),
    /// A change would make the file larger than is read of it.
    #[error("{}", message!("settings_error.too_long"))]
    TooLong,
    /// A value is wrong, and another was probably meant.
    #[error("{0}")]
    Corrected(Box<Correction>),
}

/// A wrong value, with the one that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.in_words())]
pub struct Correction {
    /// The name of the setting.
    pub key: &'static str,
    /// Its value, as it was written.
    pub written: String,
    /// The kind of value that the setting takes, in words.
    pub what: String,
    /// The value that was probably meant, as it is written in the file.
    pub value: String,
}

impl Correction {
    fn in_words(&self) -> String {
        let Self { key, written, what, value } = self;
        // The value is right, and what stands around it is not.
        match written == value {
            true => message!("settings_error.malformed", key, value),
            false => message!("settings_error.corrected", written, what, key, value),
        }
    }
}

struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

fn code(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

fn unknown_key(key: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => message!("settings_error.no_setting_near", key, nearest),
        None => message!("settings_error.no_setting", key, keys = KEYS.join(", ")),
    }
}
