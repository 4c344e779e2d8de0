//! Settings: what the person wishes, in `config/<app>.toml`.
//!
//! The file is the person's. It is read and never rewritten unless asked, and nothing in it is
//! ignored: a wrong key, value or syntax is an error that says where it stands, what is nearest and
//! how to go on. An absent or empty file means the defaults.

pub mod edit;
mod error;
pub mod store;
#[cfg(test)]
mod test;
mod values;

use std::{fs, io, ops::Range, path::Path, time::Duration};

use confy::ConfyError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml_edit::{Document, Item};

pub use self::{
    error::{Fault, Problem, SettingsError},
    values::{Avoided, Command, LogLevel, OnConflict, Restart, Span},
};
use crate::{
    event::Event,
    policy::DEFAULT_RANGE,
    port::{Port, PortRange},
};

/// The content of a settings file. `None` is "not said": the default holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The home port: tried first at every start.
    pub port: Option<Port>,
    /// The ports to choose from.
    pub range: Option<PortRange>,
    /// Ports not to choose, each a port or a range.
    pub avoid: Vec<Avoided>,
    /// What to do when a remembered port cannot be claimed.
    pub on_conflict: Option<OnConflict>,
    /// Whether to open the browser.
    pub open_browser: Option<bool>,
    /// How long the server may take to become ready.
    pub ready_timeout: Option<Span>,
    /// When the server is started again.
    pub restart: Option<Restart>,
    /// How long the old port leads to the new one after a move.
    pub redirect_for: Option<Span>,
    /// How much the diagnostics tell.
    pub log: Option<LogLevel>,
    /// The server's program and its first arguments, instead of the one beside the launcher.
    pub command: Option<Command>,
}

/// How long a server may take to become ready unless told otherwise: a slow disk on a cold start
/// takes two seconds, and a person gives up after ten.
pub const READY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the old port leads to the new one after a move, unless told otherwise: as long as a page
/// may stand open before somebody clicks in it again.
pub const REDIRECT_FOR: Duration = Duration::from_secs(5 * 60);

/// A setting that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The setting.
    pub key: &'static str,
    /// What it was, if it was set.
    pub from: Option<String>,
    /// What it is, if it is set.
    pub to: Option<String>,
}

impl From<Change> for Event {
    fn from(change: Change) -> Self {
        let Change { key, from, to } = change;
        Self::SettingsChanged { key: key.to_owned(), from, to }
    }
}

/// Every key of a settings file.
pub const KEYS: [&str; 10] = [
    "port",
    "range",
    "avoid",
    "on_conflict",
    "open_browser",
    "ready_timeout",
    "restart",
    "redirect_for",
    "log",
    "command",
];

impl Settings {
    /// What holds where nobody says anything.
    #[must_use]
    pub fn defaults() -> Self {
        Self {
            port: None,
            range: Some(DEFAULT_RANGE),
            avoid: Vec::new(),
            on_conflict: Some(OnConflict::default()),
            open_browser: Some(true),
            ready_timeout: Some(Span(READY_TIMEOUT)),
            restart: Some(Restart::default()),
            redirect_for: Some(Span(REDIRECT_FOR)),
            log: Some(LogLevel::default()),
            command: None,
        }
    }

    /// Reads the settings of `file`; an absent file is an empty one, and is not made.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] says what is wrong, and in which line.
    pub fn load(file: &Path) -> Result<Self, SettingsError> {
        let Some(text) = read(file).map_err(|problem| Fault::from(problem).of(file))? else {
            return Ok(Self::default());
        };
        check(&text).map_err(|fault| fault.of(file))?;
        confy::load_path(file).map_err(|error| {
            match error {
                ConfyError::BadTomlData(error) => wrong_value(&text, error.span(), error.message()),
                other => Fault::from(Problem::Unreadable(io::Error::other(other))),
            }
            .of(file)
        })
    }

    /// Reads settings from their text, by the same rules.
    ///
    /// # Errors
    ///
    /// [`Fault`] says what is wrong, and in which line.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        check(text)?;
        toml_edit::de::from_str(text)
            .map_err(|error| wrong_value(text, error.span(), error.message()))
    }

    /// The text of a settings file; an absent file is an empty one.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it cannot be read, or is no text.
    pub fn text(file: &Path) -> Result<String, SettingsError> {
        let read = read(file).map_err(|problem| Fault::from(problem).of(file));
        read.map(Option::unwrap_or_default)
    }

    /// What is set otherwise in `new`, a change for each key.
    #[must_use]
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let [old, new] = [self, new].map(|settings| serde_json::json!(settings));
        let text = |value: &Value| match value {
            Value::Null => None,
            other => Some(other.to_string()),
        };
        let change = |key: &'static str| Change { key, from: text(&old[key]), to: text(&new[key]) };
        KEYS.into_iter().map(change).filter(|change| change.from != change.to).collect()
    }

    /// The line, from 1, in which `key` is set in `file`, for messages about its value.
    #[must_use]
    pub fn line_of_key(file: &Path, key: &str) -> Option<usize> {
        let text = fs::read_to_string(file).ok()?;
        let document = Document::parse(text.as_str()).ok()?;
        document.key(key)?.span().map(|span| line_of(&text, span.start))
    }
}

/// The text of a file, or `None` if there is no such file.
fn read(file: &Path) -> Result<Option<String>, Problem> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::Unreadable(error)),
    };
    let text = String::from_utf8(bytes).map_err(|_| Problem::NotText)?;
    if text.contains('\0') { Err(Problem::NotText) } else { Ok(Some(text)) }
}

/// Whether `text` is TOML and has no key but those of [`KEYS`].
fn check(text: &str) -> Result<(), Fault> {
    let line = |span: Option<Range<usize>>| span.map(|span| line_of(text, span.start));
    let document = Document::parse(text).map_err(|error| Fault {
        line: line(error.span()),
        problem: Problem::Syntax(first_line(error.message())),
    })?;
    let Some((key, item)) = document.iter().find(|(key, _)| !KEYS.contains(key)) else {
        return Ok(());
    };
    let at = document.key(key).and_then(toml_edit::Key::span).or_else(|| Item::span(item));
    let problem = Problem::UnknownKey { key: key.to_owned(), nearest: nearest(key) };
    Err(Fault { line: line(at), problem })
}

fn wrong_value(text: &str, span: Option<Range<usize>>, message: &str) -> Fault {
    let line = span.map(|span| line_of(text, span.start));
    Fault { line, problem: Problem::Value(first_line(message)) }
}

/// The nearest key, if one is near: at most a third of its letters are other.
fn nearest(key: &str) -> Option<&'static str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), known);
    let nearest = KEYS.into_iter().min_by_key(distance)?;
    (distance(&nearest) * 3 <= nearest.len().max(3)).then_some(nearest)
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count() + 1
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}
