//! The values of settings that only a program has, which binds its port by itself.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::values::{EXAMPLE_PROGRAM, MASK};
use crate::{app::AppName, event::masked, message};

/// A program that binds its port by itself, with its arguments. It is serialized with the secrets among them masked, so
/// the file is never written from it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(min_items = 1))]
pub struct ProgramCommand(Vec<String>);

impl ProgramCommand {
    /// A path, or a name that is looked up in `PATH`; with `shell` the line for the shell.
    pub fn program(&self) -> &str {
        &self.0[0]
    }

    /// Its arguments, with their templates as they are written.
    pub fn arguments(&self) -> &[String] {
        &self.0[1..]
    }

    /// The program and its arguments.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for ProgramCommand {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Self(words)),
            _ => {
                let program = format!("\"{EXAMPLE_PROGRAM}\"");
                Err(message!("settings_error.no_program", program))
            }
        }
    }
}

impl<'de> Deserialize<'de> for ProgramCommand {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(from)?.try_into().map_err(de::Error::custom)
    }
}

impl Serialize for ProgramCommand {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        masked(self.0.iter().cloned()).serialize(to)
    }
}

/// The folder that a program is started in, by its whole path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct ProgramFolder(PathBuf);

impl ProgramFolder {
    /// As it is written: from a root on, but on Windows perhaps without a drive.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for ProgramFolder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Path::new(text) {
            path if path.has_root() => Ok(Self(path.to_owned())),
            _ => Err(message!("settings_error.relative_folder", folder = text)),
        }
    }
}

/// Variables of the environment for a program, by their names. Their values may be secrets: they are neither serialized
/// nor printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ProgramVariables(BTreeMap<String, String>);

impl ProgramVariables {
    /// Each name with its value, sorted by name. Templates in the values are as they are written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| &**name)
    }
}

impl fmt::Debug for ProgramVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Serialize for ProgramVariables {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.names().map(|name| (name, MASK)))
    }
}

impl<'de> Deserialize<'de> for ProgramVariables {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let variables = BTreeMap::<String, String>::deserialize(from)?;
        let is_wrong = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
        if let Some(name) = variables.keys().find(is_wrong) {
            return Err(de::Error::custom(message!("settings_error.variable_name", name)));
        }
        if let Some((name, _)) = variables.iter().find(|(_, value)| value.contains('\0')) {
            return Err(de::Error::custom(message!("settings_error.variable_value", name)));
        }
        Ok(Self(variables))
    }
}

/// What shows that a program is ready, besides its listener.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReadyProbe {
    /// A connection through `127.0.0.1` is accepted.
    #[default]
    Tcp,
    /// A request for this path, which begins with `/`, is answered with a status below 500.
    Http(String),
    /// A line of its output matches this regular expression, in which templates are still to be replaced.
    Log(String),
    /// It says so on the socket that `NOTIFY_SOCKET` names.
    Notify,
}

impl ReadyProbe {
    /// The words that it can be, and how those begin that go on.
    pub(super) const WORDS: [&str; 4] = ["tcp", "http:/", "log:", "notify"];
}

impl FromStr for ReadyProbe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("tcp", "") => Ok(Self::Tcp),
            ("notify", "") => Ok(Self::Notify),
            ("http", path) if path.starts_with('/') && !path.starts_with("//") => {
                Ok(Self::Http(path.to_owned()))
            }
            ("log", "") => Err(message!("settings_error.no_ready", written = text)),
            ("log", pattern) => match regex::Regex::new(&without_templates(pattern)) {
                Ok(_) => Ok(Self::Log(pattern.to_owned())),
                Err(error) => {
                    let problem = error.to_string();
                    let problem = problem.lines().last().unwrap_or_default();
                    let problem = problem.trim_start_matches("error: ");
                    Err(message!("settings_error.pattern", pattern, problem))
                }
            },
            _ => Err(message!("settings_error.no_ready", written = text)),
        }
    }
}

/// The names in braces that are replaced before a value is used, alone or with `:` or `@` behind them.
const TEMPLATES: [&str; 7] = ["port", "host", "url", "app", "dir", "socket", "fd"];

/// A pattern with a digit in the place of each template: to a regular expression their braces are a repetition.
fn without_templates(pattern: &str) -> String {
    let mut parts = pattern.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = part.split(['}', ':', '@']).next().unwrap_or_default();
        match part.split_once('}').filter(|_| TEMPLATES.contains(&name)) {
            Some((_, rest)) => text.extend(["0", rest]),
            None => text.extend(["{", part]),
        }
    }
    text
}

impl fmt::Display for ReadyProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp => f.write_str("tcp"),
            Self::Http(path) => write!(f, "http:{path}"),
            Self::Log(pattern) => write!(f, "log:{pattern}"),
            Self::Notify => f.write_str("notify"),
        }
    }
}

/// The signal that asks a program to end, on systems that have signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// `SIGHUP`.
    Hup,
    /// `SIGINT`, as Ctrl-C sends it.
    Int,
    /// `SIGQUIT`.
    Quit,
    /// `SIGTERM`, which most programs expect.
    Term,
    /// `SIGUSR1`.
    Usr1,
    /// `SIGUSR2`.
    Usr2,
    /// `SIGWINCH`.
    Winch,
    /// `SIGKILL`, which no program can handle.
    Kill,
}

impl StopSignal {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Hup,
        Self::Int,
        Self::Quit,
        Self::Term,
        Self::Usr1,
        Self::Usr2,
        Self::Winch,
        Self::Kill,
    ];

    /// Its whole name, such as `SIGINT`. Its number differs from system to system.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hup => "SIGHUP",
            Self::Int => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Term => "SIGTERM",
            Self::Usr1 => "SIGUSR1",
            Self::Usr2 => "SIGUSR2",
            Self::Winch => "SIGWINCH",
            Self::Kill => "SIGKILL",
        }
    }
}

impl FromStr for StopSignal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_it = |signal: &Self| {
            signal.name().trim_start_matches("SIG") == text || signal.name() == text
        };
        Self::ALL.into_iter().find(is_it).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|signal| signal.name()).collect();
            message!("settings_error.word", word = text, words = super::values::either(&names))
        })
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of a further port of a program. It is made of what an app's name is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(value_type = String, example = "metrics"))]
pub struct PortName(AppName);

impl PortName {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for PortName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| message!("settings_error.port_name", name = text))
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! read_from_text {
    ($($name:ident),+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

read_from_text!(ProgramFolder, ReadyProbe, StopSignal, PortName);

macro_rules! written_as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    )+};
}

written_as_text!(ReadyProbe, StopSignal);
