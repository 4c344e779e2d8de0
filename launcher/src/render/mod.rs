//! What a person sees, or with `--json` a program: a few lines on stdout, what is wrong on stderr.
//!
//! A stream that is closed is no reason to stop, so what cannot be written is dropped. Colour is for
//! terminals alone.

pub mod record;

use std::{fmt::Display, io::Write, path::Path};

use owo_colors::OwoColorize;
use shared::{
    app::AppName,
    assignment::Recovery,
    conflict::{Conflict, Origin},
    discovery::Discovery,
    event::{Event, RecoverySource, Relation, ServerAt},
    exit::Exit,
    invoked_as,
    launch::LaunchInfo,
    paths::Folders,
    port::Port,
    ready_line::ReadyLine,
    settings::{Change, Sourced},
};

use crate::{
    desktop::{self, message::Message},
    error::LaunchError,
};

/// Where the launcher tells what it does.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    json: bool,
}

/// A server that became ready.
pub struct ReadyNotice<'a> {
    /// The launch.
    pub launch: &'a LaunchInfo,
    /// The server's process, and how long it took to become ready.
    pub at: &'a ServerAt,
    /// The remembered ports that could not be claimed.
    pub refused: &'a [Conflict],
    /// The home port.
    pub home: Option<&'a Sourced<Port>>,
    /// Where the person's wishes go.
    pub settings: &'a Path,
    /// Where the story can be read.
    pub history: &'a Path,
}

impl Screen {
    /// A screen for people, or for programs.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// The server answers.
    pub fn ready(&self, ready: &ReadyNotice<'_>) {
        if self.json {
            line(ReadyLine::new(ready.launch.clone(), ready.at));
            if ready.launch.same_as_last_time() == Some(false) {
                for conflict in ready.refused {
                    line(Event::PortConflict(conflict.clone()).to_json());
                }
            }
            return;
        }
        line(format_args!("{} {}", "Ready:".green().bold(), ready.launch.url().cyan().bold()));
        for sentence in story(ready) {
            line(format_args!("  {sentence}"));
        }
        line(format_args!("  The port's history: {}", ready.history.display()).dimmed());
        line("  Ctrl-C stops it.".dimmed());
    }

    /// A server that failed answers again.
    pub fn restarted(&self, launch: &LaunchInfo, at: &ServerAt) {
        if self.json {
            line(ReadyLine::new(launch.clone(), at));
        } else {
            line(format_args!("The server was started again, on port {} as before.", launch.port));
        }
    }

    /// The port has changed while the server served.
    pub fn moved(&self, launch: &LaunchInfo, at: &ServerAt) {
        if self.json {
            line(ReadyLine::new(launch.clone(), at));
        } else {
            line(format_args!("Moved to {}", launch.url().cyan().bold()));
        }
    }

    /// The settings were read again.
    pub fn settings_reloaded(&self, changes: &[Change]) {
        if self.json {
            return changes.iter().for_each(|change| line(Event::from(change.clone()).to_json()));
        }
        if changes.is_empty() {
            line("The settings were read again, and are what they were.");
        }
        let shown =
            |value: &Option<String>| value.clone().unwrap_or_else(|| "the default".to_owned());
        for Change { key, from, to } in changes {
            line(format_args!("Setting changed: {key} is {} and was {}.", shown(to), shown(from)));
        }
    }

    /// The home port, which was taken at the start, is free again.
    pub fn home_is_free(&self, port: Port) {
        if !self.json {
            line(format_args!(
                "Your home port {port} is free again: the next start goes back to it."
            ));
            line(format_args!("  To go there now: `{} move {port}`", invoked_as::launcher()));
        }
    }

