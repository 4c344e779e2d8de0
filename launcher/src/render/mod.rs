//! What a person sees, or with `--json` a program: a few lines on stdout, what is wrong on stderr.
//!
//! A stream that is closed is no reason to stop, so what cannot be written is dropped: see `output`. Colour is for
//! terminals alone.

pub(crate) mod output;
pub mod record;

use std::{fmt::Display, path::Path};

use owo_colors::OwoColorize;
use serde_json::json;
use shared::{
    app::AppName,
    assignment::Recovery,
    conflict::{Conflict, Origin},
    environment,
    event::{Event, RecoverySource, Relation, ServerAt},
    exit::Exit,
    invoked_as,
    launch::LaunchInfo,
    message, next_command,
    paths::Folders,
    port::{Port, PortRange},
    printable,
    ready_line::ReadyLine,
    settings::{Change, Sourced},
    words::AnswerName,
};

use self::output::Stream;

use crate::{
    desktop::{self, message::Message},
    error::LaunchError,
    instance::RunningInstance,
};

/// The last that a [detached](invoked_as::DETACHED_VARIABLE) launcher prints on both streams: the character for the end of a
/// transmission.
pub const END_OF_START: u8 = 4;

/// Prints the course of a launch, as text or as JSON lines.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    json: bool,
    is_detached: bool,
    is_beside_program: bool,
}

/// A server that became ready.
pub struct ReadyNotice<'a> {
    /// The launch, on its first port.
    pub launch: &'a LaunchInfo,
    /// The server's process, and how long it took to become ready.
    pub at: &'a ServerAt,
    /// The remembered ports that could not be claimed.
    pub refused: &'a [Conflict],
    /// `None` if no home port is set.
    pub home: Option<&'a Sourced<Port>>,
    /// The ports to choose from.
    pub range: &'a Sourced<PortRange>,
    /// The option or the variable that sets the range, or else the key in the settings file.
    pub what_sets_the_range: String,
    /// What a person can do to have more of them.
    pub now_wider: String,
    /// Whether the next start will know the port.
    pub is_remembered: bool,
    /// The port history; `None` if records of this launch could not be written.
    pub history: Option<&'a Path>,
}

impl ReadyNotice<'_> {
    /// What becomes of a port that is remembered for the first time: some settings have the next start try another.
    fn next_time(&self) -> String {
        let port = self.launch.port;
        match self.home.map(|home| home.value) {
            Some(home) if home != port => message!("start.after_home", port, home),
            None if self.range.is_set() && !self.range.value.contains(port) => {
                message!("start.out_of_range", port, range = self.range.value)
            }
            _ => message!("start.remembered", port),
        }
    }
}

impl Screen {
    /// `json` is whether it prints JSON lines.
    pub fn new(json: bool) -> Self {
        let is_detached = environment::is_set(invoked_as::DETACHED_VARIABLE);
        Self { json, is_detached, is_beside_program: false }
    }

    /// The screen of a launch whose program has stdout: what is no JSON goes to stderr.
    pub fn beside_program(json: bool) -> Self {
        Self { is_beside_program: true, ..Self::new(json) }
    }

    /// One line for a person.
    fn say(&self, text: impl Display) {
        match self.is_beside_program {
            true => note(text),
            false => line(text),
        }
    }

    /// All is said of the start: the launcher before a detached one passes on no more.
    pub fn started(&self) {
        if self.is_detached {
            // Streams that colour passes through would drop the character.
            for stream in [Stream::BareStdout, Stream::BareStderr] {
                output::print(stream, vec![END_OF_START]);
            }
        }
    }

    /// Prints where the server is, why it has this port, and how it is stopped.
    pub fn ready(&self, ready: &ReadyNotice<'_>) {
        if self.json {
            line(ReadyLine::new(ready.launch.clone(), ready.at));
            for conflict in ready.refused {
                line(Event::PortConflict(conflict.clone()).to_json());
            }
            return;
        }
        let ready_word = message!("start.ready");
        self.say(format_args!(
            "{} {}",
            ready_word.green().bold(),
            ready.launch.url().cyan().bold()
        ));
        for sentence in explanation(ready) {
            self.say(format_args!("  {sentence}"));
        }
        if let Some(file) = ready.history.map(Path::display) {
            self.say(format_args!("  {}", message!("start.history", file)).dimmed());
        }
        let end = match self.is_detached {
            true => {
                let command = next_command::launcher("stop", &ready.launch.app);
                message!("start.background", command)
            }
            false => message!("start.ctrl_c"),
        };
        self.say(format_args!("  {end}").dimmed());
    }

