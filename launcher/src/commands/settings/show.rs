//! `launcher settings show`: all settings, their values and where each comes from.

use owo_colors::OwoColorize;
use serde_json::{Value, json};
use shared::{
    environment::{Environment, VariableError},
    exit::Exit,
    message,
    settings::{Setting, Settings, TABLE, edit},
    words::AnswerName,
};

use crate::{
    args::AppArgs,
    commands::resolve,
    options::{CommandContext, OptionsError},
    render::{self, line},
};

/// What is longer pushes its own remark aside, and no other.
const MAX_WIDTH: usize = 80;

#[derive(Debug, PartialEq, Eq)]
struct SettingRow {
    key: &'static str,
    /// `None` if there is none.
    value: Option<Value>,
    source: &'static str,
    /// The name of the variable or the path of the file; `None` for a default.
    from: Option<String>,
}

/// Prints what holds for the next start, in the form of a settings file.
pub(super) fn show(context: &CommandContext, of: &AppArgs) -> Exit {
    // What a start would refuse is refused here as well.
    if let Err(error) = resolve::options(of, context) {
        return resolve::refused(error);
    }
    if let Some(ignored) = Environment::of_process().ignored() {
        render::warning(ignored);
    }
    let file = context.folders.settings(&context.app);
    let settings = match Settings::load(&file) {
        Ok(settings) => settings,
        Err(error) => return resolve::refused(OptionsError::from(error)),
    };
    let name = file.display().to_string();
    let rows = match rows(&settings, &name, &Environment::of_process()) {
        Ok(rows) => rows,
        Err(error) => return resolve::refused(OptionsError::from(error)),
    };
    let widths = rows.iter().map(|row| row.written().chars().count());
    let width = widths.filter(|width| *width <= MAX_WIDTH).max().unwrap_or_default();
    for row in &rows {
        if of.json {
            line(row.to_json());
        } else {
            let who = format!("# {}", row.who());
            line(format_args!("{:width$}  {}", row.written(), who.dimmed()));
        }
    }
    Exit::Done
}

fn rows(
    settings: &Settings,
    file: &str,
    environment: &Environment,
) -> Result<Vec<SettingRow>, VariableError> {
    let in_file = in_file(settings);
    TABLE
        .iter()
        .map(|setting @ &Setting { key, variable, .. }| {
            let set: Option<String> = variable.map_or(Ok(None), |name| environment.value(name))?;
            Ok(match (set, &in_file[key], setting.default()) {
                (Some(set), _, _) => {
                    let from = variable.map(str::to_owned);
                    // What is typed becomes JSON, but for a date, which no setting takes.
                    let value = serde_json::from_str(&edit::value(&set)).ok();
                    SettingRow { key, value, source: "variable", from }
                }
                (None, value, _) if !value.is_null() => {
                    let value = Some(value.clone());
                    SettingRow { key, value, source: "file", from: Some(file.to_owned()) }
                }
                (None, _, value) => {
                    let value = value.and_then(|value| serde_json::from_str(&value).ok());
                    SettingRow { key, value, source: "default", from: None }
                }
            })
        })
        .collect()
}

/// The settings of the file; an empty list counts as not set.
fn in_file(settings: &Settings) -> Value {
    let mut in_file = serde_json::to_value(settings).unwrap_or_default();
    for value in in_file.as_object_mut().into_iter().flat_map(|keys| keys.values_mut()) {
        if value.as_array().is_some_and(Vec::is_empty) {
            value.take();
        }
    }
    in_file
}

impl SettingRow {
    fn written(&self) -> String {
        match &self.value {
            Some(value) => format!("{} = {}", self.key, edit::written(value)),
            None => format!("# {}", self.key),
        }
    }

    fn who(&self) -> String {
        match (&self.from, &self.value) {
            (Some(from), _) => from.clone(),
            (None, Some(_)) => message!("start.default"),
            (None, None) => message!("settings.stale.unset"),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "event": AnswerName::Setting, "key": self.key, "value": self.value, "source": self.source, "from": self.from })
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
        let settings =
            Settings::parse("port = 3030\nrange = \"20000-20100\"\nready_timeout = \"2m\"\n");
        let settings = settings.expect("right");
        let environment: Environment =
            [("HOMEPORT_RANGE".to_owned(), "21000-21100".into())].into_iter().collect();
        let rows = rows(&settings, "server.toml", &environment).expect("right");
        let of = |key| rows.iter().find(|row| row.key == key).expect("every key");
        let told = |key| (of(key).written(), of(key).who());
        assert_eq!(told("port"), ("port = 3030".to_owned(), "server.toml".to_owned()));
        assert_eq!(
            told("range"),
            ("range = \"21000-21100\"".to_owned(), "HOMEPORT_RANGE".to_owned())
        );
        assert_eq!(told("ready_timeout").0, "ready_timeout = \"2m\"");
        assert_eq!(told("log"), ("log = \"info\"".to_owned(), message!("start.default")));
        assert_eq!(told("command"), ("# command".to_owned(), message!("settings.stale.unset")));
        assert_eq!(of("port").to_json()["value"], 3030);
    }

    #[test]
    fn what_is_shown_is_a_settings_file() {
        let rows = rows(&Settings::default(), "", &Environment::default()).expect("right");
        let text: String =
            rows.iter().map(|row| format!("{} # {}\n", row.written(), row.who())).collect();
        let settings = Settings::parse(&text).expect("right");
        assert_eq!(
            (settings.range, settings.open_browser),
            (Settings::defaults().range, Some(true))
        );
    }
}
