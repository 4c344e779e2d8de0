//! Changing settings in the text of a settings file: text in, text out.
//!
//! The file is the person's, so everything else stays as it is: order, comments, blank lines. What
//! comes out is read by the same rules as any settings file, and refused if it would be wrong.

#[cfg(test)]
mod test;

use std::path::{Path, absolute};

use crate::message;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use toml_edit::{Decor, DocumentMut, Item, Value};

use super::{
    error::{SettingsFault, SettingsProblem},
    read::{check, line_of, nearest},
    table::{KEYS, Settings, TABLE},
    text::MARK,
    values::is_relative,
};

/// A text with one setting changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The whole new text.
    pub text: String,
    /// The value as it was written before; `None` if there was none.
    pub from: Option<String>,
    /// The value as it is written now; `None` if it was removed.
    pub to: Option<String>,
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
        /// The value, as it would have been written.
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

fn parsed(typed: &str) -> Value {
    let typed = typed.trim();
    let mut value = typed.parse::<Value>().unwrap_or_else(|_| Value::from(typed));
    value.decor_mut().clear();
    value
}

/// What was `typed` for `key` in `folder`: a program that is named by a path from there gets its whole path,
/// because the launcher is started elsewhere.
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

/// Sets `key` to what was `typed`, as [`value`] understands it.
///
/// # Errors
///
/// [`EditError`] if there is no such key, the value is none for it, or `text` is wrong elsewhere.
pub fn set(text: &str, key: &str, typed: &str) -> Result<Edited, EditError> {
    let (key, mut document) = open(text, key)?;
    let mut value = parsed(typed);
    let to = value.to_string();
    let from = written(&document, key);
    if let Some(Item::Value(old)) = document.get_mut(key) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        append(&mut document, key, value);
    }
    let text = rendered(&document, text);
    Settings::parse(&text).map_err(|fault| blame(&text, key, &to, fault))?;
    Ok(Edited { text, from, to: Some(to) })
}

/// Removes `key`; the comments above it stay.
///
/// # Errors
///
/// [`EditError`] if there is no such key, or `text` is wrong elsewhere.
pub fn unset(text: &str, key: &str) -> Result<Edited, EditError> {
    let (key, mut document) = open(text, key)?;
    let from = written(&document, key);
    let above = document.key(key).map(|key| above(key.leaf_decor())).unwrap_or_default();
    let keys: Vec<_> = document.iter().map(|(key, _)| key.to_owned()).collect();
    let next = keys.iter().skip_while(|other| *other != key).nth(1);
    document.remove(key);
    match next.and_then(|next| document.key_mut(next)) {
        Some(mut next) => {
            let both = above + &self::above(next.leaf_decor());
            next.leaf_decor_mut().set_prefix(both);
        }
        None => {
            let both = above + document.trailing().as_str().unwrap_or_default();
            document.set_trailing(both);
        }
    }
    let text = rendered(&document, text);
    Settings::parse(&text).map_err(EditError::Text)?;
    Ok(Edited { text, from, to: None })
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
            Some(value) if meaning(key, value)? == before[key] => {}
            Some(value) => text = set(&text, key, &literal(key, value)?.to_string())?.text,
        }
    }
    Ok(text)
}

/// What `value` means for `key`, as settings spell it.
fn meaning(key: &'static str, value: &Json) -> Result<Json, EditError> {
    let one = format!("{key} = {}", literal(key, value)?);
    let wrong = |problem| EditError::Value { key, value: value.to_string(), problem };
    let settings = Settings::parse(&one).map_err(|fault| wrong(fault.problem))?;
    Ok(serde_json::json!(settings)[key].take())
}

fn literal(key: &'static str, value: &Json) -> Result<Value, EditError> {
    value.serialize(toml_edit::ser::ValueSerializer::new()).map_err(|_| not_toml(key, value))
}

