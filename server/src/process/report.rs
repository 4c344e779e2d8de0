//! What is told on stdout and stderr: short text for a person, or with `--json` one object a line
//! for a program.
//!
//! A stream that is closed is no reason to stop, so what cannot be written is dropped.

use std::{fmt::Display, io::Write, net::IpAddr};

use owo_colors::OwoColorize;
use shared::{
    app::AppName,
    claim,
    conflict::{Class, Conflict},
    event::{Event, ReadyLine, ServerAt},
    invoked_as,
    launch::LaunchInfo,
    port::Port,
};

/// Tells it all in one of the two ways.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether a program reads it.
    pub json: bool,
    /// Whom it is about.
    pub app: AppName,
}

/// A port that works for a server: what to write instead.
#[derive(Debug, Clone, Copy)]
pub struct Suggestion {
    /// It could be claimed a moment ago.
    pub port: Port,
}

/// A server that answers.
#[derive(Debug, Clone)]
pub struct Ready<'a> {
    /// The launch.
    pub launch: &'a LaunchInfo,
    /// The address beyond loopback that `--bind` asked for.
    pub beyond: Option<IpAddr>,
    /// The server's process, and how long it took to become ready.
    pub at: &'a ServerAt,
}

fn line(text: impl Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

fn aside(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

fn error(text: impl Display) {
    aside(format_args!("{} {text}", "error:".red().bold()));
}

/// Says what was typed wrong, or cannot be done at all.
pub fn refusal(text: impl Display) {
    error(text);
}

/// Says what works less well than wished.
pub fn warning(text: impl Display) {
    aside(format_args!("{} {text}", "warning:".yellow().bold()));
}

impl Report {
    /// The server answers.
    pub fn ready(&self, ready: &Ready<'_>) {
        if self.json {
            return line(ReadyLine::new(ready.launch.clone(), ready.at));
        }
        let url = ready.launch.url();
        let whom = match ready.beyond {
            None => "for this computer alone".to_owned(),
            Some(ip) if ip.is_unspecified() => {
                "for every computer that reaches this one".to_owned()
            }
            Some(ip) => format!("for every computer that reaches {ip}"),
        };
        line(format_args!("{} serves at {}, {whom}.", self.app.bold(), url.cyan().bold()));
        line("Ctrl-C stops it.".dimmed());
    }

    /// The port cannot be had.
    pub fn taken(&self, conflict: &Conflict, failed: &Event, suggestion: Option<Suggestion>) {
        if self.json {
            line(Event::PortConflict(conflict.clone()).to_json());
            return line(failed.to_json());
        }
        error(format_args!("{}.", conflict.sentence()));
        if let Some(os_error) = &conflict.os_error {
            aside(format_args!("  The system says: {os_error}."));
        }
        if let Some(advice) = conflict.advice() {
            aside(format_args!("  To have port {}: {advice}.", conflict.port));
        }
        if conflict.class == Class::OwnInstance {
            aside(format_args!("  It answers at {}", claim::url(conflict.port).cyan()));
        }
        aside("  Or start with another port:");
        let app = match self.app == AppName::default() {
            true => String::new(),
            false => format!(" --app {}", self.app),
        };
        if let Some(Suggestion { port }) = suggestion {
            let command = format!("{} --port {port}{app}", invoked_as::server());
            aside(format_args!("    {}    (port {port} was free a moment ago)", command.bold()));
        }
        let command = format!("{} --app {}", invoked_as::launcher(), self.app);
        aside(format_args!(
            "    {}    (finds and remembers a free port by itself)",
            command.bold()
        ));
    }

    /// The launch failed for another reason.
    pub fn failed(&self, text: impl Display, failed: &Event) {
        if self.json {
            line(failed.to_json());
        } else {
            error(text);
        }
    }
}