    /// Prints that a new server answers on the same port.
    pub fn restarted(&self, launch: &LaunchInfo, at: &ServerAt) {
        if self.json {
            line(ReadyLine::new(launch.clone(), at));
        } else {
            self.say(message!("start.again", port = launch.port));
        }
    }

    /// Prints the address of a server that has been moved.
    pub fn moved(&self, launch: &LaunchInfo, at: &ServerAt) {
        if self.json {
            line(ReadyLine::new(launch.clone(), at));
        } else {
            self.say(message!("start.moved", url = launch.url().cyan().bold()));
        }
    }

    /// Prints what a new reading of the settings has changed.
    pub fn settings_reloaded(&self, changes: &[Change]) {
        match (self.json, changes) {
            (true, []) => return line(json!({ "event": AnswerName::SettingsUnchanged })),
            (true, _) => {
                let event = |change: &Change| Event::from(change.clone()).to_json();
                return changes.iter().map(event).for_each(line);
            }
            (false, []) => self.say(message!("start.settings_same")),
            (false, _) => {}
        }
        let shown = |value: &Option<String>| {
            value.clone().unwrap_or_else(|| message!("settings.stale.unset"))
        };
        for Change { key, from, to } in changes {
            self.say(message!("event.settings_changed", key, to = shown(to), from = shown(from)));
        }
    }

    /// Prints that the home port, which was taken at the start, is free again.
    pub fn home_is_free(&self, app: &AppName, port: Port, event: &Event) {
        if self.json {
            return line(event.to_json());
        }
        self.say(message!("start.home_is_free", port));
        let command = next_command::launcher(&format!("move {port}"), app);
        self.say(format_args!("  {}", message!("start.move_home", command)));
    }

    /// Prints that the launch was stopped while its server was starting.
    pub fn stopped_early(&self, app: &AppName, event: &Event) {
        if self.json {
            return line(event.to_json());
        }
        self.say(message!("start.stopped_early", app));
    }

    /// Prints where the running instance is; `other_port` is how it gets the port that was asked for, if it has another.
    pub fn instance(
        &self,
        app: &AppName,
        found: &RunningInstance,
        event: &Event,
        other_port: Option<String>,
    ) {
        if self.json {
            return line(event.to_json());
        }
        self.say(message!("start.running", app = app.bold(), url = found.url().cyan().bold()));
        match found.relation() {
            Relation::Same | Relation::Other => {}
            Relation::Older => {
                let command = next_command::launcher("stop", app);
                self.say(format_args!("  {}", message!("start.older", command)));
            }
            Relation::Newer => self.say(format_args!("  {}", message!("start.newer"))),
        }
        if let Some(way) = other_port {
            self.say(format_args!("  {way}"));
        }
    }

    /// Prints what was wrong with a file and where its content was taken from.
    pub fn recovered(&self, file: &str, recovery: &Recovery) {
        let from = match recovery.source {
            RecoverySource::PortHistory => message!("start.from_history"),
            _ => message!("start.made_new"),
        };
        note(message!("start.unusable", file, problem = recovery.problem));
        note(format_args!("  {from}"));
        if let Some(file) = &recovery.set_aside {
            note(format_args!("  {}", message!("start.set_aside", file = file.display())));
        }
    }

    /// Prints what the launch does without, and why.
    pub fn warning(&self, what: &str, why: impl Display) {
        note(format_args!("{} {what} ({why})", "warning:".yellow().bold()));
    }

    /// Prints a failure that came before the folders were known, and returns its exit code.
    pub fn failed_early(&self, failure: &LaunchError) -> Exit {
        explain(failure);
        desktop::show_error(&Message::of(failure), None);
        failure.exit()
    }