/// A value that TOML has no form for, such as a list with null in it.
fn not_toml(key: &'static str, value: &Json) -> EditError {
    let setting = TABLE.iter().find(|setting| setting.key == key);
    let what = setting.map(|setting| setting.kind.in_words()).unwrap_or_default();
    let example = setting.map(|setting| setting.example).unwrap_or_default();
    let problem = SettingsProblem::Value(message!("settings_error.value", value, what, example));
    EditError::Value { key, value: value.to_string(), problem }
}

fn open(text: &str, key: &str) -> Result<(&'static str, DocumentMut), EditError> {
    let known = KEYS.into_iter().find(|known| *known == key).ok_or_else(|| {
        EditError::Key(SettingsProblem::UnknownKey { key: key.to_owned(), nearest: nearest(key) })
    })?;
    // What is wrong with the text is not to be blamed on the change.
    check(text).map_err(|fault| match Settings::parse(text) {
        Err(named) => EditError::Text(named),
        Ok(_) => EditError::Text(fault),
    })?;
    let unreadable = |_| EditError::Text(SettingsProblem::NotText.into());
    Ok((known, text.parse().map_err(unreadable)?))
}

fn written(document: &DocumentMut, key: &str) -> Option<String> {
    let mut value = document.get(key)?.as_value()?.clone();
    value.decor_mut().clear();
    Some(value.to_string())
}

/// The changed text, with the mark at the beginning and the line ends that the parser takes away. Lines
/// that stay keep theirs, and new ones get that of the first line.
fn rendered(document: &DocumentMut, before: &str) -> String {
    let mark = if before.starts_with(MARK) { MARK } else { "" };
    let new = document.to_string();
    let old: Vec<_> = before.trim_start_matches(MARK).split_inclusive('\n').collect();
    let new: Vec<_> = new.split_inclusive('\n').collect();
    let usual = old.first().and_then(|line| line_end(line)).unwrap_or("\n");
    let is_same = |(old, new): &(&&str, &&str)| content(old) == content(new);
    let above = old.iter().zip(&new).take_while(is_same).count();
    let rest = old.len().min(new.len()) - above;
    let below = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(is_same).count();
    let end_of = |at: usize| {
        let kept = match at {
            at if at < above => line_end(old[at]),
            at if at >= new.len() - below => line_end(old[at + old.len() - new.len()]),
            _ => None,
        };
        kept.unwrap_or(usual)
    };
    let lines = new.iter().enumerate().map(|(at, line)| match line.ends_with('\n') {
        true => [content(line), end_of(at)].concat(),
        false => (*line).to_owned(),
    });
    [mark.to_owned()].into_iter().chain(lines).collect()
}

fn content(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// `None` for a last line without one.
fn line_end(line: &str) -> Option<&'static str> {
    match line {
        line if line.ends_with("\r\n") => Some("\r\n"),
        line if line.ends_with('\n') => Some("\n"),
        _ => None,
    }
}

/// What stands between a key and the value before it: comments and blank lines.
fn above(key: &Decor) -> String {
    key.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned()
}

/// Adds a setting at the end of the text, below whatever comments stand there.
fn append(document: &mut DocumentMut, key: &'static str, value: Value) {
    let mut end = document.trailing().as_str().unwrap_or_default().to_owned();
    if !end.is_empty() && !end.ends_with('\n') {
        end.push('\n');
    }
    document.set_trailing("");
    document.insert(key, Item::Value(value));
    if let Some(mut key) = document.key_mut(key) {
        key.leaf_decor_mut().set_prefix(end);
    }
}

/// What is wrong with the new text: the new value, or something that was wrong before.
fn blame(text: &str, key: &'static str, value: &str, fault: SettingsFault) -> EditError {
    let document = toml_edit::Document::parse(text).ok();
    let span = document.as_ref().and_then(|document| document.key(key)?.span());
    let line = span.map(|span| line_of(text, span.start));
    if fault.line.is_some() && fault.line == line {
        return EditError::Value { key, value: value.to_owned(), problem: fault.problem };
    }
    EditError::Text(fault)
}
