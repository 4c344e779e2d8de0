//! Reading settings from a file or a text, and comparing them.

use std::{io, ops::Range, path::Path};

use serde_json::Value;
use toml_edit::{Document, Item};

use super::{
    correct,
    error::{Correction, SettingsError, SettingsFault, SettingsProblem},
    kind::Kind,
    setting::Setting,
    table::{KEYS, Settings, TABLE},
    text,
    values::{EXAMPLE_PROGRAM, is_relative},
};
use crate::{
    event::{Event, masked_value},
    message, printable,
    regular_file::{self, Links},
    trust::Untrusted,
    value_error,
};

/// A setting that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name in the settings file.
    pub key: &'static str,
    /// The old value as JSON, secrets masked; `None` if it was not set.
    pub from: Option<String>,
    /// The new value as JSON, secrets masked; `None` if it is not set.
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
        let text = read(file).map_err(|fault| fault.of(file))?.unwrap_or_default();
        Self::parse(&text).map_err(|fault| fault.of(file))
    }

    /// Reads settings from their text, by the same rules.
    ///
    /// # Errors
    ///
    /// [`SettingsFault`] with what is wrong and the line.
    pub fn parse(text: &str) -> Result<Self, SettingsFault> {
        parse(text).map_err(|fault| unveiled(text, fault))
    }

    /// The text of a settings file; an absent file is an empty one.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it cannot be read, or is no text.
    pub fn text(file: &Path) -> Result<String, SettingsError> {
        read(file).map(Option::unwrap_or_default).map_err(|fault| fault.of(file))
    }

    /// What is set otherwise in `new`, a change for each key.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        // Without their secrets two values may look the same.
        let keys = self.differing(new);
        let [old, new] = [self, new].map(|settings| serde_json::json!(settings));
        let text = |value: &Value| match value {
            Value::Null => None,
            // An empty list is nothing said.
            Value::Array(entries) if entries.is_empty() => None,
            other => Some(other.to_string()),
        };
        let kept = |value: &Value| text(value).map(masked_value);
        keys.map(|key| Change { key, from: kept(&old[key]), to: kept(&new[key]) }).collect()
    }

    /// The line, from 1, in which `key` is set in `file`, for messages about its value.
    pub fn line_of_key(file: &Path, key: &str) -> Option<usize> {
        line_of_key(&Self::text(file).ok()?, key)
    }
}

/// The text of a file, or `None` if there is no such file.
fn read(file: &Path) -> Result<Option<String>, SettingsFault> {
    match regular_file::read(file, Links::Followed) {
        Ok(bytes) => text::decode(bytes).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(match Untrusted::of(&error) {
            Some(untrusted) => SettingsProblem::Untrusted(untrusted.clone()),
            None => SettingsProblem::Unreadable(error),
        }
        .into()),
    }
}

/// Reads settings each of which may need another one that is not there.
pub(super) fn meant_alone(text: &str) -> Result<Settings, SettingsFault> {
    check(text)?;
    toml_edit::de::from_str(text).map_err(|error| wrong_value(text, error.span(), error.message()))
}

fn parse(text: &str) -> Result<Settings, SettingsFault> {
    let settings = meant_alone(text)?;
    match disagreement(&settings) {
        Some((key, problem)) => Err(SettingsFault { line: line_of_key(text, key), problem }),
        None => Ok(settings),
    }
}

/// What is wrong with settings each of which is right by itself, and the key to blame.
fn disagreement(settings: &Settings) -> Option<(&'static str, SettingsProblem)> {
    let program = settings.program.as_ref()?.program();
    if settings.command.is_some() {
        return Some((
            "program",
            SettingsProblem::Value(message!("settings_error.program_and_command")),
        ));
    }
    let is_line = settings.shell == Some(true);
    let is_nowhere = settings.cwd.is_none() && !is_line && is_relative(program);
    is_nowhere.then(|| {
        ("program", SettingsProblem::Value(message!("settings_error.relative_program", program)))
    })
}

fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    document.key(key)?.span().map(|span| line_of(text, span.start))
}

/// Names the character that is to blame for a wrong line, if there is one that cannot be seen: the line
/// is right without it.
fn unveiled(text: &str, fault: SettingsFault) -> SettingsFault {
    let Some(line) = fault.line else { return fault };
    let Some(found) = text::disguised(text, line) else { return fault };
    match parse(&found.mended) {
        Err(other) if other.line == Some(line) => fault,
        _ => SettingsFault { line: fault.line, problem: text::problem(found.character) },
    }
}

/// Whether `text` is TOML and has no table and no key but those of [`KEYS`].
pub(super) fn check(text: &str) -> Result<(), SettingsFault> {
    let document = Document::parse(text).map_err(|error| wrong_syntax(text, &error))?;
    for (key, item) in document.iter() {
        let at = document.key(key).and_then(toml_edit::Key::span).or_else(|| Item::span(item));
        let line = at.map(|span| line_of(text, span.start));
        let is_section = item.as_table().is_some_and(|table| !table.is_dotted());
        let is_table = is_variables(key) && !item.is_value();
        let problem = match line {
            _ if is_table => no_table(key),
            Some(line) if is_section || item.is_array_of_tables() => {
                let written = shortened(text.lines().nth(line - 1).unwrap_or_default());
                SettingsProblem::Section { line, written }
            }
            _ if !KEYS.contains(&key) || item.is_table() => unknown_key(key, item),
            _ => continue,
        };
        return Err(SettingsFault { line, problem });
    }
    Ok(())
}

