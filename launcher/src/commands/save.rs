//! `launcher run --save`: the command and its options in the settings of the app, so that `start` starts the same.
//!
//! The file is the person's: what else is in it stays, comments too. It is written whole or not at all, before anything
//! is run.

use std::{
    env,
    ffi::{OsStr, OsString},
};

use serde_json::{Map, Value, json};
use shared::{
    event::{Event, Process, masked_value},
    exit::Exit,
    history::{Author, Writer},
    message,
    settings::{
        edit::{self, EditError, Edited},
        store::{self, StoreError},
    },
};
use uuid::Uuid;

use super::{resolve, unwritable};
use crate::{
    args::RunArgs,
    options::{CommandContext, OptionsError},
    program::WrittenCommand,
    render,
};

/// Keys and their values as they are to stand in the file; `None` removes a key.
type SavedSettings = Vec<(&'static str, Option<Value>)>;

/// What became of each key.
type SettingsChanges = Vec<(&'static str, Edited)>;

/// Why a command cannot stand in a settings file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SaveError {
    /// This word, folder or value is not UTF-8, as settings are.
    #[error("{}", message!("save.no_text", what = .0.to_string_lossy().escape_debug()))]
    NoText(OsString),
    /// There is no setting for this option.
    #[error("{}", message!("save.no_setting", option = .0))]
    NoSetting(&'static str),
}

/// Writes the command into the settings of the app of `context`.
///
/// # Errors
///
/// The exit code, once it is said why the file stays as it is.
pub(super) fn save(
    context: &CommandContext,
    args: &RunArgs,
    settings: SavedSettings,
) -> Result<(), Exit> {
    resolve::check_folder_links(context)?;
    let file = context.folders.settings(&context.app);
    let changed = store::rewrite(&context.folders, &context.app, |text| edited(text, settings));
    let changes = changed.map_err(|error| match error {
        StoreError::Unusable(error) => resolve::refused(OptionsError::from(error)),
        StoreError::Refused(EditError::Text(fault)) => {
            resolve::refused(OptionsError::from(fault.of(&file)))
        }
        StoreError::Refused(error) => {
            render::error(error);
            render::note(format_args!("  {}", message!("set.kept", file = file.display())));
            Exit::BadSettings
        }
        StoreError::Unwritable { file, source } => {
            render::error(message!("set.unwritable", file = file.display(), error = source));
            render::now(unwritable::now(&file, &source));
            Exit::NotReady
        }
    })?;
    let author =
        Author { app: &context.app, process: Process::Launcher, launch_id: Uuid::now_v7() };
    let history = Writer::new(&context.folders, &author);
    for (key, change) in changes.into_iter().filter(|(_, change)| change.is_changed) {
        let (from, to) = (change.from.map(masked_value), change.to.map(masked_value));
        history.record(&Event::SettingsChanged { key: key.to_owned(), from, to });
    }
    if !args.json {
        render::note(message!("save.saved", file = file.display()));
    }
    Ok(())
}

fn edited(text: &str, settings: SavedSettings) -> Result<(String, SettingsChanges), EditError> {
    let (mut text, mut changes) = (text.to_owned(), Vec::new());
    for (key, value) in settings {
        let change = match value {
            Some(value) => edit::set(&text, key, &edit::written(&value))?,
            None => edit::unset(&text, key)?,
        };
        text.clone_from(&change.text);
        changes.push((key, change));
    }
    Ok((text, changes))
}

/// What stands in the file for the command of `args`. An option that was not given leaves its key alone, but for what
/// belongs to the command itself.
///
/// # Errors
///
/// [`SaveError`] for the first thing that has no place there.
pub(super) fn settings_of(
    args: &RunArgs,
    written: &WrittenCommand,
) -> Result<SavedSettings, SaveError> {
    if args.no_port_env {
        return Err(SaveError::NoSetting("--no-port-env"));
    }
    let words = written.words.iter().map(|word| text(word)).collect::<Result<Vec<_>, _>>()?;
    let program = if written.shell { vec![words.join(" ")] } else { words };
    let variable = |set: &crate::program::environment::SetVariable| {
        Ok((set.name.clone(), json!(text(&set.value)?)))
    };
    let variables = written.variables.iter().map(variable).collect::<Result<Map<_, _>, _>>()?;
    let path = env::var_os("PATH").map(|path| text(&path)).transpose()?;
    let cwd = text(written.cwd.as_os_str())?;
    let asked = |value: Option<String>| value.map(|value| json!(value));
    let mut settings: SavedSettings = vec![
        // First, because without it the others are of no use, and it may exclude what is there.
        ("program", Some(json!(program))),
        ("shell", written.shell.then(|| json!(true))),
        ("cwd", Some(json!(cwd))),
        ("path", asked(path)),
        ("env", (!variables.is_empty()).then(|| Value::Object(variables))),
        ("open_browser", Some(json!(args.open))),
    ];
    let ports = args.ports.iter().map(ToString::to_string).collect::<Vec<_>>();
    let word = |value: Option<Value>| value.filter(|value| !value.is_null());
    let options = [
        ("port", args.port.map(|port| json!(port))),
        ("on_conflict", word(args.on_conflict.map(|it| json!(it)))),
        ("ready_timeout", word(args.ready_timeout.map(|it| json!(it)))),
        ("ready", asked(args.ready.as_ref().map(ToString::to_string))),
        ("restart", word(args.restart.map(|it| json!(it)))),
        ("stop_signal", asked(args.stop_signal.map(|it| it.to_string()))),
        ("stop_timeout", word(args.stop_timeout.map(|it| json!(it)))),
        ("owner", word(args.owner.map(|it| json!(it)))),
        ("ports", (!ports.is_empty()).then(|| json!(ports))),
    ];
    settings.extend(options.into_iter().filter(|(_, value)| value.is_some()));
    Ok(settings)
}

fn text(word: &OsStr) -> Result<String, SaveError> {
    word.to_str().map(str::to_owned).ok_or_else(|| SaveError::NoText(word.to_owned()))
}

#[cfg(test)]
mod test {
    use std::path::PathBuf;

    use shared::settings::Settings;

    use super::*;
    use crate::program::environment::SetVariable;

    fn written(words: &[&str]) -> WrittenCommand {
        WrittenCommand {
            words: words.iter().map(OsString::from).collect(),
            cwd: PathBuf::from("/srv/shop"),
            ..WrittenCommand::default()
        }
    }

    #[test]
    fn what_is_saved_is_read_as_the_same_command_and_the_rest_of_the_file_stays() {
        let set = SetVariable { name: "API_KEY".to_owned(), value: "a\"1".into() };
        let command = WrittenCommand {
            variables: vec![set],
            ..written(&["npm", "run", "dev", "--port", "{port}", "--token", "s3cret"])
        };
        let args = RunArgs {
            ready: "http:/health".parse().ok(),
            stop_timeout: "4s".parse().ok(),
            restart: "never".parse().ok(),
            ports: vec!["metrics".parse().expect("a name")],
            ..RunArgs::default()
        };
        let settings = settings_of(&args, &command).expect("text");
        let before = "# mine\nrange = \"20000-20999\" # few\nshell = true\n";
        let (text, changes) = edited(before, settings).expect("right");
        assert!(text.starts_with("# mine\nrange = \"20000-20999\" # few\n"), "{text}");
        assert!(text.contains("s3cret") && text.contains("API_KEY"), "{text}");
        let read = WrittenCommand::of_file(&Settings::parse(&text).expect("right")).expect("saved");
        assert_eq!((read.words, read.cwd), (command.words, command.cwd));
        assert_eq!(read.variables, command.variables);
        assert!(!read.shell);
        for line in [
            "ready = \"http:/health\"",
            "stop_timeout = \"4s\"",
            "restart = \"never\"",
            "open_browser = false",
            "ports = [\"metrics\"]",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        let shown: Vec<_> = changes.iter().filter_map(|(_, change)| change.to.clone()).collect();
        let records = shown.into_iter().map(masked_value).collect::<String>();
        assert!(!records.contains("a\\\"1") && !records.contains("s3cret"), "{records}");
    }

    #[test]
    fn a_line_for_the_shell_is_one_word() {
        let command = WrittenCommand { shell: true, ..written(&["npm", "run dev"]) };
        let settings = settings_of(&RunArgs::default(), &command).expect("text");
        let (text, _) = edited("", settings).expect("right");
        assert!(text.contains("program = [\"npm run dev\"]\nshell = true\n"), "{text}");
    }

    #[test]
    fn what_no_setting_can_hold_is_refused() {
        let args = RunArgs { no_port_env: true, ..RunArgs::default() };
        let refused = settings_of(&args, &written(&["x"])).expect_err("no such setting");
        assert_eq!(refused, SaveError::NoSetting("--no-port-env"));
    }

    #[cfg(unix)]
    #[test]
    fn a_word_that_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let word = OsString::from_vec(vec![b'a', 0xff]);
        let command = WrittenCommand { words: vec!["x".into(), word.clone()], ..written(&[]) };
        let refused = settings_of(&RunArgs::default(), &command).expect_err("no text");
        assert_eq!(refused, SaveError::NoText(word));
    }
}
