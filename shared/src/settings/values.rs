//! The kinds of values that a settings file holds, each read in one way wherever it is written.

use std::fmt;

use jiff::{SignedDuration, SpanRelativeTo};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use crate::{
    message,
    port::{Port, PortRange},
};

/// Makes enums of words, each written in one way in a settings file, a variable and a form.
macro_rules! words {
    ($(
        $(#[$about:meta])+
        pub enum $name:ident {
            $($(#[$of_variant:meta])+ $variant:ident = $word:tt,)+
        }
    )+) => {$(
        $(#[$about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$of_variant])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// In the order in which messages list them.
            pub const WORDS: &[&str] = &[$($word),+];
        }

        impl std::str::FromStr for $name {
            type Err = UnknownChoice;

            fn from_str(word: &str) -> Result<Self, UnknownChoice> {
                let unknown = || UnknownChoice { word: word.to_owned(), words: Self::WORDS };
                serde_json::from_value(word.into()).map_err(|_| unknown())
            }
        }
    )+};
}

words! {
    /// What to do when a remembered port cannot be claimed.
    pub enum OnConflict {
        /// Take another, and say so.
        #[default]
        Move = "move",
        /// Fail, and say why.
        Fail = "fail",
    }

    /// When a server that ended is started again.
    pub enum Restart {
        /// When it crashed or failed.
        #[default]
        OnFailure = "on_failure",
        /// The launch ends with its server.
        Never = "never",
    }

    /// What to do with a program that listens on another port than it was given.
    pub enum OnElsewhere {
        /// Listen on its port and forward to where it listens.
        #[default]
        Front = "front",
        /// End it, and say where it listens.
        Fail = "fail",
    }

    /// What to do with a program that other computers can reach.
    pub enum Expose {
        /// Say so, and record it.
        #[default]
        Warn = "warn",
        /// End it, and say why.
        Refuse = "refuse",
        /// Nothing.
        Allow = "allow",
    }

    /// Whose listener on the port is the program's.
    pub enum OwnerRule {
        /// That of a process which the program has started, or of itself.
        #[default]
        Tree = "tree",
        /// That of any process which began to listen after the start, such as of a container's.
        Any = "any",
    }

    /// How the lines of a program's output are kept.
    pub enum OutputFormat {
        /// As records, one JSON object a line.
        #[default]
        Json = "json",
        /// As they came.
        Plain = "plain",
        /// Not at all.
        Nothing = "none",
    }

    /// How much the diagnostics tell.
    pub enum LogLevel {
        /// What failed.
        Error = "error",
        /// Also what is done without.
        Warning = "warning",
        /// Also every change of state, and every request.
        #[default]
        Info = "info",
        /// Also each attempt.
        Debug = "debug",
    }
}

/// A word that is none of those that a setting can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownChoice {
    word: String,
    words: &'static [&'static str],
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = either(self.words);
        f.write_str(&message!("settings_error.word", word = self.word, words))
    }
}

impl std::error::Error for UnknownChoice {}

/// "`move` or `fail`".
pub(super) fn either(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            message!("settings_error.either", words = rest.join(", "), last)
        }
        _ => quoted.concat(),
    }
}

/// The longest span: one that the clock of every system can still add to the present.
const LONGEST_SPAN: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A span of time that a person writes as `10s`, `2m 30s` or `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, example = "2m 30s"))]
pub struct Span(pub std::time::Duration);

/// A span of time in which a server can become ready, so never none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, example = "30s"))]
pub struct ReadyTimeout(pub std::time::Duration);

/// An entry of `avoid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avoided(pub PortRange);

/// What stands in the place of a secret.
pub(super) const MASK: &str = "***";

/// What a message shows as a program.
pub(super) const EXAMPLE_PROGRAM: &str = "/usr/bin/my-server";

/// Whether a program is another one in another folder. A name alone is looked up in `PATH`.
pub(super) fn is_relative(program: &str) -> bool {
    program.contains(std::path::is_separator) && !std::path::Path::new(program).has_root()
}

/// A program with its first arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(min_items = 1))]
#[serde(transparent)]
pub struct ServerCommand(Vec<String>);

impl Serialize for Avoided {
    /// As a person writes it: one port is a number.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.first() == self.0.last() {
            self.0.first().serialize(to)
        } else {
            self.0.serialize(to)
        }
    }
}

/// Reads an entry of `avoid`. An error within has the place of the entry.
struct PortOrRange;

/// What an entry can be, in words. In these quotation marks the range is right in TOML and in JSON.
fn port_or_range() -> String {
    message!("settings_error.avoided", range = "\"3000-3100\"")
}

fn no_port_or_range<E: de::Error>() -> Result<Avoided, E> {
    Err(E::custom(port_or_range()))
}

impl<'de> Visitor<'de> for PortOrRange {
    type Value = Avoided;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&port_or_range())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Avoided, E> {
        Port::try_from(number).map(|port| Avoided(port.into())).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Avoided, E> {
        i64::try_from(number).map_or_else(|_| no_port_or_range(), |number| self.visit_i64(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Avoided, E> {
        text.parse().map(Avoided).map_err(E::custom)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Avoided, E> {
        no_port_or_range()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Avoided, E> {
        no_port_or_range()
    }

    fn visit_unit<E: de::Error>(self) -> Result<Avoided, E> {
        no_port_or_range()
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Avoided, A::Error> {
        no_port_or_range()
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Avoided, A::Error> {
        no_port_or_range()
    }
}

impl<'de> Deserialize<'de> for Avoided {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PortOrRange)
    }
}

impl ServerCommand {
    /// A path, or a name that is looked up in `PATH`.
    pub fn program(&self) -> &str {
        &self.0[0]
    }

    /// Its first arguments.
    pub fn arguments(&self) -> &[String] {
        &self.0[1..]
    }
}

impl<'de> Deserialize<'de> for ServerCommand {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(from)?;
        match words.first() {
            Some(program) if is_relative(program) => Err(de::Error::custom(message!(
                "settings_error.relative",
                program,
                example = EXAMPLE_PROGRAM
            ))),
            Some(program) if !program.is_empty() => Ok(Self(words)),
            _ => {
                let program = format!("\"{EXAMPLE_PROGRAM}\"");
                Err(de::Error::custom(message!("settings_error.no_program", program)))
            }
        }
    }
}

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(message!("time_error.no_unit", text));
        }
        let span = duration(text).ok_or_else(|| message!("time_error.no_span", text))?;
        let span = std::time::Duration::try_from(span);
        let span = span.map_err(|_| message!("time_error.negative", text))?;
        if span > LONGEST_SPAN {
            return Err(message!("time_error.too_long", text));
        }
        Ok(Self(span))
    }
}

/// A span of time, in which a day has 24 hours.
fn duration(text: &str) -> Option<SignedDuration> {
    let with_days = || -> Option<SignedDuration> {
        let span: jiff::Span = text.parse().ok()?;
        span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
    };
    text.parse().ok().or_else(with_days)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX))
    }
}

impl std::str::FromStr for ReadyTimeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "0" {
            return Err(message!("time_error.none", text));
        }
        match text.parse()? {
            Span(std::time::Duration::ZERO) => Err(message!("time_error.none", text)),
            Span(span) => Ok(Self(span)),
        }
    }
}

impl fmt::Display for ReadyTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

impl Serialize for ReadyTimeout {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Span(self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for ReadyTimeout {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl From<LogLevel> for slog::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warning => Self::Warning,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
        }
    }
}