    /// The app is running already.
    pub fn instance(
        &self,
        app: &AppName,
        found: &Discovery,
        event: &Event,
        relation: Relation,
        asked: Option<Port>,
    ) {
        if self.json {
            return line(event.to_json());
        }
        line(format_args!("{} is running already: {}", app.bold(), found.url.cyan().bold()));
        match relation {
            Relation::Same | Relation::Other => {}
            Relation::Older => {
                line("  It is of an older version: stop it and start again to use this one.");
            }
            Relation::Newer => line("  It is of a newer version than this launcher."),
        }
        if let Some(port) = asked.filter(|port| *port != found.port) {
            line(format_args!(
                "  To have it on port {port}: stop it (Ctrl-C where it runs) and start again."
            ));
        }
    }

    /// What was remembered could not be read.
    pub fn recovered(&self, file: &str, recovery: &Recovery) {
        let from = match recovery.source {
            RecoverySource::PortHistory => {
                "The remembered ports were taken from the port history instead"
            }
            _ => "It is made anew",
        };
        note(format_args!("{file} cannot be used: {}.", recovery.problem));
        note(format_args!("  {from}."));
        if let Some(aside) = &recovery.set_aside {
            note(format_args!("  The file is kept as {}", aside.display()));
        }
    }

    /// Something works less well than wished.
    pub fn warning(&self, what: &str, why: impl Display) {
        note(format_args!("{} {what} ({why})", "warning:".yellow().bold()));
    }

    /// The launch failed before its folders were known.
    pub fn failed_early(&self, failure: &LaunchError) -> Exit {
        explain(failure);
        desktop::show_error(&Message::of(failure), None);
        failure.exit()
    }

    /// The launch failed.
    pub fn failed(&self, failure: &LaunchError, event: &Event, folders: &Folders) {
        if self.json {
            for conflict in failure.conflicts() {
                line(Event::PortConflict(conflict.clone()).to_json());
            }
            return line(event.to_json());
        }
        explain(failure);
        note(format_args!("  log: {}", folders.logs().join("launcher.jsonl").display()).dimmed());
    }
}

/// What happened, why, and what to do now.
fn explain(failure: &LaunchError) {
    note(format_args!("{} {failure}", "error:".red().bold()));
    for why in failure.why() {
        note(format_args!("  why: {why}"));
    }
    for now in failure.now() {
        note(format_args!("  now: {now}"));
    }
}

/// Whether the port is the same as last time; if not, who has the old one and how to get it back.
fn story(ready: &ReadyNotice<'_>) -> Vec<String> {
    let LaunchInfo { port, origin, last_good, .. } = *ready.launch;
    let mut story = match (origin, last_good) {
        (Origin::Temporary, _) => vec![
            "Every port of the range is taken, so this one is for this time only.".to_owned(),
            format!("To get a lasting one: widen `range` in {}", ready.settings.display()),
        ],
        (_, None) => vec![format!("Port {port} is remembered: it will be the same next time.")],
        (_, Some(previous)) if previous == port => vec!["The same port as last time.".to_owned()],
        (Origin::Home, Some(previous)) if ready.refused.is_empty() => vec![format!(
            "Last time it was port {previous}; your home port {port} is used because it is free."
        )],
        (_, Some(previous)) => vec![format!(
            "Last time it was port {previous}; bookmarks and data that pages saved there stay with that address."
        )],
    };
    story.extend(ready.refused.iter().flat_map(refusal));
    if ready.home.is_none() && !ready.refused.is_empty() && origin != Origin::Temporary {
        let file = ready.settings.display();
        story.push(format!("To keep port {port} for good: write `port = {port}` into {file}"));
    }
    story
}

/// A remembered port that could not be had, and the way back to it.
fn refusal(conflict: &Conflict) -> Vec<String> {
    let what = match conflict.origin {
        Origin::Home => "home port",
        Origin::LastGood => "port of last time",
        _ => "earlier port",
    };
    let sentence = format!("Not the {what}: {}.", conflict.sentence());
    let advice = conflict.advice().map(|advice| format!("To get it back: {advice}."));
    [Some(sentence), advice].into_iter().flatten().collect()
}

/// One line on stdout.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// One line on stderr.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
