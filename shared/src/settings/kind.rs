//! How the value of a setting is written, which decides its place in a form and in the documentation.

use super::values::{Avoided, LogLevel, OnConflict, Restart, ServerCommand, Span};
use crate::port::{Port, PortRange};

/// How the value of a setting is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A port.
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
        }
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

/// A field of [`Settings`](super::Settings), which has a value or none.
pub trait Field: Sized {
    /// Its value.
    type Value;
    /// How the value is written.
    const KIND: Kind;
    /// The field with this value.
    fn of(value: Self::Value) -> Self;
    /// Its value, if it is set.
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

/// An empty list counts as not set.
impl Field for Vec<Avoided> {
    type Value = Self;
    const KIND: Kind = Kind::Ports;

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
    Span => Kind::Time,
    OnConflict => Kind::Choice(OnConflict::WORDS),
    Restart => Kind::Choice(Restart::WORDS),
    LogLevel => Kind::Choice(LogLevel::WORDS),
    ServerCommand => Kind::Command,
}
