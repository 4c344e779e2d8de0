//! `launcher version`: which version this is, what it reads and writes, and which one runs.

use std::env::consts::{ARCH, OS};

use serde_json::json;
use shared::{assignment, discovery, event, exit::Exit, invoked_as, message, words::AnswerName};

use super::running;
use crate::{
    instance::{InstanceProblem, Presence},
    options::CommandContext,
    render::line,
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Prints the versions. What runs is asked to prove itself, and may be of another version.
pub(super) fn version(context: &CommandContext, json: bool) -> Exit {
    let presence = running::look(context);
    let running = match &presence {
        Presence::Running(found) => Some(&found.version),
        Presence::Unproven { status, .. } => status.as_ref().map(|status| &status.version),
        Presence::Elsewhere { .. } | Presence::Absent => None,
    };
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
            "app": context.app,
            "running": running,
        }));
        return Exit::Done;
    }
    line(message!(
        "version.launcher",
        program = invoked_as::launcher_program(),
        version = VERSION,
        os = OS,
        arch = ARCH
    ));
    let schemas = message!(
        "version.schemas",
        history = event::SCHEMA,
        assignment = assignment::SCHEMA,
        discovery = discovery::SCHEMA
    );
    line(format_args!("  {schemas}"));
    let app = &context.app;
    let running = match (running, presence.problem(app)) {
        (Some(version), _) => message!("version.running", app, version),
        (None, Some(InstanceProblem { problem, .. })) => problem,
        (None, None) => message!("running.none", app),
    };
    line(format_args!("  {running}"));
    Exit::Done
}
