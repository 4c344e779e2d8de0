//! `cargo xtask version-0-1`: the programs of version 0.1.0, built from its commit for the tests that run
//! both versions beside each other.

use crate::{cargo, report::Outcome, screen};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The last commit of version 0.1.0.
const COMMIT: &str = "50487fe5ab3b4c6164c3742b4db00485b3bb4a87";

/// The program that is built last.
const LAST: &str = "server";

/// Builds the programs and prints their folder.
pub(crate) fn run() -> ExitCode {
    let mut folder = None;
    let outcome = stage(&mut folder);
    folder.iter().for_each(|folder| screen::say(&folder.display().to_string()));
    cargo::exit_code(outcome)
}

/// Builds the programs, unless they are built already, and fills in their folder.
pub(crate) fn stage(programs: &mut Option<PathBuf>) -> Outcome {
    if cfg!(windows) {
        return Outcome::Skipped("both versions share a folder of sessions on Unix alone".into());
    }
    let folder = cargo::root().join("target").join("version-0.1");
    let built = folder.join("target").join("debug");
    let outcome = if built.join(LAST).is_file() { Outcome::Ok } else { build(&folder) };
    *programs = Some(built).filter(|_| outcome == Outcome::Ok);
    outcome
}

fn build(folder: &Path) -> Outcome {
    let (archive, source) = (folder.join("source.tar"), folder.join("source"));
    if let Err(error) = fs::create_dir_all(&source) {
        return Outcome::Failed(format!("{}: {error}", source.display()));
    }
    let mut git = cargo::tool("git", ["archive", "--output"]);
    git.arg(&archive).arg(COMMIT);
    if cargo::outcome(git) != Outcome::Ok {
        return Outcome::Skipped(format!("this checkout has no commit {COMMIT}"));
    }
    let mut tar = cargo::tool("tar", ["-xf"]);
    tar.arg(&archive).arg("-C").arg(&source);
    let packages = ["build", "--locked", "-p", "launcher", "-p", "server", "--bins"];
    let mut build = cargo::cargo(packages);
    build.arg("--target-dir").arg(folder.join("target")).current_dir(&source);
    cargo::outcome_of_all([tar, build])
}
