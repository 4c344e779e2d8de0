//! The command line as a whole: a command and its options, or the options of `start`.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser};
use shared::{called, exit::Exit};

use super::Command;
use crate::args::StartArgs;

/// Gives a local server a port that it keeps.
#[derive(Debug, Parser)]
#[command(name = "launcher", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub struct CommandLine {
    /// What to do; `start` unless given.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of `start`.
    #[command(flatten)]
    pub start: StartArgs,
}

const AFTER_HELP: &str = "\
An option wins over the variable HOMEPORT_<OPTION>, which wins over the settings file.
Exit codes: 0 done, 2 usage, 3 it is not running, 69 no port, 70 a bug, 75 the server did not
become ready, 78 the settings are wrong.";

/// Reads the command line. Help and version are printed here, as are errors, and end the program.
///
/// # Errors
///
/// The exit code to end with.
pub fn parse(argv: &[OsString]) -> Result<CommandLine, Exit> {
    let command =
        CommandLine::command().name(called::launcher_program()).bin_name(called::launcher());
    let typed =
        command.try_get_matches_from(argv).and_then(|found| CommandLine::from_arg_matches(&found));
    typed.map_err(|problem| {
        let exit = if problem.use_stderr() { Exit::Usage } else { Exit::Done };
        // A closed stdout or stderr leaves nobody to tell.
        let _ = problem.print();
        exit
    })
}

#[cfg(test)]
mod test {
    use shared::{
        port::Port,
        settings::{Kind, Settings},
    };

    use super::*;

    fn typed(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
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
            matches!(long.command, Some(Command::Start(start)) if start.port == Port::new(3030))
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