    /// Prints the reason, its causes and the way out on stderr; with `--json` also the record `event` on stdout.
    pub fn failed(&self, failure: &LaunchError, event: &Event, folders: &Folders) {
        output::wait_for_relayed();
        if self.json {
            for conflict in failure.conflicts() {
                line(Event::PortConflict(conflict.clone()).to_json());
            }
            line(event.to_json());
        }
        explain(failure);
        let log = folders.logs().join("launcher.jsonl");
        if log.exists() {
            note(format_args!("  {}", message!("start.log", file = log.display())).dimmed());
        }
    }
}

/// Prints what happened, why, and what to do now.
fn explain(failure: &LaunchError) {
    error(failure);
    for why in failure.why_here() {
        note(format_args!("  why: {why}"));
    }
    if !failure.last_lines().is_empty() {
        note(format_args!("  {}", message!("failure.last_lines", lines = "").trim_end()));
        failure.last_lines().iter().for_each(|line| note(format_args!("    {line}").dimmed()));
    }
    failure.now().iter().for_each(now);
}

/// Whether the port is the same as last time; if not, who has the old one and how to get it back.
fn explanation(ready: &ReadyNotice<'_>) -> Vec<String> {
    let LaunchInfo { port, origin, last_good, .. } = *ready.launch;
    let mut sentences = match (origin, last_good) {
        (Origin::Temporary, _) => vec![
            message!("start.temporary", range = ready.range.value),
            message!("start.widen", wider = ready.now_wider),
        ],
        _ if !ready.is_remembered => vec![message!("start.not_remembered", port)],
        (_, None) => vec![ready.next_time()],
        (_, Some(previous)) if previous == port => vec![message!("here.same")],
        (Origin::Home, Some(previous)) if ready.refused.is_empty() => {
            vec![message!("start.home_used", previous, port)]
        }
        (Origin::Explicit, Some(previous)) => vec![message!("start.another", previous)],
        (_, Some(previous)) if ready.refused.iter().all(|conflict| conflict.port != previous) => {
            let (range, source) = (ready.range.value, &ready.what_sets_the_range);
            vec![message!("start.outside_range", previous, range, source)]
        }
        (_, Some(previous)) => vec![message!("start.another", previous)],
    };
    sentences
        .extend(ready.refused.iter().flat_map(|conflict| refusal(conflict, &ready.launch.app)));
    if ready.home.is_none() && !ready.refused.is_empty() && origin != Origin::Temporary {
        let command =
            next_command::launcher(&format!("settings set port {port}"), &ready.launch.app);
        sentences.push(message!("start.keep", port, command));
    }
    sentences
}

/// A remembered port that could not be had, and the way back to it.
fn refusal(conflict: &Conflict, app: &AppName) -> Vec<String> {
    let command = next_command::launcher(&format!("move {}", conflict.port), app);
    let why = conflict.sentence_here();
    let sentence = match conflict.origin {
        Origin::Home => message!("here.home_conflict", why),
        Origin::LastGood => message!("here.moved_conflict", why),
        _ => message!("start.not_earlier", why),
    };
    [Some(sentence), conflict.way_back(&command)].into_iter().flatten().collect()
}

/// What went wrong, on stderr.
pub(crate) fn error(text: impl Display) {
    note(format_args!("{} {text}", "error:".red().bold()));
}

/// Prints a warning to stderr.
pub(crate) fn warning(text: impl Display) {
    note(format_args!("{} {text}", "warning:".yellow().bold()));
}

/// What to do now, on stderr.
pub(crate) fn now(text: impl Display) {
    note(format_args!("  now: {text}"));
}

/// One line on stdout.
pub(crate) fn line(text: impl Display) {
    print(Stream::Stdout, text);
}

/// One line on stderr.
pub(crate) fn note(text: impl Display) {
    print(Stream::Stderr, text);
}

fn print(stream: Stream, text: impl Display) {
    output::print(stream, format!("{}\n", printable::in_json(&text.to_string())).into_bytes());
}
