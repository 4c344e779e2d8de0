//! `launcher stop`, `restart`, `move` and `status`: requests to the running launcher.

use std::{
    iter,
    path::Path,
    sync::Once,
    thread,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use owo_colors::OwoColorize;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    app_lock::AppLock,
    assignment::Assignment,
    conflict::{Conflict, Origin},
    event::EventName,
    exit::Exit,
    history::{self, Filter, Found, HistoryError, Reader},
    keys, message,
    messages::{Language, local_time},
    next_command,
    os::is_stopped,
    port::Port,
    settings::Settings,
    words::{AnswerName, LaunchPhase},
};

use super::{history_problems, running};
use crate::{
    control::{
        self, ANSWER_TIMEOUT, LaunchStatus, PendingRequest, Request, RequestError, Response,
    },
    home_port,
    instance::{self, AnsweringLauncher, InstanceProblem, Presence, RunningInstance},
    options::CommandContext,
    os,
    render::{line, note, record},
};

/// How long a server may take to redirect once it is told to.
const REDIRECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Ends the running launch, and waits until it has ended.
pub(super) fn stop(context: &CommandContext, json: bool) -> Exit {
    let stopped = send(context, Request::Stop, |answer, elapsed_ms| {
        let Response::Stopping { port } = answer else { return None };
        let app = &context.app;
        let object = json!({
            "event": AnswerName::Stopped, "app": app, "port": port, "elapsed_ms": elapsed_ms,
        });
        Some(if json { object.to_string() } else { message!("ask.stopped", app, port) })
    });
    let history = context.folders.history();
    if stopped == Exit::Done
        && let Err(error) = history::check_writable(&history)
    {
        // The launcher in the background may have no stderr that is read.
        let why = message!("history.unwritable", file = history.display(), error);
        note(format_args!("  {}", message!("ask.warning", why)));
    }
    stopped
}

/// Starts a new server beside the running one, which ends when the new one serves.
pub(super) fn restart(context: &CommandContext, json: bool) -> Exit {
    send(context, Request::Restart, |answer, elapsed_ms| match answer {
        Response::Done { url, port, server_pid, warning, .. } if json => Some(
            json!({
                "event": AnswerName::Restarted, "app": context.app, "url": url, "port": port,
                "server_pid": server_pid, "elapsed_ms": elapsed_ms, "warning": warning,
            })
            .to_string(),
        ),
        Response::Done { url, warning, .. } => {
            Some(with_details(message!("ask.restarted", url), [warned(warning.as_deref())]))
        }
        _ => None,
    })
}

/// Changes the port of the running server: to this one, or any.
pub(super) fn relocate(context: &CommandContext, port: Option<Port>, json: bool) -> Exit {
    send(context, Request::Move { port }, |answer, elapsed_ms| match answer {
        Response::Done { url, from, port, server_pid, warning, .. } if json => Some(
            json!({
                "event": AnswerName::Moved, "app": context.app, "url": url,
                "from": from, "to": port,
                "server_pid": server_pid, "elapsed_ms": elapsed_ms, "warning": warning,
            })
            .to_string(),
        ),
        Response::Done { url, from, port, warning, redirect_for, .. } => {
            let span = redirect_for.filter(|span| !span.0.is_zero());
            let redirects = span.and_then(|span| match redirects(context, *from, *port)? {
                true => Some(message!("ask.redirects", port = from, span)),
                false => Some(message!("ask.no_redirect", port = from, span)),
            });
            let details = [redirects, warned(warning.as_deref())];
            Some(with_details(message!("ask.moved", url), details))
        }
        _ => None,
    })
}

/// Whether the server before a move redirects from its port to that of the new one: our server does, another may
/// not. `None` if it cannot be asked.
fn redirects(context: &CommandContext, from: Port, to: Port) -> Option<bool> {
    let mut finder = running::finder(context);
    let until = Instant::now() + REDIRECT_TIMEOUT;
    loop {
        let does = finder.at(from)?.port == to;
        if does || Instant::now() >= until {
            return Some(does);
        }
        thread::sleep(running::PAUSE);
    }
}

