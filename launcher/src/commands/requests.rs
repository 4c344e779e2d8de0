//! `launcher stop`, `restart`, `move` and `status`: requests to the running launcher.

use std::{io, time::Instant};

use jiff::SignedDuration;
use owo_colors::OwoColorize;
use serde_json::{Value, json};
use shared::{
    event::EventName,
    exit::Exit,
    history::{Filter, Found, HistoryError, Reader},
    invoked_as, keys,
    port::Port,
    words::AnswerName,
};

use super::{history_problems, running};
use crate::{
    control::{self, LaunchStatus, Request, RequestError, Response},
    options::Basics,
    os,
    render::{line, note, record},
};

/// Ends the running launch, and waits until it has ended.
pub(super) fn stop(basics: &Basics, json: bool) -> Exit {
    send(basics, &Request::Stop, |answer, elapsed_ms| {
        let Response::Stopping { port } = answer else { return None };
        let app = &basics.app;
        let object = json!({ "event": AnswerName::Stopped, "app": app, "port": port, "elapsed_ms": elapsed_ms });
        Some(if json {
            object.to_string()
        } else {
            format!("{app} has stopped; it was on port {port}.")
        })
    })
}

/// Starts a new server beside the running one, which ends when the new one serves.
pub(super) fn restart(basics: &Basics, json: bool) -> Exit {
    send(basics, &Request::Restart, |answer, elapsed_ms| match answer {
        Response::Done { url, port, server_pid, .. } if json => Some(
            json!({
                "event": AnswerName::Restarted, "app": basics.app, "url": url, "port": port,
                "server_pid": server_pid, "elapsed_ms": elapsed_ms,
            })
            .to_string(),
        ),
        Response::Done { url, .. } => Some(format!("A new server answers at {url}")),
        _ => None,
    })
}

/// Changes the port of the running server: to this one, or any.
pub(super) fn relocate(basics: &Basics, port: Option<Port>, json: bool) -> Exit {
    send(basics, &Request::Move { port }, |answer, elapsed_ms| match answer {
        Response::Done { url, from, port, server_pid } if json => Some(
            json!({
                "event": AnswerName::Moved, "app": basics.app, "url": url, "from": from, "to": port,
                "server_pid": server_pid, "elapsed_ms": elapsed_ms,
            })
            .to_string(),
        ),
        Response::Done { url, from, .. } => {
            Some(format!("Moved to {url}\n  Port {from} leads there for a while."))
        }
        _ => None,
    })
}

/// Prints the status of the running launch.
pub(super) fn status(basics: &Basics, json: bool) -> Exit {
    send(basics, &Request::Status, |answer, _| match answer {
        Response::Status(status) if json => Some(to_json(status, basics).to_string()),
        Response::Status(status) => Some(status_text(status, basics)),
        _ => None,
    })
}

/// Sends a request, and prints the sentence that `sentence` makes of the answer, if it is the expected one.
///
/// It goes to the launcher's own socket and not through the server: a restart is wanted most when the
/// server hangs.
fn send(
    basics: &Basics,
    request: &Request,
    sentence: impl FnOnce(&Response, f64) -> Option<String>,
) -> Exit {
    let began = Instant::now();
    let answer = match control::send_request(&basics.folders.control(&basics.app), request) {
        Ok(answer) => answer,
        Err(RequestError::Unreachable(error)) => return unreachable(basics, &error),
        Err(error) => return refused(&error.to_string(), "look into the log"),
    };
    let elapsed_ms = began.elapsed().as_micros() as f64 / 1000.0;
    match (sentence(&answer, elapsed_ms), answer) {
        (Some(text), _) => {
            line(text);
            Exit::Done
        }
        (None, Response::Refused { reason, about_port }) => {
            let exit = refused(&reason, "nothing has changed, and the server serves as before");
            if about_port { Exit::PortUnavailable } else { exit }
        }
        (None, _) => refused("the running launcher is of another version", "stop it first"),
    }
}

/// No process listens on the control socket: nothing runs, or nothing that takes requests.
fn unreachable(basics: &Basics, error: &io::Error) -> Exit {
    match running::find(basics).map(|found| found.launcher_pid) {
        None => running::none(basics),
        Some(None) => refused(
            "the server runs without a launcher",
            &format!("stop it where it runs, and start it with `{}`", invoked_as::launcher()),
        ),
        Some(Some(pid)) => refused(
            &format!("the launcher, process {pid}, cannot be asked: {error}"),
            "end it with Ctrl-C where it runs",
        ),
    }
}

fn refused(why: &str, now: &str) -> Exit {
    note(format_args!("{} {why}", "error:".red().bold()));
    note(format_args!("  now: {now}"));
    Exit::NotReady
}

/// The status with what this process can see by itself: memory, and the last conflict.
fn to_json(status: &LaunchStatus, basics: &Basics) -> Value {
    let mut object = json!(status);
    object[keys::EVENT] = json!(AnswerName::Status);
    object["launcher_memory_bytes"] = json!(status.launch.launcher_pid.and_then(os::memory_of));
    object["server_memory_bytes"] = json!(status.server_pid.and_then(os::memory_of));
    // A launch whose history cannot be read serves all the same.
    let last_conflict = last_conflict(basics).unwrap_or_else(|error| {
        note(history_problems::unreadable_text(&basics.folders.history(), &error));
        None
    });
    object["last_conflict"] = json!(last_conflict);
    object
}

fn status_text(status: &LaunchStatus, basics: &Basics) -> String {
    let uptime = SignedDuration::from_secs((status.uptime_ms / 1000.0) as i64);
    let launch = &status.launch;
    let mut lines = vec![
        format!("{} is {}: {}", launch.app.bold(), status.state, launch.url().cyan().bold()),
        format!(
            "  port {} ({}), since {}, up {uptime:#}",
            launch.port,
            launch.origin,
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
        memory(launch.launcher_pid).unwrap_or_else(unknown),
        memory(status.server_pid).unwrap_or_else(unknown),
    ));
    if let Some(home) = status.home_port.filter(|home| *home != launch.port) {
        lines.push(format!("  home port: {home}, tried again at the next start"));
    }
    lines.push(match last_conflict(basics) {
        Ok(Some(conflict)) => {
            format!("  last conflict: {} {}", record::time(&conflict), record::summary(&conflict))
        }
        Ok(None) => "  no conflict yet".to_owned(),
        Err(error) => format!(
            "  last conflict: unknown, because {}",
            history_problems::unreadable_text(&basics.folders.history(), &error)
        ),
    });
    lines.join("\n")
}

/// The last conflict of this app on record.
fn last_conflict(basics: &Basics) -> Result<Option<Value>, HistoryError> {
    let conflicts = Filter::of_events([EventName::PortConflict]);
    let filter = Filter { app: Some(basics.app.clone()), ..conflicts };
    for found in Reader::of_history(&basics.folders.history()).backward(&filter)? {
        if let Found::Record(entry) = found?
            && let Ok(conflict) = serde_json::from_str(&entry.text)
        {
            return Ok(Some(conflict));
        }
    }
    Ok(None)
}
