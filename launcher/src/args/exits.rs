//! The exit codes of each command, for the end of its help; a test holds docs/commands.md to them.

use shared::exit::Exit::{
    self, BadSettings, Bug, Done, NotReady, NotRunning, PortUnavailable, Usage,
};

/// A code and when a command ends with it.
type Meaning = (Exit, &'static str);

const DONE: Meaning = (Done, "done");
const USAGE: Meaning = (Usage, "the command line or a variable is wrong");
const NOT_RUNNING: Meaning = (NotRunning, "it is not running");
const NO_PORT: Meaning = (PortUnavailable, "no port");
const A_BUG: Meaning = (Bug, "a bug");
const NOT_NOW: Meaning = (NotReady, "it could not be done now");
const WRONG_SETTINGS: Meaning = (BadSettings, "the settings are wrong");
const UNREADABLE_HISTORY: Meaning = (NotReady, "the history cannot be read");

const OF_LAUNCHER: [Meaning; 7] =
    [DONE, USAGE, NOT_RUNNING, NO_PORT, A_BUG, NOT_NOW, WRONG_SETTINGS];

const OF_START: [Meaning; 6] = [DONE, USAGE, NO_PORT, A_BUG, NOT_NOW, WRONG_SETTINGS];

pub(super) fn of_launcher() -> String {
    with_layers(&OF_LAUNCHER)
}

pub(super) fn of_start() -> String {
    with_layers(&OF_START)
}

pub(super) fn if_printed() -> String {
    line(&[DONE, USAGE, (NotReady, "the answer cannot be written")])
}

pub(super) fn if_it_runs() -> String {
    line(&[DONE, USAGE, NOT_RUNNING, (NotReady, "it does not answer")])
}

pub(super) fn if_it_answers() -> String {
    line(&[DONE, USAGE, NOT_RUNNING, NOT_NOW])
}

pub(super) fn if_it_moves() -> String {
    let not_available = (PortUnavailable, "the port is not available");
    line(&[DONE, USAGE, NOT_RUNNING, not_available, NOT_NOW])
}

pub(super) fn if_listed() -> String {
    line(&[DONE, USAGE, (NotReady, "what listens cannot be told")])
}

pub(super) fn if_shown() -> String {
    line(&[DONE, USAGE, WRONG_SETTINGS])
}

pub(super) fn if_right() -> String {
    let kept = "the setting or the rest of the file is wrong, and the file is left as it is";
    line(&[DONE, USAGE, (NotReady, "the file cannot be written"), (BadSettings, kept)])
}

pub(super) fn of_settings() -> String {
    line(&[DONE, USAGE, NOT_NOW, WRONG_SETTINGS])
}

pub(super) fn if_readable() -> String {
    line(&[DONE, USAGE, UNREADABLE_HISTORY])
}

pub(super) fn if_logged() -> String {
    line(&[DONE, USAGE, (NotReady, "a log cannot be read")])
}

pub(super) fn if_explained() -> String {
    let no_socket = (PortUnavailable, "no socket can be opened");
    line(&[DONE, USAGE, no_socket, UNREADABLE_HISTORY, WRONG_SETTINGS])
}

pub(super) fn if_forgotten() -> String {
    let kept = (NotReady, "it is running, or what is remembered cannot be written");
    line(&[DONE, USAGE, kept, (BadSettings, "root would write through a link of a user")])
}

pub(super) fn if_well() -> String {
    let well = (Done, "no problem, though there may be warnings");
    line(&[well, USAGE, (NotReady, "a problem"), WRONG_SETTINGS])
}

fn with_layers(meanings: &[Meaning]) -> String {
    let layers = "An option wins over its variable (HOMEPORT_PORT for --port), which wins over the settings file.";
    format!("{layers}\n{}", line(meanings))
}

fn line(meanings: &[Meaning]) -> String {
    format!("Exit codes: {}.", list(meanings, ", "))
}

fn list(meanings: &[Meaning], separator: &str) -> String {
    let one = |(exit, meaning): &Meaning| format!("{} {meaning}", exit.code());
    meanings.iter().map(one).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod test {
    use std::{collections::BTreeSet, fs};

    use clap::CommandFactory;

    use super::*;
    use crate::args::CommandLine;

    fn page(name: &str) -> String {
        let path = format!("{}/../{name}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(path).expect(name)
    }

    fn numbers(text: &str) -> BTreeSet<i32> {
        text.split([' ', ',', '|']).filter_map(|word| word.parse().ok()).collect()
    }

    /// Those of a command, and of the commands in it.
    fn codes(command: &clap::Command) -> BTreeSet<i32> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let own = help.split_once("Exit codes: ").map(|(_, codes)| numbers(codes));
        own.into_iter().chain(command.get_subcommands().map(codes)).flatten().collect()
    }

    #[test]
    fn the_table_of_commands_has_the_codes_of_their_help() {
        let (page, launcher) = (page("docs/commands.md"), CommandLine::command());
        let mut documented = BTreeSet::new();
        for row in page.lines().filter(|row| row.starts_with("| [`")) {
            let names = row.split(']').next().unwrap_or_default().split('`').skip(1).step_by(2);
            let names: Vec<_> = names.filter_map(|name| name.split(' ').next()).collect();
            let commands = names.iter().map(|name| launcher.find_subcommand(name).expect(name));
            let wanted: BTreeSet<_> = commands.flat_map(codes).collect();
            let codes = row.trim_end_matches(" |").rsplit("| ").next().map(numbers);
            assert_eq!(codes, Some(wanted), "{row}");
            documented.extend(names);
        }
        assert_eq!(documented.len(), launcher.get_subcommands().count());
    }

    #[test]
    fn every_help_ends_with_the_codes_in_one_line_and_the_page_explains_them() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let last = help.lines().last().unwrap_or_default();
            assert!(last.starts_with("Exit codes: 0 "), "{command}: {help}");
            command.get_subcommands().for_each(check);
        }
        check(&CommandLine::command());
        let (page, readme) = (page("docs/commands.md"), page("README.md"));
        let explained = page.replace('\n', " ");
        assert!(explained.contains(&list(&OF_LAUNCHER, " · ")), "{}", list(&OF_LAUNCHER, " · "));
        let rows = readme.split("## Exit codes").nth(1).unwrap_or_default().split("## ").next();
        let first = |row: &str| row.strip_prefix("| ")?.split(' ').next()?.parse().ok();
        let rows: Vec<i32> = rows.unwrap_or_default().lines().filter_map(first).collect();
        assert_eq!(rows, OF_LAUNCHER.map(|(exit, _)| exit.code()));
    }
}