fn warned(warning: Option<&str>) -> Option<String> {
    warning.map(|why| message!("ask.warning", why))
}

/// A sentence, and below it what else there is to say.
fn with_details(first: String, details: impl IntoIterator<Item = Option<String>>) -> String {
    let details = details.into_iter().flatten().map(|detail| format!("\n  {detail}"));
    iter::once(first).chain(details).collect()
}

pub(super) fn status(context: &CommandContext, json: bool) -> Exit {
    send(context, Request::Status, |answer, _| match answer {
        Response::Status(status) if json => Some(to_json(status, context).to_string()),
        Response::Status(status) => Some(status_text(status, context)),
        _ => None,
    })
}

/// Sends a request, and prints the sentence that `sentence` makes of the answer, if it is the expected one.
///
/// It goes to the launcher's own socket and not through the server: a restart is wanted most when the
/// server hangs.
fn send(
    context: &CommandContext,
    request: Request,
    sentence: impl FnOnce(&Response, f64) -> Option<String>,
) -> Exit {
    let began = Instant::now();
    let AnsweringLauncher { socket, status } = match reach(context) {
        Ok(reached) => reached,
        Err(exit) => return exit,
    };
    let answer = match answer(context, &socket, status, request) {
        Ok(answer) => answer,
        Err(RequestError::Timeout) => return silent(running::silent_launcher(context)),
        Err(error) => return running::refused(&error.to_string(), &message!("now.log")),
    };
    let elapsed_ms = began.elapsed().as_micros() as f64 / 1000.0;
    match (sentence(&answer, elapsed_ms), answer) {
        (Some(text), _) => {
            line(text);
            Exit::Done
        }
        (None, Response::Refused { reason, about_port }) => {
            let exit = running::refused(&reason, &now_refused(context, &socket));
            if about_port { Exit::PortUnavailable } else { exit }
        }
        (None, _) => running::refused(&message!("ask.other_version"), &message!("now.stop_first")),
    }
}

/// What to do after a refusal, by what the launcher is doing now.
fn now_refused(context: &CommandContext, socket: &Path) -> String {
    let phase = match control::ask(socket, Request::Status) {
        Ok(Response::Status(status)) => status.state,
        // It has ended meanwhile.
        _ => LaunchPhase::Stopping,
    };
    match phase {
        LaunchPhase::Serving => message!("now.unchanged"),
        other => instance::now_in_phase(other, &context.app),
    }
}

/// Finds the launcher's control socket, and its status, which a launcher that works sends at once.
///
/// # Errors
///
/// The exit code, once it is said why no launcher can be asked.
fn reach(context: &CommandContext) -> Result<AnsweringLauncher, Exit> {
    if AppLock::holder(&context.folders, &context.app).is_some_and(|held| held.is_elsewhere())
        && let presence @ Presence::Elsewhere { .. } = running::look(context)
    {
        return Err(running::not_found(context, &presence));
    }
    let mut why = match instance::ask_launcher(context) {
        Ok(reached) => return Ok(reached),
        Err(RequestError::Timeout) => return Err(silent(running::silent_launcher(context))),
        Err(why @ RequestError::NoThread(_)) => {
            return Err(running::refused(&why.to_string(), &message!("now.more_threads")));
        }
        Err(why) => why,
    };
    let presence = running::look(context);
    if let Some(pid) = running::restorer(context, &presence) {
        why = match running::ask_restored(context, pid) {
            Ok(reached) => return Ok(reached),
            Err(RequestError::Timeout) => return Err(silent(Some(pid))),
            Err(why) => why,
        };
        if is_stopped(pid) {
            return Err(silent(Some(pid)));
        }
    }
    Err(match presence {
        Presence::Running(found) if found.launcher_pid.is_some() => {
            match found.seen_launcher(context) {
                Some(pid) if why.is_absent() => running::refused(
                    &message!("ask.no_socket", pid),
                    &message!(
                        "now.no_socket",
                        pid,
                        doctor = next_command::launcher("doctor", &context.app)
                    ),
                ),
                Some(pid) => running::refused(
                    &message!("ask.no_answer", pid, error = why),
                    &instance::now_silent(Some(pid)),
                ),
                None => running::refused(
                    &message!("ask.unseen", error = why),
                    &message!("now.end_launcher"),
                ),
            }
        }
        Presence::Running(found) => without_launcher(context, &found),
        other => running::not_found(context, &other),
    })
}

