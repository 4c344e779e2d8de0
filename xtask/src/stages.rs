//! `cargo xtask test`: every check, one stage after the other.
//!
//! ```text
//! usual   tools ► fmt ► clippy ► fuzz targets ► doc ► deny ► advisories ► workflows
//!         ► build ► windows ► version 0.1 ► tests
//! --fast  fmt ► clippy ► unit ► doctests
//! --all   the usual ones ► schemathesis ► soak ► fuzz ► bench
//! ```
//! All stages run, also after one that failed: one run reports everything that is wrong. A stage
//! that cannot run here is skipped with its reason, which is not a failure.

use crate::{
    cargo, deny, fuzz, needs,
    report::{Outcome, StageReport},
    schemathesis, screen, soak,
    tests::{self, ProgramFolders, Tests},
    version_0_1,
    windows::{self, WindowsError},
    workflows,
};
use std::{env, path::PathBuf, process::ExitCode};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The quick stages, for each change.
    Fast,
    /// The stages that must pass before a change is merged; `.ci/run` runs these.
    Usual,
    /// All stages, also the long ones.
    All,
}

/// How long the soak of `--all` takes: some 150 faults, each of them several times.
const SOAK_MINUTES: f64 = 5.0;

/// How many examples Schemathesis makes up with `--all`, ten times as many as in the tests.
const EXAMPLES: u32 = 100;

/// How long each fuzz target runs with `--all`. It shows that all of them build and take their
/// seeds; a search for faults takes hours.
const FUZZ_SECONDS: u64 = 20;

/// Runs the stages and prints the summary.
pub(crate) fn run(scope: Scope) -> ExitCode {
    let mut report = StageReport::default();
    let mut tests = Tests::default();
    match scope {
        Scope::Fast => fast(&mut report, &mut tests),
        Scope::Usual => usual(&mut report, false, &mut tests),
        Scope::All => {
            usual(&mut report, true, &mut tests);
            report.stage("schemathesis", || schemathesis::stage(EXAMPLES));
            report.stage("soak", || soak::stage(None, SOAK_MINUTES));
            report.stage("fuzz", || fuzz::stage(FUZZ_SECONDS));
            report.stage("bench", bench);
        }
    }
    report.add_tests(tests.counts, tests.skips);
    report.lines().iter().for_each(|line| screen::say(line));
    if report.failed_stages().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fast(report: &mut StageReport, tests: &mut Tests) {
    report.stage("fmt", fmt);
    report.stage("clippy", clippy);
    report.stage("unit", || tests::run_units(tests));
    report.stage("doctests", || tests::run_doctests(tests));
}

fn usual(report: &mut StageReport, with_long_tests: bool, tests: &mut Tests) {
    report.stage("tools", || needs::stage(with_long_tests));
    report.stage("fmt", fmt);
    report.stage("clippy", clippy);
    report.stage("fuzz targets", fuzz_targets);
    report.stage("doc", doc);
    report.stage("deny", deny::policy);
    report.stage("advisories", deny::advisories);
    report.stage("workflows", workflows::stage);
    report.stage("build", build);
    let mut programs = None;
    report.stage("windows", || windows_programs(&mut programs));
    let mut old_programs = None;
    report.stage("version 0.1", || version_0_1::stage(&mut old_programs));
    let folders = ProgramFolders { windows: programs, version_0_1: old_programs };
    report.stage("tests", || tests::run(&folders, with_long_tests, tests));
}

fn fmt() -> Outcome {
    with_component("rustfmt", "fmt", &["--all", "--check"])
}

fn clippy() -> Outcome {
    let args = ["--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    with_component("clippy", "clippy", &args)
}

/// They are a workspace of their own, which no other stage compiles.
fn fuzz_targets() -> Outcome {
    let missing = needs::missing(&[needs::CXX]);
    if !missing.is_empty() {
        return Outcome::Skipped(missing.join("; "));
    }
    let workspace = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target"];
    let lints = ["--all-targets", "--locked", "--", "-D", "warnings"];
    with_component("clippy", "clippy", &[&workspace[..], &lints].concat())
}

/// The benchmarks build, and the quick ones run. Their results here are not for comparison.
fn bench() -> Outcome {
    let build =
        cargo::cargo(["build", "--locked", "-p", "bench", "-p", "launcher", "-p", "server"]);
    let run = ["claims", "launches"]
        .map(|name| cargo::cargo(["run", "--locked", "--quiet", "-p", "bench", "--", name]));
    cargo::outcome_of_all([build].into_iter().chain(run))
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
