//! How the value of a setting is written, which decides its place in a form and in the documentation.

use std::{fmt, str::FromStr};

use super::{
    program::{PortName, ProgramCommand, ProgramFolder, ProgramVariables, ReadyProbe, StopSignal},
    values::{
        Avoided, Expose, LogLevel, OnConflict, OnElsewhere, OutputFormat, OwnerRule, ReadyTimeout,
        Restart, ServerCommand, Span, either,
    },
};
use crate::{
    environment::{Environment, VariableError},
    message,
    port::{Port, PortRange},
};

/// How the value of a setting is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number from 1 to 65535.
    Port,
    /// A range of ports.
    Range,
    /// A list of ports and ranges.
    Ports,
    /// `true` or `false`.
    Boolean,
    /// A span of time.
    Time,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A program with its arguments.
    Command,
    /// The whole path of a folder.
    Folder,
    /// Folders, as the variable `PATH` has them.
    SearchPath,
    /// A table of variables with their values, which may be secrets and are never shown.
    Variables,
    /// What shows that a program is ready.
    Ready,
    /// The name of a signal.
    Signal,
    /// A list of names.
    Names,
}

impl Kind {
    /// The name of the kind, for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Range => "range",
            Self::Ports => "ports",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::Choice(_) => "choice",
            Self::Command => "command",
            Self::Folder => "folder",
            Self::SearchPath => "search_path",
            Self::Variables => "variables",
            Self::Ready => "ready",
            Self::Signal => "signal",
            Self::Names => "names",
        }
    }

    /// What a value is, for a message about one that is not.
    pub fn in_words(self) -> String {
        match self {
            Self::Port => message!("kind_of.port"),
            Self::Range => message!("kind_of.range"),
            Self::Ports => message!("kind_of.ports"),
            Self::Boolean => either(self.words()),
            Self::Time => message!("kind_of.time"),
            Self::Choice(words) => either(words),
            Self::Command => message!("kind_of.command"),
            Self::Folder => message!("kind_of.folder"),
            Self::SearchPath => message!("kind_of.search_path"),
            Self::Variables => message!("kind_of.variables"),
            Self::Ready => message!("kind_of.ready"),
            Self::Signal => message!("kind_of.signal"),
            Self::Names => message!("kind_of.names"),
        }
    }

    /// Whether a value of TOML has the type of this kind, whatever it says.
    pub(super) fn has_type_of(self, value: &toml_edit::Item) -> bool {
        match self {
            Self::Port => value.is_integer(),
            Self::Range | Self::Time | Self::Choice(_) => value.is_str(),
            Self::Folder | Self::SearchPath | Self::Ready | Self::Signal => value.is_str(),
            Self::Boolean => value.is_bool(),
            Self::Ports | Self::Command | Self::Names => value.is_array(),
            Self::Variables => value.is_inline_table(),
        }
    }

    /// Whether all of its values may be secrets, so that no message shows one.
    pub fn is_secret(self) -> bool {
        self == Self::Variables
    }

    /// Every value as a word, where there are but a few.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Choice(words) => words,
            Self::Boolean => &["true", "false"],
            _ => &[],
        }
    }
}

/// A type that a setting can have.
pub trait Value {
    /// How it is written.
    const KIND: Kind;
}

/// The value of a setting's variable. The standard library's message about a wrong boolean does not
/// name the value, so another takes its place.
///
/// # Errors
///
/// [`VariableError`] names the variable and what is wrong with its value.
pub(super) fn from_variable<T>(
    environment: &Environment,
    variable: &'static str,
) -> Result<Option<T>, VariableError>
where
    T: Value + FromStr<Err: fmt::Display>,
{
    environment.value(variable).map_err(|error| {
        match (T::KIND, environment.value::<String>(variable)) {
            (kind @ Kind::Boolean, Ok(Some(value))) => {
                let problem = message!("settings_error.boolean", value, what = kind.in_words());
                VariableError::new(variable, &problem)
            }
            _ => error,
        }
    })
}

/// A field of [`Settings`](super::Settings), which has a value or none.
pub trait Field: Sized {
    /// What the field has once it is set.
    type Value;
    /// How the value is written.
    const KIND: Kind;
    /// The field with this value.
    fn of(value: Self::Value) -> Self;
    /// `None` if the file does not set it.
    fn set(self) -> Option<Self::Value>;
}

impl<T: Value> Field for Option<T> {
    type Value = T;
    const KIND: Kind = T::KIND;

    fn of(value: T) -> Self {
        Some(value)
    }

    fn set(self) -> Self {
        self
    }
}

/// A type of which a setting can have a list.
pub trait ListEntry {
    /// How the list is written.
    const KIND: Kind;
}

impl ListEntry for Avoided {
    const KIND: Kind = Kind::Ports;
}

impl ListEntry for PortName {
    const KIND: Kind = Kind::Names;
}

/// An empty list counts as not set.
impl<T: ListEntry> Field for Vec<T> {
    type Value = Self;
    const KIND: Kind = T::KIND;

    fn of(value: Self) -> Self {
        value
    }

    fn set(self) -> Option<Self> {
        (!self.is_empty()).then_some(self)
    }
}

macro_rules! kinds {
    ($($value:ty => $kind:expr),+ $(,)?) => {$(
        impl Value for $value {
            const KIND: Kind = $kind;
        }
    )+};
}

kinds! {
    Port => Kind::Port,
    PortRange => Kind::Range,
    bool => Kind::Boolean,
    ReadyTimeout => Kind::Time,
    Span => Kind::Time,
    OnConflict => Kind::Choice(OnConflict::WORDS),
    Restart => Kind::Choice(Restart::WORDS),
    LogLevel => Kind::Choice(LogLevel::WORDS),
    ServerCommand => Kind::Command,
    ProgramCommand => Kind::Command,
    ProgramFolder => Kind::Folder,
    String => Kind::SearchPath,
    ProgramVariables => Kind::Variables,
    ReadyProbe => Kind::Ready,
    OnElsewhere => Kind::Choice(OnElsewhere::WORDS),
    Expose => Kind::Choice(Expose::WORDS),
    OwnerRule => Kind::Choice(OwnerRule::WORDS),
    StopSignal => Kind::Signal,
    OutputFormat => Kind::Choice(OutputFormat::WORDS),
}
