//! A wrong value as it was probably meant. What is proposed is a value that the setting can have.

use toml_edit::{Document, Value};

use super::{
    kind::Kind,
    program::{ReadyProbe, StopSignal},
    setting::Setting,
    table::{Settings, TABLE},
};

/// The value of a setting that was probably meant by `written`; `None` if that cannot be guessed.
pub(super) fn value(setting: &Setting, written: &str) -> Option<String> {
    let is_right = |value: &String| {
        toml_edit::de::from_str::<Settings>(&format!("{} = {value}", setting.key)).is_ok()
    };
    if written.contains('\n') {
        return None;
    }
    let value = proposals(setting.kind, written).into_iter().find(is_right)?;
    Some(quoted_alike(&value, written))
}

/// A text in single quotes where the person has written them.
fn quoted_alike(value: &str, written: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    match inner.filter(|inner| written.starts_with('\'') && !inner.contains(['\'', '\\'])) {
        Some(inner) => format!("'{inner}'"),
        None => value.to_owned(),
    }
}

/// A setting whose line is no TOML, as in `open_browser = yes` or `port: 3030`.
pub(super) struct MalformedSetting {
    pub(super) setting: &'static Setting,
    /// What stands in the place of the value.
    pub(super) written: String,
    /// The value that was probably meant.
    pub(super) value: String,
}

/// What was probably meant by a line that is no TOML.
pub(super) fn line(line: &str) -> Option<MalformedSetting> {
    let (setting, written) = written(line)?;
    let value = value(setting, written.trim_end_matches([';', ',']))?;
    let is_other = format!("{} = {value}", setting.key) != line.trim();
    (is_other && !is_right(line)).then(|| MalformedSetting {
        setting,
        written: written.to_owned(),
        value,
    })
}

/// The setting of a line, and what stands in the place of its value.
pub(super) fn written(line: &str) -> Option<(&'static Setting, &str)> {
    let line = line.trim();
    let is_between = |c: char| c == '=' || c == ':' || c.is_whitespace();
    let (key, rest) = line.split_at(line.find(is_between)?);
    let key = key.trim_matches(['"', '\'']);
    let setting = TABLE.iter().find(|setting| setting.key == key)?;
    let rest = rest.trim_start_matches(is_between);
    Some((setting, rest.split(" #").next().unwrap_or_default().trim_end()))
}

/// Whether a line is TOML by itself, so that it is wrong for another reason, such as the line above.
fn is_right(line: &str) -> bool {
    line.parse::<Document<String>>().is_ok()
}

/// The first of these lines, from 1, that is no TOML by itself.
pub(super) fn first_wrong<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<usize> {
    lines.position(|line| !is_right(line)).map(|at| at + 1)
}

/// The last of these lines, from 1, that begins a setting and does not end its value.
pub(super) fn unfinished<'a>(lines: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut lines: Vec<_> = lines.enumerate().collect();
    lines.reverse();
    let (at, line) = lines.into_iter().find(|(_, line)| written(line).is_some())?;
    (!is_right(line)).then_some(at + 1)
}

/// The setting of a line that ends where its value should stand, as `port =` and `port`.
pub(super) fn without_value(line: &str) -> Option<&'static Setting> {
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    let value = value.split('#').next().unwrap_or_default();
    TABLE.iter().find(|setting| setting.key == key.trim() && value.trim().is_empty())
}