/// Prints that a server was started by itself, and so takes no requests of commands.
fn without_launcher(context: &CommandContext, found: &RunningInstance) -> Exit {
    let (app, port) = (&context.app, found.port);
    let Some(pid) = found.seen_server(context) else {
        let why = message!("ask.no_seen_launcher", app, port);
        return running::refused(&why, &message!("now.end_unseen_server"));
    };
    let command = next_command::launcher("", app);
    running::refused(
        &message!("ask.no_launcher", app, pid, port),
        &message!("now.use_launcher", pid, command),
    )
}

/// Prints that a launcher does not answer.
fn silent(launcher: Option<u32>) -> Exit {
    running::refused(&instance::silent(launcher), &instance::now_silent(launcher))
}

/// Sends `request` to a launcher that has just sent its `status`, and waits for the response for as long as
/// the launcher works. After [`ANSWER_TIMEOUT`] a line says what is waited for.
fn answer(
    context: &CommandContext,
    socket: &Path,
    status: Box<LaunchStatus>,
    request: Request,
) -> Result<Response, RequestError> {
    if request == Request::Status {
        return Ok(Response::Status(status));
    }
    let launcher = SeenProcesses::of(&status, context).launcher;
    let pending = PendingRequest::send(socket, request);
    let waiting = Once::new();
    let wait_on = || waiting.call_once(|| note(message!("ask.waiting", app = context.app)));
    let response = loop {
        match pending.wait(ANSWER_TIMEOUT)? {
            Some(response) => break response,
            // A move or a restart takes as long as a server takes to start.
            None => drop(control::ask(socket, Request::Status)?),
        }
        wait_on();
    };
    if matches!(response, Response::Stopping { .. }) {
        while !pending.wait_for_end(ANSWER_TIMEOUT) {
            if launcher.is_some_and(is_stopped) {
                return Err(RequestError::Timeout);
            }
            wait_on();
        }
    }
    Ok(response)
}

/// The status with what this process can see by itself: memory, and the last conflict.
fn to_json(status: &LaunchStatus, context: &CommandContext) -> Value {
    let mut object = json!(status);
    object[keys::EVENT] = json!(AnswerName::Status);
    object["home_port"] = json!(home_port(status, context));
    let seen = SeenProcesses::of(status, context);
    object["launcher_memory_bytes"] = json!(seen.launcher.and_then(os::memory_of));
    let answers = serving_pid(status).map(|_| server_problem(status, &seen).is_none());
    object["server_answers"] = json!(answers);
    object["server_memory_bytes"] = json!(seen.server.and_then(os::memory_of));
    let assignment = Assignment::load(&context.folders.assignment(&context.app));
    let last_good = assignment.ok().and_then(|assignment| assignment.last_good);
    object[keys::LAST_GOOD] = json!(last_good.map(|good| good.port));
    // A launch whose history cannot be read serves all the same.
    let last_conflict = last_conflict(context).unwrap_or_else(|error| {
        note(history_problems::unreadable_text(&context.folders.history(), &error));
        None
    });
    object["last_conflict"] = json!(last_conflict);
    object
}

/// The processes of a launch that can be seen from here.
struct SeenProcesses {
    launcher: Option<u32>,
    server: Option<u32>,
}

impl SeenProcesses {
    fn of(status: &LaunchStatus, context: &CommandContext) -> Self {
        let port = status.launch.port;
        let is_seen = |pid: &u32| instance::is_seen(context, *pid, port);
        let launcher = status.launch.launcher_pid.filter(is_seen);
        Self { launcher, server: launcher.and(status.server_pid) }
    }
}

