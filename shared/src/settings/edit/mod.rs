//! Changing settings in the text of a settings file: text in, text out.
//!
//! The file is the person's, so everything else stays as it is: order, comments, blank lines. What
//! comes out is read by the same rules as any settings file, and refused if it would be wrong.

mod list;
#[cfg(test)]
mod test;

use std::{
    ops::Range,
    path::{Path, absolute},
};

use crate::{message, one_line};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use toml_edit::{Document, Value};

use self::list::with_comments;
use super::{
    error::{Correction, SettingsFault, SettingsProblem},
    kind::Kind,
    read::{check, line_of, meant_alone, nearest},
    table::{KEYS, Settings, TABLE},
    text::MARK,
    values::{MASK, is_relative},
};

/// A text with one setting changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The whole new text.
    pub text: String,
    /// The value as it was written before, with the names alone of what may be secret; `None` if there was none.
    pub from: Option<String>,
    /// The value as it is written now, without the comments within it and in the same way; `None` if it was removed.
    pub to: Option<String>,
    /// Whether the value is written otherwise than before.
    pub is_changed: bool,
}

impl Edited {
    fn of(key: &str, text: String, from: Option<String>, to: Option<String>) -> Self {
        let is_changed = from != to;
        let shown = |value: String| shown(key, &value);
        Self { text, from: from.map(shown), to: to.map(shown), is_changed }
    }
}

/// A value of a setting as a message or a record may have it: of what may be secret the names alone.
fn shown(key: &str, written: &str) -> String {
    let is_secret = TABLE.iter().any(|setting| setting.key == key && setting.kind.is_secret());
    if !is_secret {
        return written.to_owned();
    }
    let mut value = parsed(written);
    match value.as_inline_table_mut() {
        Some(variables) => {
            let names: Vec<_> = variables.iter().map(|(name, _)| (name.to_owned(), MASK)).collect();
            Value::from_iter(names).to_string()
        }
        None => MASK.to_owned(),
    }
}

/// Why a setting cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is no such setting.
    #[error("{0}")]
    Key(SettingsProblem),
    /// The value is not of the kind that the key wants.
    #[error("{}", message!("settings_error.refused", key = .key, value = .value, problem = .problem))]
    Value {
        /// The setting that would change.
        key: &'static str,
        /// The value, as it would have been written, without its middle if it is long.
        value: String,
        /// What is wrong with it.
        problem: SettingsProblem,
    },
    /// The rest of the text is wrong already.
    #[error("{0}")]
    Text(SettingsFault),
}

/// A value as a person types it: TOML if it is TOML, and a text otherwise.
///
/// # Examples
///
/// ```
/// use shared::settings::edit::value;
///
/// assert_eq!(value("3030"), "3030");
/// assert_eq!(value("20000-20100"), "\"20000-20100\"");
/// assert_eq!(value("[\"/bin/server\"]"), "[\"/bin/server\"]");
/// ```
pub fn value(typed: &str) -> String {
    parsed(typed).to_string()
}

/// What a person types for a value of a file, so that [`value`] makes the same of it.
///
/// # Examples
///
/// ```
/// use shared::settings::edit::typed;
///
/// assert_eq!(typed("\"30s\""), "30s");
/// assert_eq!(typed("\"3030\""), "\"3030\"");
/// assert_eq!(typed("[20500]"), "[20500]");
/// ```
pub fn typed(written: &str) -> String {
    let text = parsed(written).as_str().map(str::to_owned);
    let is_same = |text: &String| parsed(text).as_str() == Some(text);
    text.filter(is_same).unwrap_or_else(|| written.to_owned())
}

/// A value as it stands in a settings file.
///
/// # Examples
///
/// ```
/// use serde_json::json;
/// use shared::settings::edit::written;
///
/// assert_eq!(written(&json!(["a"])), "[\"a\"]");
/// assert_eq!(written(&json!({ "NAME": "***" })), "{ NAME = \"***\" }");
/// ```
pub fn written(value: &Json) -> String {
    let table = value
        .as_object()
        .and_then(|table| table.serialize(toml_edit::ser::ValueSerializer::new()).ok());
    // Any other value of JSON is one of TOML, too.
    table.map_or_else(|| value.to_string(), |table| table.to_string())
}

fn parsed(typed: &str) -> Value {
    let typed = typed.trim();
    let mut value = typed.parse::<Value>().unwrap_or_else(|_| Value::from(typed));
    value.decor_mut().clear();
    value
}

