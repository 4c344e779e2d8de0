//! `launcher settings`: where they are, what holds, and changing one.
//!
//! A change is written only if the whole file is right with it, and then whole or not at all; the
//! person's comments and their order stay.

mod show;

use std::{
    env,
    io::{self, Write},
    path::Path,
};

use owo_colors::OwoColorize;
use serde_json::json;
use shared::{
    environment::{Environment, VariableError},
    event::{Event, Process, masked_value},
    exit::Exit,
    history::{Author, Writer},
    message, next_command, one_line,
    settings::{
        Settings, SettingsError, SettingsProblem, TABLE,
        edit::{self, EditError, Edited},
        store::{self, StoreError},
    },
    words::AnswerName,
};
use uuid::Uuid;

use crate::{
    args::{SettingsArgs, SettingsCommand},
    commands::{resolve, unwritable},
    desktop::login,
    home_port,
    options::{CommandContext, OptionsError},
    render::{self, line, note, output},
};

/// The setting that is not only read by the next start, but also decides whether there is one.
const AT_LOGIN: &str = "start_at_login";

/// The setting with the home port.
const PORT: &str = "port";

pub(super) fn settings(context: &CommandContext, args: &SettingsArgs) -> Exit {
    let file = context.folders.settings(&context.app);
    let json = args.of.json;
    match &args.command {
        SettingsCommand::Path => path(&file, json),
        SettingsCommand::Show => show::show(context, &args.of),
        SettingsCommand::Set { key, value } => {
            let value = env::current_dir()
                .map_or_else(|_| value.clone(), |folder| edit::anchored(key, value, &folder));
            change(context, &file, &args.command, key, json, |text| edit::set(text, key, &value))
        }
        SettingsCommand::Unset { key } => {
            change(context, &file, &args.command, key, json, |text| edit::unset(text, key))
        }
    }
}

fn path(file: &Path, json: bool) -> Exit {
    if json {
        line(json!({ "event": AnswerName::SettingsPath, "file": file.display().to_string() }));
    } else {
        // As it is, for scripts; a stream that is closed is no failure.
        let _ = output::noted(writeln!(anstream::stdout(), "{}", file.display()));
    }
    Exit::Done
}

fn change(
    context: &CommandContext,
    file: &Path,
    typed: &SettingsCommand,
    key: &str,
    json: bool,
    edit: impl FnOnce(&str) -> Result<Edited, EditError>,
) -> Exit {
    if let Err(exit) = resolve::check_folder_links(context) {
        return exit;
    }
    let changed = store::rewrite(&context.folders, &context.app, |text| {
        edit(text).map(|edited| (edited.text.clone(), edited))
    });
    let edited = match changed {
        Ok(edited) => edited,
        Err(StoreError::Unusable(error)) => return resolve::refused(OptionsError::from(error)),
        Err(StoreError::Refused(error)) => return refused(context, file, typed, error),
        Err(StoreError::Unwritable { file, source }) => {
            render::error(message!("set.unwritable", file = file.display(), error = source));
            if let Some(now) = now_unwritable(&file, &source) {
                render::now(now);
            }
            return Exit::NotReady;
        }
    };
    let is_changed = edited.is_changed;
    let kept = |value: &Option<String>| value.clone().map(masked_value);
    let (from, to) = (kept(&edited.from), kept(&edited.to));
    let event = Event::SettingsChanged { key: key.to_owned(), from, to };
    if is_changed {
        let (app, launch_id) = (&context.app, Uuid::now_v7());
        let author = Author { app, process: Process::Launcher, launch_id };
        Writer::new(&context.folders, &author).record(&event);
    }
    let is_wanted = edited.to.as_deref() == Some("true");
    let registered = (key == AT_LOGIN).then(|| login::set(context, is_wanted));
    let home = edited.to.as_deref().filter(|_| key == PORT).and_then(|port| port.parse().ok());
    if let Some(refused) = home.and_then(|port| home_port::refused(context, port)) {
        render::warning(message!("set.refused", why = refused.sentence_here()));
    }
    let environment = Environment::of_process();
    let variable = winning_variable(key, &environment);
    if let Some(variable) = variable {
        render::warning(winning(variable, &environment));
    }
    if json && is_changed {
        line(event.to_json());
    } else if json {
        let value = edited.to.map(masked_value);
        line(json!({ "event": AnswerName::SettingsUnchanged, "key": key, "value": value }));
    } else {
        line(sentence(key, &edited));
        let when = match &registered {
            Some(registered) => registered.is_ok().then(|| message!("set.next_login")),
            None => (is_changed && variable.is_none())
                .then(|| message!("set.next_start", app = context.app)),
        };
        if let Some(when) = when {
            line(format_args!("  {when}").dimmed());
        }
    }
    let Some(Err(error)) = registered else { return Exit::Done };
    render::error(message!("set.login_failed", error));
    render::now(login::repair(&error));
    Exit::NotReady
}

