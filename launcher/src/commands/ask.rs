//! `launcher stop`, `restart`, `move` and `status`: what a person asks of the running launcher.

use std::time::Instant;

use owo_colors::OwoColorize;
use serde_json::{Value, json};
use shared::{discovery::Discovery, exit::Exit, keys, port::Port};

use super::running;
use crate::{
    control::{self, Answer, Request, Status},
    options::Basics,
    os,
    render::{line, note, record},
};

/// Ends the running launch, and waits until it has ended.
pub(super) fn stop(basics: &Basics, json: bool) -> Exit {
    ask(basics, &Request::Stop, |answer, found, elapsed_ms| {
        match answer {
        Answer::Stopping if json => {
            Some(json!({ "event": "stopped", "app": found.app, "port": found.port, "elapsed_ms": elapsed_ms }).to_string())
        }
        Answer::Stopping => Some(format!("{} has stopped; its port {} is remembered.", found.app, found.port)),
        _ => None,
    }
    })
}

/// Starts a new server beside the running one, which ends when the new one serves.
pub(super) fn restart(basics: &Basics, json: bool) -> Exit {
    ask(basics, &Request::Restart, |answer, found, elapsed_ms| match answer {
        Answer::Done { url, port, server_pid } if json => Some(
            json!({
                "event": "restarted", "app": found.app, "url": url, "port": port,
                "server_pid": server_pid, "elapsed_ms": elapsed_ms,
            })
            .to_string(),
        ),
        Answer::Done { url, .. } => Some(format!("A new server answers at {url}")),
        _ => None,
    })
}

/// Changes the port of the running server: to this one, or any.
pub(super) fn relocate(basics: &Basics, port: Option<Port>, json: bool) -> Exit {
    ask(basics, &Request::Move { port }, |answer, found, elapsed_ms| match answer {
        Answer::Done { url, port, server_pid } if json => Some(
            json!({
                "event": "moved", "app": found.app, "url": url, "from": found.port, "to": port,
                "server_pid": server_pid, "elapsed_ms": elapsed_ms,
            })
            .to_string(),
        ),
        Answer::Done { url, .. } => {
            Some(format!("Moved to {url}\n  Port {} leads there for a while.", found.port))
        }
        _ => None,
    })
}

/// Tells how the running launch is.
pub(super) fn status(basics: &Basics, json: bool) -> Exit {
    ask(basics, &Request::Status, |answer, _, _| match answer {
        Answer::Status(status) if json => Some(to_json(status, basics).to_string()),
        Answer::Status(status) => Some(told(status, basics)),
        _ => None,
    })
}

/// Asks, and prints what `tell` makes of the answer, if it is the expected one.
fn ask(
    basics: &Basics,
    request: &Request,
    tell: impl FnOnce(&Answer, &Discovery, f64) -> Option<String>,
) -> Exit {
    let Some(found) = running::find(basics) else { return running::none(basics) };
    let Some(path) = &found.control else {
        note(format_args!(
            "{} {} was started without a launcher",
            "error:".red().bold(),
            found.app
        ));
        note("  now: stop it where it runs, and start it with `launcher`");
        return Exit::NotReady;
    };
    let began = Instant::now();
    let answer = match control::ask(path, request) {
        Ok(answer) => answer,
        Err(error) => {
            note(format_args!("{} {error}", "error:".red().bold()));
            return Exit::NotReady;
        }
    };
    let elapsed_ms = began.elapsed().as_micros() as f64 / 1000.0;
    match (tell(&answer, &found, elapsed_ms), answer) {
        (Some(text), _) => {
            line(text);
            Exit::Done
        }
        (None, Answer::Refused { reason }) => {
            note(format_args!("{} {reason}", "error:".red().bold()));
            note("  nothing has changed");
            exit_of(request)
        }
        (None, _) => {
            note(format_args!(
                "{} the running launcher is of another version",
                "error:".red().bold()
            ));
            Exit::NotReady
        }
    }
}

/// How a command ends whose request was refused.
fn exit_of(request: &Request) -> Exit {
    match request {
        Request::Move { .. } => Exit::PortUnavailable,
        Request::Status | Request::Stop | Request::Restart => Exit::NotReady,
    }
}

/// The status with what this process can see by itself: memory, and the last conflict.
fn to_json(status: &Status, basics: &Basics) -> Value {
    let mut object = json!(status);
    object[keys::EVENT] = "status".into();
    object["launcher_memory_bytes"] = json!(os::memory_of(status.launcher_pid));
    object["server_memory_bytes"] = json!(status.server_pid.and_then(os::memory_of));
    object["last_conflict"] = json!(last_conflict(basics));
    object
}

fn told(status: &Status, basics: &Basics) -> String {
    let mut lines = vec![
        format!("{} is {}: {}", status.app.bold(), status.state, status.url.cyan().bold()),
        format!(
            "  port {} ({}), since {}",
            status.port,
            status.origin,
            status.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        ),
        format!("  restarts: {}", status.restarts),
    ];
    let memory = |pid: Option<u32>| {
        pid.and_then(os::memory_of).map(|bytes| format!("{:.1} MB", bytes as f64 / 1e6))
    };
    let unknown = || "unknown".to_owned();
    lines.push(format!(
        "  memory: launcher {}, server {}",
        memory(Some(status.launcher_pid)).unwrap_or_else(unknown),
        memory(status.server_pid).unwrap_or_else(unknown),
    ));
    if let Some(home) = status.home_port.filter(|home| *home != status.port) {
        lines.push(format!("  home port: {home}, tried again at the next start"));
    }
    lines.push(match last_conflict(basics) {
        Some(conflict) => {
            format!("  last conflict: {} {}", record::time(&conflict), record::told(&conflict))
        }
        None => "  no conflict yet".to_owned(),
    });
    lines.join("\n")
}

/// The last conflict of this app on record.
fn last_conflict(basics: &Basics) -> Option<Value> {
    let history = std::fs::read_to_string(basics.folders.history()).ok()?;
    let conflicts =
        history.lines().rev().filter(|line| line.contains(r#""event":"port_conflict""#));
    let records = conflicts.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let app = basics.app.as_str();
    records.into_iter().find(|record| record[keys::APP] == app)
}