/// What was `typed` for `key` in `folder`: a program or a folder that is named by a path from there gets its whole
/// path, because the launcher is started elsewhere.
///
/// # Examples
///
/// ```
/// use std::path::Path;
/// use shared::settings::edit::anchored;
///
/// let typed = anchored("command", "[\"./server\", \"--root\"]", Path::new("/srv"));
/// assert_eq!(typed, "[\"/srv/server\", \"--root\"]");
/// ```
pub fn anchored(key: &str, typed: &str, folder: &Path) -> String {
    let mut value = parsed(typed);
    if key == "cwd" {
        let whole = value.as_str().and_then(|path| absolute(folder.join(path)).ok());
        return whole.as_deref().and_then(Path::to_str).map_or(typed.to_owned(), str::to_owned);
    }
    // The shell replaces `~`; where it did not, that is for the person to see.
    let is_of_here = |program: &str| is_relative(program) && !program.starts_with('~');
    let program = value.as_array_mut().and_then(|words| words.get_mut(0));
    let path = program.as_ref().and_then(|program| program.as_str());
    let Some(path) = path.filter(|path| key == "command" && is_of_here(path)) else {
        return typed.to_owned();
    };
    let Ok(whole) = absolute(folder.join(path)) else { return typed.to_owned() };
    if let (Some(program), Some(whole)) = (program, whole.to_str()) {
        *program = Value::from(whole);
    }
    value.to_string()
}

/// Sets `key` to what was `typed`, as [`value`] understands it. Comments within the old value stay if the
/// new one is a list too.
///
/// # Errors
///
/// [`EditError`] if there is no such key, the value is none for it, or `text` is wrong elsewhere.
pub fn set(text: &str, key: &str, typed: &str) -> Result<Edited, EditError> {
    let (key, place) = open(text, key)?;
    let value = parsed(typed);
    let to = value.to_string();
    let from = place.as_ref().map(|place| text[place.value.clone()].to_owned());
    let new = match (&place, &from) {
        (Some(Place { value: at, .. }), Some(old)) => {
            [&text[..at.start], &with_comments(old, &value), &text[at.end..]].concat()
        }
        _ => appended(text, &format!("{key} = {to}")),
    };
    Settings::parse(&new).map_err(|fault| blame(&new, key, &to, fault))?;
    let to = if new == text { from.clone() } else { Some(to) };
    Ok(Edited::of(key, new, from, to))
}

/// Removes `key` with its lines, also one that is no setting; the comments above it stay.
///
/// # Errors
///
/// [`EditError`] if there is no such key, or `text` is wrong elsewhere.
pub fn unset(text: &str, key: &str) -> Result<Edited, EditError> {
    let name = key;
    let place = match open(text, key) {
        // It is nothing to the settings, and what keeps the file from being one.
        Err(EditError::Key(problem)) => match place(text, key) {
            Some(place) => Some(place),
            None => return Err(EditError::Key(problem)),
        },
        opened => opened?.1,
    };
    let Some(Place { key, value }) = place else {
        Settings::parse(text).map_err(EditError::Text)?;
        return Ok(Edited::of(key, text.to_owned(), None, None));
    };
    let mark = if text.starts_with(MARK) { MARK.len() } else { 0 };
    let start = text[..key.start].rfind('\n').map_or(mark, |end| end + 1);
    let end = text[value.end..].find('\n').map_or(text.len(), |end| value.end + end + 1);
    let new = [&text[..start], &text[end..]].concat();
    Settings::parse(&new).map_err(EditError::Text)?;
    Ok(Edited::of(name, new, Some(text[value].to_owned()), None))
}

/// Makes the settings of `text` those of `wanted`: a key that is absent or null there is removed,
/// and a value that means the same already stays as it is written.
///
/// # Errors
///
/// [`EditError`] if there is no such key, a value is none for its key, or `text` is wrong already.
///
/// # Examples
///
/// ```
/// use serde_json::json;
/// use shared::settings::edit::replace;
///
/// let text = "port = 3030 # mine\nlog = \"debug\"\n";
/// let wanted = json!({ "port": 3030, "restart": "never" });
/// let text = replace(text, wanted.as_object().expect("an object"));
/// assert_eq!(text.expect("right"), "port = 3030 # mine\nrestart = \"never\"\n");
/// ```
pub fn replace(text: &str, wanted: &Map<String, Json>) -> Result<String, EditError> {
    let before = serde_json::json!(Settings::parse(text).map_err(EditError::Text)?);
    let unknown = wanted.keys().find(|key| !KEYS.contains(&key.as_str()));
    if let Some(key) = unknown {
        return open(text, key).map(|_| text.to_owned());
    }
    let mut text = text.to_owned();
    for key in KEYS {
        match wanted.get(key).filter(|value| !value.is_null()) {
            None => text = unset(&text, key)?.text,
            Some(value) if is_as_shown(key, value, &before[key])? => {}
            Some(value) => text = set(&text, key, &literal(key, value)?.to_string())?.text,
        }
    }
    Ok(text)
}

