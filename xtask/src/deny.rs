//! The stages of cargo-deny: licences, banned crates, sources and known vulnerabilities.
//!
//! The first three need nothing but the lock file and decide by themselves. The last one needs a
//! copy of the RustSec database. Fetching it is a step of its own, so that "there is no network"
//! and "there is a vulnerability" can never be taken for each other.

use crate::{cargo, report::Outcome, screen};
use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The version that `deny.toml` is written for.
const CRATE: &str = "cargo-deny@0.20.2";

/// A fetch takes seconds. A network that swallows packets would otherwise hold the run for as long
/// as TCP keeps trying.
const FETCH_TIMEOUT: Duration = Duration::from_secs(90);

/// Licences, banned crates and sources.
pub(crate) fn policy() -> Outcome {
    match install() {
        Ok(()) => cargo::outcome(deny(&["check", "bans", "licenses", "sources"])),
        Err(missing) => Outcome::Skipped(missing),
    }
}

/// Known vulnerabilities, where the database can be fetched.
pub(crate) fn advisories() -> Outcome {
    if let Err(missing) = install() {
        return Outcome::Skipped(missing);
    }
    let log = cargo::root().join("target").join("rustsec-fetch.txt");
    match ends_well_within(FETCH_TIMEOUT, deny(&["fetch", "db"]), &log) {
        Ok(()) => cargo::outcome(deny(&["check", "--disable-fetch", "advisories"])),
        Err(why) => Outcome::Skipped(format!("the RustSec database cannot be fetched: {why}")),
    }
}

fn deny(args: &[&str]) -> Command {
    cargo::cargo([&["deny", "--locked"], args].concat())
}

/// Makes sure that cargo-deny is installed.
fn install() -> Result<(), String> {
    let is_here = || cargo::succeeds(cargo::cargo(["deny", "--version"]));
    if is_here() {
        return Ok(());
    }
    screen::say("cargo-deny is missing: installing it");
    let outcome = cargo::outcome(cargo::cargo(["install", "--locked", CRATE]));
    if outcome == Outcome::Ok && is_here() {
        return Ok(());
    }
    Err(format!("cargo-deny is missing; get it with: cargo install --locked {CRATE}"))
}

/// Waits for a command, with a time limit. Its output goes to `log`; if it fails, its last line is
/// the reason.
fn ends_well_within(limit: Duration, mut command: Command, log: &Path) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let output = File::create(log).map_err(told)?;
    command.env("GIT_TERMINAL_PROMPT", "0").stdout(Stdio::null()).stderr(output);
    let mut child = command.spawn().map_err(told)?;
    let start = Instant::now();
    loop {
        match child.try_wait().map_err(told)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => {
                let said = fs::read(log).map_err(told)?;
                let said = String::from_utf8_lossy(&said);
                let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
                return Err(last.map_or_else(|| status.to_string(), str::to_owned));
            }
            None if start.elapsed() < limit => thread::sleep(Duration::from_millis(50)),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer within {} s", limit.as_secs()));
            }
        }
    }
}

#[cfg(all(test, unix))]
mod test {
    use super::*;

    #[test]
    fn a_command_that_fails_or_never_ends_is_told_apart_from_one_that_ends_well() {
        let folder = tempfile::tempdir().unwrap();
        let run = |limit, script| {
            let command = cargo::tool("sh", ["-c", script]);
            ends_well_within(Duration::from_secs(limit), command, &folder.path().join("log"))
        };
        assert_eq!(run(600, "echo fine >&2"), Ok(()));
        assert_eq!(
            run(600, "echo first >&2; echo no host >&2; echo >&2; exit 1").unwrap_err(),
            "no host"
        );
        assert!(run(600, "exit 3").unwrap_err().contains("exit status: 3"));
        assert!(run(0, "exec sleep 600").unwrap_err().contains("no answer"));
    }
}