fn proposals(kind: Kind, written: &str) -> Vec<String> {
    let parts = parts(written);
    let Some(first) = parts.first() else { return Vec::new() };
    match kind {
        Kind::Port => {
            let first_of = [Some(*first), first.strip_suffix(".0"), first.rsplit(':').next()];
            let first_of = first_of.into_iter().flatten().map(str::to_owned);
            let digits = [first.replace(' ', ""), first.trim_start_matches('0').to_owned()];
            thousands(written).into_iter().chain(first_of).chain(digits).collect()
        }
        Kind::Range => vec![text(&range(&parts))],
        Kind::Ports => {
            let entry = |part: &str| match part.parse::<u16>() {
                Ok(port) => port.to_string(),
                Err(_) => text(&range(&[part])),
            };
            let words = parts.iter().flat_map(|part| part.split([' ', ';']));
            let words = words.map(unquoted).filter(|part| !part.is_empty());
            vec![list(parts.iter().map(|part| entry(part))), list(words.map(entry))]
        }
        Kind::Boolean => boolean(first).map(|value| value.to_string()).into_iter().collect(),
        Kind::Time => vec![text(first), text(&format!("{first}s"))],
        Kind::Choice(words) => word(words, first).map(text).into_iter().collect(),
        Kind::Folder | Kind::SearchPath => vec![text(unquoted(written))],
        Kind::Ready => {
            let path = first.trim_start_matches("http:");
            // Of a whole address the path is meant: the program is asked where it listens.
            let of_address =
                path.strip_prefix("//").map(|rest| rest.split_once('/').unwrap_or_default().1);
            let path = of_address.unwrap_or(path.trim_start_matches('/'));
            let is_path = first.starts_with("http:") || first.starts_with('/');
            let word = word(&ReadyProbe::WORDS, first).filter(|word| !word.contains(':'));
            let path = is_path.then(|| text(&format!("http:/{path}")));
            path.into_iter().chain(word.map(text)).chain([text(unquoted(written))]).collect()
        }
        Kind::Signal => {
            let name = first.to_ascii_uppercase();
            let names = StopSignal::ALL.map(StopSignal::name);
            let whole = if name.starts_with("SIG") { name } else { format!("SIG{name}") };
            let distance = |known: &&str| strsim::damerau_levenshtein(&whole, known);
            let nearest = names.into_iter().min_by_key(distance).filter(|name| distance(name) < 2);
            nearest.map(text).into_iter().collect()
        }
        // What is written may be a secret.
        Kind::Variables => Vec::new(),
        Kind::Names => vec![list(parts.iter().map(|part| text(part)))],
        Kind::Command if parts.iter().any(|part| part.contains(['"', '\'', '{'])) => Vec::new(),
        Kind::Command if written.starts_with('[') => {
            vec![list(parts.iter().map(|part| text(part)))]
        }
        Kind::Command => vec![list(unquoted(written).split_whitespace().map(text))],
    }
}

/// The number whose thousands are set apart, as in `17,890`.
fn thousands(written: &str) -> Option<String> {
    let (thousands, rest) = unquoted(written).split_once(',')?;
    let are_digits = [thousands, rest].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    (are_digits && !thousands.is_empty() && rest.len() == 3).then(|| format!("{thousands}{rest}"))
}

/// The elements of a list, or the value alone, without quotation marks.
fn parts(written: &str) -> Vec<&str> {
    let inner = written.trim().trim_start_matches('[').trim_end_matches(']');
    inner.split(',').map(unquoted).filter(|part| !part.is_empty()).collect()
}

fn unquoted(written: &str) -> &str {
    written.trim().trim_matches(['"', '\'']).trim()
}

/// `20000-20999`, from `20000..20999`, `20000:20999` or two numbers.
fn range(parts: &[&str]) -> String {
    let one = parts.join("-");
    ["..=", "..", " to ", ":", "\u{2013}"]
        .iter()
        .fold(one, |range, other| range.replace(other, "-"))
}

fn boolean(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// The nearest of some words, if one is near.
fn word(words: &[&'static str], written: &str) -> Option<&'static str> {
    let written = written.to_ascii_lowercase().replace('-', "_");
    let begins = words.iter().find(|word| written.len() >= 3 && word.starts_with(&written));
    let distance = |word: &&&str| strsim::damerau_levenshtein(&written, word);
    let nearest = words.iter().min_by_key(distance).filter(|word| distance(word) * 3 <= word.len());
    begins.or(nearest).copied()
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}