/// Whether `value` is what is `shown` of the setting: it means the same, and where secrets are left out it is the same.
fn is_as_shown(key: &'static str, value: &Json, shown: &Json) -> Result<bool, EditError> {
    let is_masked = TABLE.iter().any(|setting| setting.key == key && setting.is_masked());
    Ok(meaning(key, value)? == *shown && (!is_masked || value == shown))
}

/// What `value` means for `key`, as settings spell it.
fn meaning(key: &'static str, value: &Json) -> Result<Json, EditError> {
    let one = format!("{key} = {}", literal(key, value)?);
    let settings = meant_alone(&one).map_err(|fault| EditError::Value {
        key,
        value: shown(key, &value.to_string()),
        problem: in_json(fault.problem, value),
    })?;
    Ok(serde_json::json!(settings)[key].take())
}

/// What is wrong with `value`, with a value that was probably meant as JSON has it.
fn in_json(problem: SettingsProblem, value: &Json) -> SettingsProblem {
    let SettingsProblem::Corrected(correction) = problem else { return problem };
    let Correction { key, what, value: meant, .. } = &*correction;
    let member = toml_edit::de::from_str::<Map<String, Json>>(&format!("{key} = {meant}"));
    match member.as_ref().map(|member| &member[*key]) {
        Ok(meant) => {
            let member = format!("\"{key}\": {meant}");
            let written = value;
            SettingsProblem::Value(message!(
                "settings_error.corrected_member",
                written,
                what,
                member
            ))
        }
        Err(_) => SettingsProblem::Corrected(correction),
    }
}

fn literal(key: &'static str, value: &Json) -> Result<Value, EditError> {
    // In TOML an object is spelt otherwise.
    let is_table =
        TABLE.iter().any(|setting| setting.key == key && setting.kind == Kind::Variables);
    if value.is_object() && !is_table {
        return Err(not_toml(key, value));
    }
    value.serialize(toml_edit::ser::ValueSerializer::new()).map_err(|_| not_toml(key, value))
}

/// A value that TOML has no form for, or another one: a list with null in it, an object.
fn not_toml(key: &'static str, value: &Json) -> EditError {
    let setting = TABLE.iter().find(|setting| setting.key == key);
    let what = setting.map(|setting| setting.kind.in_words()).unwrap_or_default();
    let example = setting.map(|setting| setting.example).unwrap_or_default();
    let value = shown(key, &value.to_string());
    let problem = SettingsProblem::Value(message!("settings_error.value", value, what, example));
    EditError::Value { key, value, problem }
}

/// Where a setting stands in the text of a file, in bytes.
struct Place {
    key: Range<usize>,
    value: Range<usize>,
}

fn open(text: &str, key: &str) -> Result<(&'static str, Option<Place>), EditError> {
    let known = KEYS.into_iter().find(|known| *known == key).ok_or_else(|| {
        EditError::Key(SettingsProblem::UnknownKey { key: key.to_owned(), nearest: nearest(key) })
    })?;
    // What is wrong with the text is not to be blamed on the change.
    check(text).map_err(|fault| match Settings::parse(text) {
        Err(named) => EditError::Text(named),
        Ok(_) => EditError::Text(fault),
    })?;
    Ok((known, place(text, known)))
}

fn place(text: &str, key: &str) -> Option<Place> {
    let document = Document::parse(text).ok()?;
    let value = document.get(key).filter(|item| item.is_value())?.span()?;
    Some(Place { key: document.key(key)?.span()?, value })
}

/// The text with one more line at its end, below whatever comments stand there, which ends as the first
/// line does.
fn appended(text: &str, line: &str) -> String {
    let end = match text.split_inclusive('\n').next() {
        Some(first) if first.ends_with("\r\n") => "\r\n",
        _ => "\n",
    };
    let is_open = !text.trim_start_matches(MARK).is_empty() && !text.ends_with('\n');
    [text, if is_open { end } else { "" }, line, end].concat()
}

/// What is wrong with the new text: the new value, or something that was wrong before.
fn blame(text: &str, key: &'static str, value: &str, fault: SettingsFault) -> EditError {
    let document = Document::parse(text).ok();
    let span = document.as_ref().and_then(|document| document.key(key)?.span());
    let line = span.map(|span| line_of(text, span.start));
    if fault.line.is_some() && fault.line == line {
        let value = one_line::of(&shown(key, value));
        return EditError::Value { key, value, problem: fault.problem };
    }
    EditError::Text(fault)
}
