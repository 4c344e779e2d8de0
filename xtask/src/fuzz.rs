//! `cargo xtask fuzz`: feeds each parser of what comes from outside with all that a fuzzer can
//! think of, for so long. What was found before is tried first; a find stops the run and is kept.

use crate::{
    cargo::{cargo, exit_code, outcome, root, succeeds},
    report::Outcome,
};
use std::{fs, io, process::Command, process::ExitCode};

/// The version that is known to work here, and how to get it.
const INSTALL: &str = "cargo install cargo-fuzz --version 0.13.2 --locked";

/// Runs `wanted`, or every target, each for so many seconds.
pub(crate) fn run(seconds: u64, wanted: Option<&str>) -> ExitCode {
    exit_code(try_run(seconds, wanted).map_or_else(Outcome::Failed, |()| Outcome::Ok))
}

/// Every target, as a stage of a longer run. It is skipped without cargo-fuzz.
pub(crate) fn stage(seconds: u64) -> Outcome {
    if let Err(missing) = installed() {
        return Outcome::Skipped(missing);
    }
    try_run(seconds, None).map_or_else(Outcome::Failed, |()| Outcome::Ok)
}

fn installed() -> Result<(), String> {
    let is_here = succeeds(cargo(["fuzz", "--version"]));
    is_here.then_some(()).ok_or_else(|| format!("cargo-fuzz is missing; get it with: {INSTALL}"))
}

fn try_run(seconds: u64, wanted: Option<&str>) -> Result<(), String> {
    let all = targets().map_err(|error| format!("the targets: {error}"))?;
    let chosen = chosen(all, wanted)?;
    installed()?;
    for target in chosen {
        let command = command(&target, seconds).map_err(|error| format!("{target}: {error}"))?;
        if let Outcome::Failed(why) = outcome(command) {
            return Err(format!("{target}: {why}; the input is under fuzz/artifacts/{target}"));
        }
    }
    Ok(())
}

/// The names of all targets: each is a file.
fn targets() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/targets"))? {
        names.extend(entry?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn chosen(all: Vec<String>, wanted: Option<&str>) -> Result<Vec<String>, String> {
    match wanted {
        None => Ok(all),
        Some(name) if all.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(format!("there is no target `{name}`; there are: {}", all.join(", "))),
    }
}

/// The command that runs a target. It writes new inputs to the first folder; the second has our
/// seeds.
fn command(target: &str, seconds: u64) -> io::Result<Command> {
    let [corpus, seeds] = ["corpus", "seeds"].map(|folder| format!("fuzz/{folder}/{target}"));
    fs::create_dir_all(root().join(&corpus))?;
    // Sanitizers want a nightly compiler; without `unsafe` they would have little to find.
    let mut command = cargo(["fuzz", "run", "--sanitizer", "none", target, &corpus, &seeds, "--"]);
    command.arg(format!("-max_total_time={seconds}"));
    Ok(command)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_target_that_does_not_exist_is_refused_with_those_that_do() {
        let all = || vec!["history".to_owned(), "words".to_owned()];
        assert_eq!(chosen(all(), None), Ok(all()));
        assert_eq!(chosen(all(), Some("words")), Ok(vec!["words".to_owned()]));
        assert!(chosen(all(), Some("word")).is_err_and(|why| why.contains("history, words")));
    }

    #[test]
    fn every_target_is_declared_and_has_seeds() {
        let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        for target in targets().unwrap() {
            assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target}");
            let mut seeds = fs::read_dir(root().join("fuzz/seeds").join(&target)).expect(&target);
            assert!(seeds.next().is_some(), "{target}");
        }
    }
}
