//! The command line as a whole: a command and its options, or the options of `start`.

use std::ffi::OsString;

use clap::{
    Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind,
    parser::ValueSource,
};
use shared::{invoked_as, message};

use super::{
    command::{
        AppArgs, CompletionsArgs, ConflictsArgs, ExplainArgs, HistoryArgs, ListArgs, LogsArgs,
        MoveArgs, OpenArgs, SettingsArgs, WhereArgs,
    },
    exits,
    run::RunArgs,
    start::StartArgs,
};

/// Gives a local server a port that it keeps.
#[derive(Debug, Parser)]
#[command(name = "launcher", version, after_help = exits::of_launcher())]
pub struct CommandLine {
    /// The command; `start` unless given.
    #[command(subcommand)]
    pub command: Option<LauncherCommand>,
    /// Read if no command is given.
    #[command(flatten)]
    pub start: StartArgs,
}

/// What the launcher can be asked to do.
#[derive(Debug, Subcommand)]
pub enum LauncherCommand {
    /// Claim a port, start the server on it, open the browser, and run until stopped.
    #[command(after_help = exits::of_start())]
    Start(StartArgs),
    /// Run any command that starts a server on a port that it keeps, and stay in front of it.
    #[command(after_help = exits::of_start())]
    Run(Box<RunArgs>),
    /// Stop the server and its launcher, and wait until both have ended.
    #[command(after_help = exits::if_it_answers())]
    Stop(AppArgs),
    /// Start a new server on the same port; the old one ends when the new one answers.
    #[command(after_help = exits::if_it_answers())]
    Restart(AppArgs),
    /// Show the state of the running server.
    #[command(after_help = exits::if_it_answers())]
    Status(AppArgs),
    /// Move the running server to another port without losing a request.
    #[command(after_help = exits::if_it_moves())]
    Move(MoveArgs),
    /// List every app of this user, running or not.
    #[command(after_help = exits::if_listed(), mut_arg("app", of_every_app))]
    List(ListArgs),
    /// Print the URL of the running server and nothing else.
    #[command(after_help = exits::if_it_runs())]
    Where(WhereArgs),
    /// Open the running server in the browser.
    #[command(after_help = exits::if_it_answers())]
    Open(OpenArgs),
    /// Show who uses a port, why you cannot have it, and its history.
    #[command(after_help = exits::if_explained())]
    Explain(ExplainArgs),
    /// Show the records of the port history, the oldest first.
    #[command(after_help = exits::if_readable(), mut_arg("app", of_every_app))]
    History(HistoryArgs),
    /// Show which programs took your ports, how often, and when.
    #[command(after_help = exits::if_readable(), mut_arg("app", of_every_app))]
    Conflicts(ConflictsArgs),
    /// Run health checks. Changes nothing.
    #[command(after_help = exits::if_well(), verbatim_doc_comment)]
    Doctor(AppArgs),
    /// Show the settings, or change one.
    #[command(after_help = exits::of_settings())]
    Settings(SettingsArgs),
    /// Show what an app has written, or the last lines of the logs.
    #[command(mut_arg("app", of_one_or_every_app), after_help = exits::if_logged())]
    Logs(LogsArgs),
    /// Forget the remembered ports of an app that is not running, and remove its output.
    #[command(after_help = exits::if_forgotten())]
    Forget(AppArgs),
    /// Print a completion script for a shell.
    #[command(after_help = exits::if_printed())]
    Completions(CompletionsArgs),
    /// Print the token of the running app, with which scripts use its API.
    #[command(after_help = exits::if_it_answers())]
    Token(AppArgs),
    /// Print the versions of the launcher, of its files and of the running server.
    #[command(after_help = exits::if_printed())]
    Version(AppArgs),
}

/// The help of `--app` where all apps are shown unless one is named.
fn of_every_app(option: Arg) -> Arg {
    option.help("Only what is about this app [default: every app]")
}

/// The help of `--app` where it depends on the command which apps are shown.
fn of_one_or_every_app(option: Arg) -> Arg {
    option.help("Only what is of this app [default: server; with tail: every app]")
}

/// Reads the command line.
///
/// # Errors
///
/// What is wrong with it, or the help or version that it asks for.
pub fn parse(argv: &[OsString]) -> Result<CommandLine, clap::Error> {
    let command = CommandLine::command()
        .name(invoked_as::launcher_program())
        .bin_name(invoked_as::launcher());
    read(command, argv)
}

