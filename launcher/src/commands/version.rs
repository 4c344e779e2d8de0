//! `launcher version`: which version this is, what it reads and writes, and which one runs.

use std::env::consts::{ARCH, OS};

use serde_json::json;
use shared::{assignment, discovery, event, exit::Exit, invoked_as, words::AnswerName};

use super::running;
use crate::{options::Basics, render::line};

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Prints it. A server that runs is asked to prove itself, and may be of another version.
pub(super) fn version(basics: &Basics, json: bool) -> Exit {
    let running = running::find(basics).map(|found| found.version);
    if json {
        line(json!({
            "event": AnswerName::Version,
            "version": VERSION,
            "os": OS,
            "arch": ARCH,
            "schemas": {
                "history": event::SCHEMA,
                "assignment": assignment::SCHEMA,
                "discovery": discovery::SCHEMA,
            },
            "app": basics.app,
            "running": running,
        }));
        return Exit::Done;
    }
    line(format_args!("{} {VERSION} ({OS}, {ARCH})", invoked_as::launcher_program()));
    line(format_args!(
        "  reads and writes schema {} of the port history, {} of the assignment, {} of the discovery file",
        event::SCHEMA,
        assignment::SCHEMA,
        discovery::SCHEMA
    ));
    line(match running {
        Some(version) => format!("  {} runs, version {version}", basics.app),
        None => format!("  {} is not running", basics.app),
    });
    Exit::Done
}