fn is_variables(key: &str) -> bool {
    TABLE.iter().any(|setting| setting.key == key && setting.kind == Kind::Variables)
}

/// Variables in a table of their own or one by one, below which no other key could stand.
fn no_table(key: &str) -> SettingsProblem {
    let example = TABLE.iter().find(|setting| setting.key == key).map(|setting| setting.example);
    SettingsProblem::Value(message!(
        "settings_error.inline_table",
        key,
        example = example.unwrap_or_default()
    ))
}

/// A key that is none of a setting, such as `server.port`, which stands in a table of its own.
fn unknown_key(key: &str, item: &Item) -> SettingsProblem {
    let within = item.as_table().and_then(|table| table.iter().next());
    let key = within.map_or_else(|| key.to_owned(), |(inner, _)| format!("{key}.{inner}"));
    let nearest = nearest(key.rsplit('.').next().unwrap_or(&key));
    SettingsProblem::UnknownKey { key, nearest }
}

fn wrong_syntax(text: &str, error: &toml_edit::TomlError) -> SettingsFault {
    let line = match error.span() {
        Some(span) => Some(line_of(text, span.start)),
        None => correct::first_wrong(text.lines()),
    };
    let written = line.and_then(|line| text.lines().nth(line - 1));
    let meant = written.map(text::meant_line);
    let begun = line.and_then(|line| correct::unfinished(text.lines().take(line - 1)));
    let problem = match meant.as_deref().and_then(correct::line) {
        _ if text.replace("\r\n", "\n").contains('\r') => SettingsProblem::CarriageReturn,
        Some(meant) => wrong(meant.setting, &meant.written, meant.value),
        None if error.message().starts_with("duplicate key") => SettingsProblem::Twice,
        None if let Some(setting) = written.and_then(correct::without_value) => {
            let Setting { key, example, .. } = *setting;
            let what = setting.kind.in_words();
            SettingsProblem::Value(message!("settings_error.no_value", key, what, example))
        }
        None if let (Some(begun), Some(line)) = (begun, line) => {
            return SettingsFault { line: Some(begun), problem: SettingsProblem::Open(line) };
        }
        None => match meant.as_deref().and_then(correct::written) {
            Some((setting, written)) => unfit(setting, written),
            None => SettingsProblem::NoSetting(shortened(written.unwrap_or_default())),
        },
    };
    SettingsFault { line, problem }
}

/// What is wrong with a value for which another was meant.
fn wrong(setting: &Setting, written: &str, value: String) -> SettingsProblem {
    let written = shortened(written);
    let (what, key) = (setting.kind.in_words(), setting.key);
    SettingsProblem::Corrected(Box::new(Correction { key, written, what, value }))
}

fn wrong_value(text: &str, span: Option<Range<usize>>, message: &str) -> SettingsFault {
    let line = span.as_ref().map(|span| line_of(text, span.start));
    let names_types = value_error::names_types(message);
    let reworded = span.and_then(|span| in_our_words(text, span, names_types));
    let problem = reworded.unwrap_or_else(|| SettingsProblem::Value(first_line(message)));
    SettingsFault { line, problem }
}

/// A wrong value with the one that was meant, or with an example if the message names types of Rust.
fn in_our_words(text: &str, span: Range<usize>, names_types: bool) -> Option<SettingsProblem> {
    let document = Document::parse(text).ok()?;
    let holds = |item: &Item| item.span().is_some_and(|whole| whole.contains(&span.start));
    let (key, item) = document.iter().find(|(_, item)| holds(item))?;
    let setting = TABLE.iter().find(|setting| setting.key == key)?;
    let written = text.get(item.span()?)?;
    if item.as_array().is_some_and(|words| setting.kind == Kind::Command && words.is_empty()) {
        let value = format!("[\"{EXAMPLE_PROGRAM}\"]");
        let (key, what) = (setting.key, message!("kind_of.program"));
        let correction = Correction { key, written: shortened(written), what, value };
        return Some(SettingsProblem::Corrected(Box::new(correction)));
    }
    if let Some(value) = correct::value(setting, written) {
        return Some(wrong(setting, written, value));
    }
    let value = text.get(span)?;
    (names_types || !setting.kind.has_type_of(item)).then(|| unfit(setting, value))
}

/// A value that is not of the kind of its setting, with one that is.
fn unfit(setting: &Setting, written: &str) -> SettingsProblem {
    let (what, example) = (setting.kind.in_words(), setting.example);
    let value = match setting.kind.is_secret() {
        true => format!("`{}`", setting.key),
        false => shortened(written),
    };
    SettingsProblem::Value(message!("settings_error.value", value, what, example))
}

/// What was written, in one line that is not longer than a person reads.
fn shortened(written: &str) -> String {
    let start: String = written.trim().chars().take(MOST_SHOWN).collect();
    printable::escaped(&start)
}

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
