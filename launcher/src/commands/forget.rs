//! `launcher forget`: the remembered ports of an app are remembered no more, and its output is removed.
//!
//! The assignment is not deleted, because an absent one is recovered from the port history. It is
//! written anew without ports, and each of them gets a record, so that the history forgets them too.

use std::{io, path::Path};

use owo_colors::OwoColorize;
use serde_json::json;
use shared::{
    allotted_ports::AllottedPorts, app::AppName, app_folder::AppFolder, assignment::GoodPort,
    event::Event, exit::Exit, message, messages::local_time, next_command, os::is_stopped,
    program_log, settings::LogLevel, trust::Purpose, words::AnswerName,
};

use super::{resolve, running, unwritable};
use crate::{
    instance::{self, Presence, RunningInstance},
    launch::Launch,
    options::CommandContext,
    render::{self, Screen, line},
};

/// Forgets the ports of an app that does not run.
pub(super) fn forget(context: &CommandContext, json: bool) -> Exit {
    if let Err(exit) = resolve::check_folder_links(context) {
        return exit;
    }
    let (app, folders) = (&context.app, &context.folders);
    let lock = match instance::lock_of_ended_app(context) {
        Ok(Some(lock)) => lock,
        Ok(None) => {
            let presence = running::look(context);
            let silent = match presence {
                Presence::Unproven { status: None, .. } => presence.problem(app),
                _ => None,
            };
            let why = silent.map_or_else(|| message!("forget.running", app), |found| found.problem);
            return running::refused(&why, &way_out(context, presence));
        }
        Err(error) => return failed(&folders.lock(app), &error),
    };
    let file = folders.app_folder(app);
    let folder = match AppFolder::forget(folders, app) {
        Ok(folder) => folder,
        Err(error) => return failed(&file, &error),
    };
    if let Some(folder) = folder.filter(|_| !json) {
        line(message!("forget.folder", app, folder = folder.display()));
    }
    let removed = remove_output(context, json);
    let launch = Launch::open(context.clone(), Screen::new(json), LogLevel::default());
    let mut assignment = launch.load_assignment(Purpose::Look);
    let ports: Vec<GoodPort> = assignment.ports().copied().collect();
    let allotted = match AllottedPorts::forget(folders, app) {
        Ok(allotted) => allotted,
        Err(error) => return failed(&folders.allotted_ports(app), &error),
    };
    if ports.is_empty() && allotted.ports.is_empty() {
        if !json {
            line(message!("forget.none", app));
        }
        return removed;
    }
    assignment.forget();
    if let Err(error) = assignment.commit(&folders.assignment(app), &lock) {
        return failed(&folders.assignment(app), &error);
    }
    for good in &ports {
        let event = Event::PortForgotten { port: good.port, generation: assignment.generation };
        launch.history.record(&event);
        if json {
            line(event.to_json());
        } else {
            line(sentence(good));
        }
    }
    for (name, port) in &allotted.ports {
        let event = Event::PortForgotten { port: *port, generation: assignment.generation };
        launch.history.record(&event);
        if json {
            line(event.to_json());
        } else {
            line(message!("forget.further", port, name));
        }
    }
    if !json {
        line(format_args!("  {}", message!("forget.next", app)).dimmed());
    }
    removed
}

/// Deletes what the app has written, and says how many files that were.
fn remove_output(context: &CommandContext, json: bool) -> Exit {
    let app = &context.app;
    match program_log::remove(&context.folders, app) {
        Ok(0) => {}
        Ok(files) if json => {
            line(json!({ "event": AnswerName::OutputRemoved, "app": app, "files": files }));
        }
        Ok(1) => line(message!("forget.output_one", app)),
        Ok(count) => line(message!("forget.output", app, count)),
        Err(error) => {
            render::error(message!("forget.output_kept", app, error));
            return Exit::NotReady;
        }
    }
    Exit::Done
}

/// How a person can end the app that holds the lock.
fn way_out(context: &CommandContext, presence: Presence) -> String {
    let app = &context.app;
    let stopped = match &presence {
        Presence::Running(found) => found.stopped_launcher(context),
        _ => presence.lost_launcher().filter(|pid| is_stopped(*pid)),
    };
    if stopped.is_some() {
        return instance::now_silent(stopped);
    }
    match presence {
        Presence::Running(found @ RunningInstance { launcher_pid: None, .. }) => {
            match found.seen_server(context) {
                Some(pid) => message!("now.end_server", pid),
                None => message!("now.end_unseen_server"),
            }
        }
        // It hears a stop, and makes its files anew for it.
        presence if presence.lost_launcher().is_some() => now_stop(app),
        presence @ (Presence::Elsewhere { .. } | Presence::Unproven { status: None, .. }) => {
            presence.problem(app).map(|problem| problem.now).unwrap_or_default()
        }
        _ => now_stop(app),
    }
}

fn now_stop(app: &AppName) -> String {
    message!("now.stop_app", command = next_command::launcher("stop", app))
}

fn sentence(good: &GoodPort) -> String {
    let launches = match good.launches {
        1 => message!("forget.one_launch"),
        count => message!("forget.launches", count),
    };
    message!("forget.forgotten", port = good.port, launches, last = local_time(good.last_at))
}

fn failed(file: &Path, error: &io::Error) -> Exit {
    render::error(message!("forget.failed", file = file.display(), error));
    render::now(unwritable::now(file, error));
    Exit::NotReady
}

#[cfg(test)]
mod test {
    use shared::{conflict::Origin, port::Port};

    use super::*;

    #[test]
    fn what_is_forgotten_is_told_with_how_much_it_was_used() {
        let at: jiff::Timestamp = "2026-11-22T12:01:59Z".parse().expect("a time");
        let port = Port::new(17342).expect("not 0");
        let origin = Origin::FirstChoice;
        let good = GoodPort { port, origin, launches: 1, first_at: at, last_at: at };
        let wanted = format!("Forgotten: port 17342 (one launch, the last {})", local_time(at));
        assert_eq!(sentence(&good), wanted);
    }
}
