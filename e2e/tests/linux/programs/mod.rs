//! `launcher run` with programs of any kind, from its command line to the port and the processes that it promises.
//!
//! Programs of our own are scripts in Python, so that a test shows what its program does. Nothing but what is
//! promised about the end of a program is measured.

mod bad_input;
mod commands;
mod environment;
mod exits;
mod hostile;
mod lost_race;
mod more_servers;
mod names;
mod real_servers;
mod reservation;
mod tools;

use std::time::Duration;

use e2e::{Project, python, skip};

/// How long a program has to end where a test sets it: enough for any server, and little to wait for.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// The same as an option.
const STOP_TIMEOUT_OPTION: [&str; 2] = ["--stop-timeout", "1s"];

/// An empty folder of this name, for a script; `None`, and the test is skipped, without Python.
fn project(name: &str) -> Option<Project> {
    let found = std::process::Command::new(python()).arg("-V").output();
    if !found.is_ok_and(|found| found.status.success()) {
        skip("python3 is missing");
        return None;
    }
    Some(Project::new(name))
}
