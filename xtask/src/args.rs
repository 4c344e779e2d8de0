//! The command line: what was typed, and which command it means.

use crate::{
    commit_msg, fuzz, gen_history, package, schemathesis, soak,
    stages::{self, Scope},
    start, structure, version_0_1, windows, workflows,
};
use clap::{Parser, Subcommand};
use std::{ffi::OsString, path::PathBuf, process::ExitCode};

/// Developer commands of Homeport.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct XtaskArgs {
    #[command(subcommand)]
    command: Command,
}

/// One developer command.
#[derive(Debug, Subcommand)]
enum Command {
    /// Build the launcher and the server, then run the launcher
    #[command(disable_help_flag = true)]
    Start {
        /// Handed to the launcher as they are (`--help` too)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Run every check and every test
    Test {
        /// Only what takes less than two minutes: formatting, lints, unit tests
        #[arg(long, conflicts_with = "all")]
        fast: bool,
        /// Also what takes long: soak, fuzzing, Schemathesis with more examples, the benchmarks
        #[arg(long)]
        all: bool,
    },
    /// Check the message of a commit; `.githooks/commit-msg` calls this
    CommitMsg {
        /// The file with the message
        file: PathBuf,
    },
    /// Let everything go wrong for a while, and see that it comes right again
    Soak {
        /// What the faults are drawn from: the same seed, the same sequence
        #[arg(long)]
        seed: Option<u64>,
        /// How long, in minutes or fractions of one
        #[arg(long, default_value_t = 30.0)]
        minutes: f64,
    },
    /// Feed the parsers of what comes from outside with all that a fuzzer can think of
    Fuzz {
        /// How long each, in seconds
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// This one alone: a file of fuzz/targets, without its ending
        target: Option<String>,
    },
    /// Make a port history of years, for tests and measurements
    GenHistory(gen_history::GenHistoryArgs),
    /// Hold the API to its own description, for longer than the tests do
    Schemathesis {
        /// How many requests of each kind are made up for each operation
        #[arg(long, default_value_t = 500)]
        examples: u32,
    },
    /// Build launcher.exe and server.exe, and what tests under Wine need beside them
    Windows {
        /// With optimisations, for shipping and measuring
        #[arg(long)]
        release: bool,
    },
    /// Build the programs of version 0.1.0, which the tests run beside those of this version
    #[command(name = "version-0-1")]
    Version01,
    /// Build the programs to be shipped, and make packages of them in target/package
    Package(package::PackageArgs),
    /// Print how the modules of the crates build on one another, and what breaks the order
    Floors {
        /// These crates alone, by their folders
        crates: Vec<String>,
    },
    /// Print the public type names that are used twice, and their words that no list of terms has
    Names,
    /// Check the workflows of GitHub Actions
    Workflows,
}

impl XtaskArgs {
    /// Runs the command and returns its exit code.
    pub(crate) fn run(self) -> ExitCode {
        match self.command {
            Command::Start { args } => start::run(&args),
            Command::Test { fast: true, .. } => stages::run(Scope::Fast),
            Command::Test { all: true, .. } => stages::run(Scope::All),
            Command::Test { .. } => stages::run(Scope::Usual),
            Command::CommitMsg { file } => commit_msg::run(&file),
            Command::Soak { seed, minutes } => soak::run(seed, minutes),
            Command::Fuzz { seconds, target } => fuzz::run(seconds, target.as_deref()),
            Command::GenHistory(args) => gen_history::run(&args),
            Command::Schemathesis { examples } => schemathesis::run(examples),
            Command::Windows { release } => windows::run(release),
            Command::Version01 => version_0_1::run(),
            Command::Package(args) => package::run(&args),
            Command::Floors { crates } => structure::picture::run(&crates),
            Command::Names => structure::names::run(),
            Command::Workflows => workflows::run(),
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        XtaskArgs::command().debug_assert();
    }

    #[test]
    fn a_soak_may_be_short() {
        let typed = ["xtask", "soak", "--seed", "7", "--minutes", "0.5"];
        let command = XtaskArgs::try_parse_from(typed).unwrap().command;
        assert!(matches!(command, Command::Soak { seed: Some(7), minutes: 0.5 }), "{command:?}");
    }

    #[test]
    fn whatever_follows_start_belongs_to_the_launcher() {
        for typed in [&["--help"][..], &["--json", "--port", "0"], &["status", "--app", "x"]] {
            let argv = ["xtask", "start"].iter().chain(typed);
            let Command::Start { args } = XtaskArgs::try_parse_from(argv).unwrap().command else {
                panic!("another command");
            };
            assert_eq!(args, typed);
        }
    }
}
