//! Settings: what the person wishes, in `config/<app>.toml`.
//!
//! The file is the person's. It is read and never rewritten unless asked, and nothing in it is
//! ignored: a wrong key, value or syntax is an error that says where it stands, what is nearest and
//! how to go on. An absent or empty file means the defaults.

mod error;
#[cfg(test)]
mod test;
mod values;

use std::{fs, io, path::Path};

use confy::ConfyError;
use serde::{Deserialize, Serialize};
use toml_edit::{Document, Item};

pub use self::{
    error::{Problem, SettingsError},
    values::{Avoided, Command, LogLevel, OnConflict, Restart, Span},
};
use crate::port::{Port, PortRange};

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
    /// Reads the settings of `file`; an absent file is an empty one, and is not made.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] says what is wrong, and in which line.
    pub fn load(file: &Path) -> Result<Self, SettingsError> {
        let wrong = |line, problem| SettingsError { file: file.to_owned(), line, problem };
        let text = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(wrong(None, Problem::Unreadable(error))),
        };
        let text = String::from_utf8(text).map_err(|_| wrong(None, Problem::NotText))?;
        if text.contains('\0') {
            return Err(wrong(None, Problem::NotText));
        }
        let line =
            |span: Option<std::ops::Range<usize>>| span.map(|span| line_of(&text, span.start));
        let document = Document::parse(text.as_str())
            .map_err(|e| wrong(line(e.span()), Problem::Syntax(first_line(e.message()))))?;
        if let Some((key, item)) = document.iter().find(|(key, _)| !KEYS.contains(key)) {
            let at = document.key(key).and_then(toml_edit::Key::span).or_else(|| Item::span(item));
            let problem = Problem::UnknownKey { key: key.to_owned(), nearest: nearest(key) };
            return Err(wrong(line(at), problem));
        }
        confy::load_path(file).map_err(|error| match error {
            ConfyError::BadTomlData(error) => {
                wrong(line(error.span()), Problem::Value(first_line(error.message())))
            }
            other => wrong(None, Problem::Unreadable(io::Error::other(other))),
        })
    }

    /// The line, from 1, in which `key` is set in `file`, for messages about its value.
    #[must_use]
    pub fn line_of_key(file: &Path, key: &str) -> Option<usize> {
        let text = fs::read_to_string(file).ok()?;
        let document = Document::parse(text.as_str()).ok()?;
        document.key(key)?.span().map(|span| line_of(&text, span.start))
    }
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
