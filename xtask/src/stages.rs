//! `cargo xtask test`: every check, one stage after the other.
//!
//! ```text
//! tools ► fmt ► clippy ► doc ► deny ► advisories ► workflows ► build ► windows ► tests ► summary
//! ```
//! All stages run, also after one that failed: one run tells everything that is wrong. A stage that
//! cannot run here is skipped with its reason, which is not a failure.

use crate::{
    cargo, deny, needs,
    report::{Outcome, StageReport},
    screen,
    tests::{self, Tests},
    windows::{self, WindowsError},
    workflows,
};
use std::{env, path::PathBuf, process::ExitCode};

/// Runs everything and prints the summary.
pub(crate) fn run() -> ExitCode {
    let mut report = StageReport::default();
    report.stage("tools", needs::stage);
    report.stage("fmt", || with_component("rustfmt", "fmt", &["--all", "--check"]));
    report.stage("clippy", || {
        let args = ["--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
        with_component("clippy", "clippy", &args)
    });
    report.stage("doc", doc);
    report.stage("deny", deny::policy);
    report.stage("advisories", deny::advisories);
    report.stage("workflows", workflows::stage);
    report.stage("build", build);
    let mut programs = None;
    report.stage("windows", || windows_programs(&mut programs));
    let mut tests = Tests::default();
    report.stage("tests", || tests::run(programs.as_deref(), &mut tests));
    report.add_tests(tests.counts, tests.skips);

    report.lines().iter().for_each(|line| screen::say(line));
    if report.failed_stages().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `cargo SUBCOMMAND ARGS`, where the subcommand is a component of the toolchain.
fn with_component(component: &str, subcommand: &str, args: &[&str]) -> Outcome {
    if let Err(missing) = needs::component(component, subcommand) {
        return Outcome::Skipped(missing);
    }
    cargo::outcome(cargo::cargo([&[subcommand], args].concat()))
}

/// Everything but this program: Windows does not let a running one be replaced.
fn build() -> Outcome {
    cargo::outcome(cargo::cargo(["build", "--workspace", "--exclude", "xtask", "--locked"]))
}

fn doc() -> Outcome {
    let mut command = cargo::cargo(["doc", "--workspace", "--no-deps", "--locked"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    cargo::outcome(command)
}

/// Builds the Windows programs, which the tests run under Wine.
fn windows_programs(programs: &mut Option<PathBuf>) -> Outcome {
    if !cfg!(target_os = "linux") {
        let reason = match env::consts::OS {
            "windows" => "the workspace's own programs are Windows programs here",
            _ => "Windows programs are built for tests under Wine, which are run on Linux",
        };
        return Outcome::Skipped(reason.to_owned());
    }
    match windows::build(false) {
        Ok(folder) => {
            *programs = Some(folder);
            Outcome::Ok
        }
        Err(WindowsError::Missing(missing)) => Outcome::Skipped(missing.join("; ")),
        Err(WindowsError::Failed(why)) => Outcome::Failed(why),
    }
}