fn read(
    mut command: clap::Command,
    argv: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<CommandLine, clap::Error> {
    let found = command.try_get_matches_from_mut(argv)?;
    if let Some(text) = misplaced(&command, &found) {
        return Err(command.error(ErrorKind::ArgumentConflict, text));
    }
    CommandLine::from_arg_matches(&found)
}

/// What is said of an option that was typed before a command and is none of those that every command has.
fn misplaced(command: &clap::Command, found: &ArgMatches) -> Option<String> {
    let (name, of_command) = found.subcommand()?;
    let is_typed = |option: &&Arg| {
        found.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let option = command.get_arguments().filter(|option| !option.is_global_set()).find(is_typed);
    let Some(option) = option.and_then(Arg::get_long) else {
        return misplaced(command.find_subcommand(name)?, of_command);
    };
    let (owner, taker, command) = match command.get_name() {
        "logs" => ("logs", "tail", "logs tail"),
        _ => ("start", "start", "start"),
    };
    Some(match name {
        name if name == taker => message!("args.before_command", option, command),
        name => message!("args.of_other", option, owner, name),
    })
}

#[cfg(test)]
mod test {
    use shared::{
        app::AppName,
        port::Port,
        settings::{Kind, Settings},
    };

    use super::*;

    fn typed(line: &str) -> Result<CommandLine, clap::Error> {
        read(CommandLine::command(), line.split_whitespace())
    }

    #[test]
    fn options_that_every_command_has_stand_before_or_after_it_and_others_where_they_belong() {
        for line in ["launcher --app notes --json status", "launcher status --json --app notes"] {
            let Some(LauncherCommand::Status(of)) = typed(line).expect(line).command else {
                panic!("{line}");
            };
            assert_eq!((of.app.as_ref().map(AppName::as_str), of.json), (Some("notes"), true));
        }
        let started = typed("launcher --app notes start --port 3030").expect("right").command;
        let Some(LauncherCommand::Start(start)) = started else { panic!("{started:?}") };
        assert_eq!(start.app.as_ref().map(AppName::as_str), Some("notes"));
        let problem = typed("launcher --port 3030 status").expect_err("wrong").to_string();
        assert!(problem.contains("--port") && problem.contains("`status`"), "{problem}");
        let problem = typed("launcher --port 3030 start").expect_err("wrong").to_string();
        assert!(problem.contains("`start --port`"), "{problem}");
        let problem = typed("launcher logs -n 5 tail").expect_err("wrong").to_string();
        assert!(problem.contains("`logs tail --lines`"), "{problem}");
        let problem = typed("launcher logs --follow path").expect_err("wrong").to_string();
        assert!(problem.contains("--follow") && problem.contains("`path`"), "{problem}");
    }

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn only_a_help_text_of_two_sentences_ends_with_a_full_stop() {
        fn check(command: &clap::Command) {
            let texts = command.get_arguments().filter_map(clap::Arg::get_help);
            for text in texts.chain(command.get_about()).map(ToString::to_string) {
                assert_eq!(text.ends_with('.'), text.contains(". "), "{text}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&CommandLine::command());
    }

    #[test]
    fn every_setting_with_an_option_is_set_by_it() {
        for setting in shared::settings::TABLE {
            let Some(flag) = setting.flag else { continue };
            let words = match setting.kind {
                Kind::Boolean => vec!["launcher", flag],
                _ => vec!["launcher", flag, setting.example.trim_matches('"')],
            };
            let typed = CommandLine::try_parse_from(&words).expect(flag).start.settings();
            let example = format!("{} = {}", setting.key, setting.example);
            assert_eq!(typed, Settings::parse(&example).expect(flag), "{words:?}");
        }
    }

    #[test]
    fn start_is_what_the_launcher_does_when_nothing_is_said() {
        let short = typed("launcher --port 3030 --json").expect("right");
        assert_eq!((short.start.port, short.start.json), (Port::new(3030), true));
        let long = typed("launcher start --port 3030").expect("right");
        assert!(
            matches!(long.command, Some(LauncherCommand::Start(start)) if start.port == Port::new(3030))
        );
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_reason() {
        for (line, reason) in [
            ("launcher --port 0", "port 0 means"),
            ("launcher --port 70000", "70000 is not a port"),
            ("launcher --port -1", "-1 is not a port"),
            ("launcher --port abc", "`abc` is not a port"),
            ("launcher --range 20-10", "write 10-20"),
            ("launcher --range -", "is not a range"),
            ("launcher --app a/b", "because of '/'"),
            ("launcher --app ..", "because of '.'"),
        ] {
            let problem = typed(line).expect_err(line).to_string();
            assert!(problem.contains(reason), "{problem}");
        }
    }
}