/// What is wrong with a server of which the launcher says that it serves.
fn server_problem(status: &LaunchStatus, seen: &SeenProcesses) -> Option<InstanceProblem> {
    let launch = &status.launch;
    let problem = |_| match status.mode {
        Some(_) => instance::program_problem(&launch.app, &launch.url(), launch.port, seen.server),
        None => instance::server_problem(&launch.app, launch.port, seen.server),
    };
    serving_pid(status).and_then(problem)
}

/// The server, unless it takes no more requests because the launch is ending.
fn serving_pid(status: &LaunchStatus) -> Option<u32> {
    status.server_pid.filter(|_| status.state != LaunchPhase::Stopping)
}

/// The home port that the next start reads, whatever it was when this launch began.
fn home_port(status: &LaunchStatus, context: &CommandContext) -> Option<Port> {
    let settings = Settings::load(&context.folders.settings(&context.app));
    settings.map_or(status.home_port, |settings| settings.port)
}

fn status_text(status: &LaunchStatus, context: &CommandContext) -> String {
    let uptime = SignedDuration::from_secs((status.uptime_ms / 1000.0) as i64);
    let launch = &status.launch;
    let memory = |pid: Option<u32>| {
        let bytes = pid.and_then(os::memory_of);
        let megabytes = bytes.map(|bytes| format!("{:.1} MB", bytes as f64 / 1e6));
        megabytes.unwrap_or_else(|| message!("status.unknown"))
    };
    let (app, url) = (&launch.app, launch.url());
    let home = home_port(status, context).filter(|home| *home != launch.port);
    let seen = SeenProcesses::of(status, context);
    let problem = server_problem(status, &seen);
    let details = [
        problem.as_ref().map(|found| message!("status.now", now = found.now)),
        Some(message!(
            "status.port",
            port = launch.port,
            origin = origin(launch.origin),
            since = local_time(status.started_at),
            uptime = format_args!("{uptime:#}")
        )),
        Some(message!("status.restarts", count = status.restarts)),
        Some(message!(
            "status.memory",
            launcher = memory(seen.launcher),
            server = memory(seen.server)
        )),
        home.map(|port| match home_port::refused(context, port) {
            Some(refused) => {
                message!("status.home_refused", port, why = refused.sentence_here())
            }
            None => message!("status.home", port),
        }),
        status.lost_records.as_ref().map(|lost| message!("ask.warning", why = lost)),
        Some(conflict_line(context)),
    ];
    let state = &status.state;
    let serves = || message!("status.state", app = app.bold(), state, url = url.cyan().bold());
    with_details(problem.map_or_else(serves, |found| found.problem), details)
}

/// Why a port was a candidate, in words.
fn origin(origin: Origin) -> &'static str {
    let text = Language::English.messages().find(&format!("origin.{origin}"));
    text.unwrap_or(origin.word())
}

/// The last conflict on record, for a person.
fn conflict_line(context: &CommandContext) -> String {
    match last_conflict(context) {
        Ok(Some(conflict)) => {
            let time = record::time(&conflict);
            let why = Conflict::deserialize(&conflict)
                .map_or_else(|_| record::sentence(&conflict), |conflict| conflict.sentence_here());
            message!("status.last_conflict", time, why)
        }
        Ok(None) => message!("status.no_conflict"),
        Err(error) => {
            let why = history_problems::unreadable_text(&context.folders.history(), &error);
            message!("status.conflict_unknown", why)
        }
    }
}

/// The last conflict of this app on record.
fn last_conflict(context: &CommandContext) -> Result<Option<Value>, HistoryError> {
    let conflicts = Filter::of_events([EventName::PortConflict]);
    let filter = Filter { app: Some(context.app.clone()), ..conflicts };
    for found in Reader::of_history(&context.folders.history()).backward(&filter)? {
        if let Found::Record(entry) = found?
            && let Ok(conflict) = serde_json::from_str(&entry.text)
        {
            return Ok(Some(conflict));
        }
    }
    Ok(None)
}
