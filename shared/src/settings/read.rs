//! Reading settings from a file or a text, and comparing them.

use std::{io, ops::Range, path::Path};

use serde_json::Value;
use toml_edit::{Document, Item};

use super::{
    error::{SettingsError, SettingsFault, SettingsProblem},
    table::{KEYS, Settings, TABLE},
};
use crate::{
    event::Event,
    message,
    regular_file::{self, Links},
};

/// A setting that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name in the settings file.
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

impl Settings {
    /// Reads the settings of `file`; an absent file is an empty one, and is not made.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] with what is wrong and the line.
    pub fn load(file: &Path) -> Result<Self, SettingsError> {
        let Some(text) = read(file).map_err(|problem| SettingsFault::from(problem).of(file))?
        else {
            return Ok(Self::default());
        };
        Self::parse(&text).map_err(|fault| fault.of(file))
    }

    /// Reads settings from their text, by the same rules.
    ///
    /// # Errors
    ///
    /// [`SettingsFault`] with what is wrong and the line.
    pub fn parse(text: &str) -> Result<Self, SettingsFault> {
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
        let read = read(file).map_err(|problem| SettingsFault::from(problem).of(file));
        read.map(Option::unwrap_or_default)
    }

    /// What is set otherwise in `new`, a change for each key.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let [old, new] = [self, new].map(|settings| serde_json::json!(settings));
        let text = |value: &Value| match value {
            Value::Null => None,
            // An empty list is nothing said.
            Value::Array(entries) if entries.is_empty() => None,
            other => Some(other.to_string()),
        };
        let change = |key: &'static str| Change { key, from: text(&old[key]), to: text(&new[key]) };
        KEYS.into_iter().map(change).filter(|change| change.from != change.to).collect()
    }

    /// The line, from 1, in which `key` is set in `file`, for messages about its value.
    pub fn line_of_key(file: &Path, key: &str) -> Option<usize> {
        let text = Self::text(file).ok()?;
        let document = Document::parse(text.as_str()).ok()?;
        document.key(key)?.span().map(|span| line_of(&text, span.start))
    }
}

/// The text of a file, or `None` if there is no such file.
fn read(file: &Path) -> Result<Option<String>, SettingsProblem> {
    let bytes = match regular_file::read(file, Links::Followed) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SettingsProblem::Unreadable(error)),
    };
    let text = String::from_utf8(bytes).map_err(|_| SettingsProblem::NotText)?;
    if text.contains('\0') { Err(SettingsProblem::NotText) } else { Ok(Some(text)) }
}

/// Whether `text` is TOML and has no key but those of [`KEYS`].
fn check(text: &str) -> Result<(), SettingsFault> {
    let line = |span: Option<Range<usize>>| span.map(|span| line_of(text, span.start));
    let document = Document::parse(text).map_err(|error| SettingsFault {
        line: line(error.span()),
        problem: SettingsProblem::Syntax(first_line(error.message())),
    })?;
    let Some((key, item)) = document.iter().find(|(key, _)| !KEYS.contains(key)) else {
        return Ok(());
    };
    let at = document.key(key).and_then(toml_edit::Key::span).or_else(|| Item::span(item));
    let problem = SettingsProblem::UnknownKey { key: key.to_owned(), nearest: nearest(key) };
    Err(SettingsFault { line: line(at), problem })
}

fn wrong_value(text: &str, span: Option<Range<usize>>, message: &str) -> SettingsFault {
    let line = span.as_ref().map(|span| line_of(text, span.start));
    let is_of_serde = OF_SERDE.iter().any(|start| message.starts_with(start));
    let reworded = span.filter(|_| is_of_serde).and_then(|span| not_of_its_kind(text, span));
    let problem = SettingsProblem::Value(reworded.unwrap_or_else(|| first_line(message)));
    SettingsFault { line, problem }
}

/// A value of another kind than its setting has, in our words.
fn not_of_its_kind(text: &str, span: Range<usize>) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let holds = |item: &Item| item.span().is_some_and(|whole| whole.contains(&span.start));
    let (key, _) = document.iter().find(|(_, item)| holds(item))?;
    let setting = TABLE.iter().find(|setting| setting.key == key)?;
    let value: String = text.get(span)?.chars().take(MOST_SHOWN).collect();
    let (what, example) = (setting.kind.in_words(), setting.example);
    Some(message!("settings_error.value", value, what, example))
}

/// How the messages of serde begin that name the types of Rust.
const OF_SERDE: [&str; 4] = ["invalid type", "invalid value", "invalid length", "unknown variant"];

/// How many characters of a wrong value are shown.
const MOST_SHOWN: usize = 40;

/// The nearest key, if one is near: at most a third of its letters are other.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), known);
    let nearest = KEYS.into_iter().min_by_key(distance)?;
    (distance(&nearest) * 3 <= nearest.len().max(3)).then_some(nearest)
}

pub(super) fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count() + 1
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}