/// What a person can do where a setting cannot be written, unless the error says it: that another process has
/// the lock, for example.
fn now_unwritable(file: &Path, error: &io::Error) -> Option<String> {
    (error.kind() != io::ErrorKind::TimedOut).then(|| unwritable::now(file, error))
}

/// The variable that wins over `key` of the file in a shell with this `environment`.
fn winning_variable(key: &str, environment: &Environment) -> Option<&'static str> {
    let variable = TABLE.iter().find(|setting| setting.key == key)?.variable?;
    environment.sets(variable).then_some(variable)
}

/// What `variable`, which wins over the file, means for a start in a shell with this `environment`.
fn winning(variable: &str, environment: &Environment) -> String {
    match Settings::from_environment(environment) {
        Ok(_) => message!("set.variable", variable),
        Err(VariableError { variable: wrong, problem }) => {
            message!("set.variable_wrong", variable, wrong, problem)
        }
    }
}

/// A setting before and after the change, as a sentence; a list in several lines is shown in one.
fn sentence(key: &str, edited: &Edited) -> String {
    let joined = |value: &String| value.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let shown = |value: &Option<String>| value.as_ref().map(|value| one_line::of(&joined(value)));
    match (shown(&edited.from), shown(&edited.to)) {
        (Some(_), Some(to)) if !edited.is_changed => message!("set.same", key, to),
        (Some(from), Some(to)) => message!("set.changed", key, to, from),
        (None, Some(to)) => message!("set.new", key, to),
        (Some(from), None) => message!("set.removed", key, from),
        (None, None) => message!("set.nothing", key),
    }
}

fn refused(
    context: &CommandContext,
    file: &Path,
    typed: &SettingsCommand,
    error: EditError,
) -> Exit {
    let command = |key: &str, value: &str| {
        let value = next_command::quoted(Path::new(&edit::typed(value)));
        next_command::launcher(&format!("settings set {key} {value}"), &context.app)
    };
    match error {
        EditError::Text(fault) => {
            let error: SettingsError = fault.of(file);
            return resolve::refused(OptionsError::from(error));
        }
        EditError::Value { key, value, problem: SettingsProblem::Corrected(meant) } => {
            let (written, what) = (&meant.written, &meant.what);
            render::error(message!("set.cannot_be", key, value, written, what));
            render::now(message!("set.corrected", command = command(key, &meant.value)));
        }
        EditError::Value { key, .. } => {
            render::error(&error);
            if let Some(setting) = TABLE.iter().find(|setting| setting.key == key) {
                let command = command(key, setting.example);
                render::now(message!("set.example", command));
            }
        }
        EditError::Key(SettingsProblem::UnknownKey { nearest: Some(nearest), .. }) => {
            render::error(&error);
            let command = match typed {
                SettingsCommand::Set { value, .. } => command(nearest, value),
                _ => next_command::launcher(&format!("settings unset {nearest}"), &context.app),
            };
            render::now(message!("set.nearest", command));
        }
        EditError::Key(_) => render::error(error),
    }
    note(format_args!("  {}", message!("set.kept", file = file.display())));
    Exit::BadSettings
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_variable_with_which_a_start_is_refused_is_not_said_to_be_used() {
        let environment = |port: &str, log: &str| {
            let pairs = [("HOMEPORT_PORT", port), ("HOMEPORT_LOG", log)];
            pairs.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect()
        };
        let said = |port, log| winning("HOMEPORT_PORT", &environment(port, log));
        assert!(said("4000", "info").contains("uses its value until it is unset"));
        let refused = "is refused until HOMEPORT_PORT is corrected or unset (`abc` is not a port";
        assert!(said("abc", "info").contains(refused), "{}", said("abc", "info"));
        assert!(said("4000", "xx").contains("until HOMEPORT_LOG is"), "{}", said("4000", "xx"));
    }

    #[test]
    fn every_kind_of_change_has_its_sentence() {
        let edited = |from: Option<&str>, to: Option<&str>| Edited {
            text: String::new(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            is_changed: from != to,
        };
        for (from, to, wanted) in [
            (Some("1"), Some("2"), "port = 2 (it was 1)"),
            (None, Some("2"), "port = 2 (it was not set)"),
            (Some("2"), Some("2"), "port = 2, as before"),
            (Some("1"), None, "port is not set any more (it was 1)"),
            (None, None, "port was not set"),
            (Some("[\n  1,\n  2,\n]"), None, "port is not set any more (it was [ 1, 2, ])"),
        ] {
            assert_eq!(sentence("port", &edited(from, to)), wanted);
        }
    }
}
