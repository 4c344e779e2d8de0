//! A command that a person is advised to type next: it has to reach the same app and the same files as
//! the one that was typed now.

use std::{
    env,
    path::{MAIN_SEPARATOR, Path, PathBuf},
    sync::OnceLock,
};

use crate::{app::AppName, invoked_as};

static GIVEN_HOME: OnceLock<PathBuf> = OnceLock::new();

/// Keeps the folder that was given by `--home`, which the next command needs too. The first call counts.
/// A folder that a variable names is left out: the variable is still there.
pub fn keep_home(home: &Path) {
    GIVEN_HOME.get_or_init(|| home.to_owned());
}

/// The command line that starts the launcher with `words`, such as `move 3030`, for `app`.
pub fn launcher(words: &str, app: &AppName) -> String {
    line(invoked_as::launcher(), words, app, GIVEN_HOME.get())
}

/// The command line that runs `command`, which is a command line itself.
pub fn run(command: &str) -> String {
    format!("{} run {command}", invoked_as::launcher())
}

/// The same for a shell that may not have the variables of this process, as that of a person who reads a page.
pub fn launcher_in_any_shell(words: &str, app: &AppName) -> String {
    let variable = env::var_os("HOMEPORT_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    line(invoked_as::launcher(), words, app, GIVEN_HOME.get().or(variable.as_ref()))
}

/// The command line that starts the server with `words`, such as `--port 3030`, for `app`.
pub fn server(words: &str, app: &AppName) -> String {
    line(invoked_as::server(), words, app, GIVEN_HOME.get())
}

fn line(program: &str, words: &str, app: &AppName, home: Option<&PathBuf>) -> String {
    let is_default = *app == AppName::default() && env::var_os("HOMEPORT_APP").is_none();
    let app = (!is_default).then(|| format!("--app {app}"));
    let home = home.map(|home| format!("--home {}", quoted(home)));
    let words = (!words.is_empty()).then(|| words.to_owned());
    let parts = [Some(program.to_owned()), words, app, home];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A path as a shell takes it for one argument.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "-_.,:/+@".contains(c) || c == MAIN_SEPARATOR;
    if text.chars().all(is_plain) && !text.is_empty() {
        return text;
    }
    match MAIN_SEPARATOR {
        '\\' => format!("\"{text}\""),
        _ => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_command_names_the_app_and_the_home_if_the_next_one_would_take_others() {
        let notes: AppName = "notes".parse().expect("a name");
        let of = |words, app: &AppName, home: Option<&str>| {
            line("homeport", words, app, home.map(PathBuf::from).as_ref())
        };
        assert_eq!(of("stop", &AppName::default(), None), "homeport stop");
        assert_eq!(of("", &notes, None), "homeport --app notes");
        let home = Some("/srv/home");
        assert_eq!(
            of("move 3030", &notes, home),
            "homeport move 3030 --app notes --home /srv/home"
        );
    }

    #[test]
    fn a_path_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted(Path::new("a-b_c.d")), "a-b_c.d");
        let spaced = quoted(Path::new("it's a home"));
        let wanted = if MAIN_SEPARATOR == '/' { r"'it'\''s a home'" } else { "\"it's a home\"" };
        assert_eq!(spaced, wanted);
        assert!(quoted(Path::new("")).len() == 2);
    }
}
