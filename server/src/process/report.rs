//! The output on stdout and stderr: short text for a person, or with `--json` one object a line for a
//! program.
//!
//! A closed stream does not stop the server, so errors of writing are ignored.

use std::{fmt::Display, io::Write, net::IpAddr};

use owo_colors::OwoColorize;
use shared::{
    app::AppName,
    claim,
    conflict::{Class, Conflict},
    event::{Event, ServerAt},
    invoked_as,
    launch::LaunchInfo,
    port::Port,
    ready_line::ReadyLine,
};

/// The output of one run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether to print JSON.
    pub json: bool,
    /// The app that is served.
    pub app: AppName,
}

/// A port that the server could use instead.
#[derive(Debug, Clone, Copy)]
pub struct Suggestion {
    /// The port, which could be claimed a moment ago.
    pub port: Port,
}

/// A server that is ready.
#[derive(Debug, Clone)]
pub struct Ready<'a> {
    /// The launch.
    pub launch: &'a LaunchInfo,
    /// The address of `--bind`, if it is beyond loopback.
    pub beyond: Option<IpAddr>,
    /// The server's process, and how long it took to become ready.
    pub at: &'a ServerAt,
}

fn print_line(text: impl Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

fn eprint_line(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints an error to stderr.
pub fn error(text: impl Display) {
    eprint_line(format_args!("{} {text}", "error:".red().bold()));
}

/// Prints a warning to stderr.
pub fn warning(text: impl Display) {
    eprint_line(format_args!("{} {text}", "warning:".yellow().bold()));
}

impl Report {
    /// Prints that the server is ready, and where.
    pub fn ready(&self, ready: &Ready<'_>) {
        if self.json {
            return print_line(ReadyLine::new(ready.launch.clone(), ready.at));
        }
        let url = ready.launch.url();
        let audience = match ready.beyond {
            None => "for this computer alone".to_owned(),
            Some(ip) if ip.is_unspecified() => {
                "for every computer that reaches this one".to_owned()
            }
            Some(ip) => format!("for every computer that reaches {ip}"),
        };
        print_line(format_args!(
            "{} serves at {}, {audience}.",
            self.app.bold(),
            url.cyan().bold()
        ));
        print_line("Ctrl-C stops it.".dimmed());
    }

    /// Prints why the port could not be claimed, and what to do about it.
    pub fn port_conflict(
        &self,
        conflict: &Conflict,
        failed: &Event,
        suggestion: Option<Suggestion>,
    ) {
        if self.json {
            print_line(Event::PortConflict(conflict.clone()).to_json());
            return print_line(failed.to_json());
        }
        error(format_args!("{}.", conflict.sentence()));
        if let Some(os_error) = &conflict.os_error {
            eprint_line(format_args!("  The system says: {os_error}."));
        }
        if let Some(advice) = conflict.advice() {
            eprint_line(format_args!("  To have port {}: {advice}.", conflict.port));
        }
        if conflict.class == Class::OwnInstance {
            eprint_line(format_args!("  It answers at {}", claim::url(conflict.port).cyan()));
        }
        eprint_line("  Or start with another port:");
        let app = match self.app == AppName::default() {
            true => String::new(),
            false => format!(" --app {}", self.app),
        };
        if let Some(Suggestion { port }) = suggestion {
            let command = format!("{} --port {port}{app}", invoked_as::server());
            eprint_line(format_args!(
                "    {}    (port {port} was free a moment ago)",
                command.bold()
            ));
        }
        let command = format!("{} --app {}", invoked_as::launcher(), self.app);
        eprint_line(format_args!(
            "    {}    (finds and remembers a free port by itself)",
            command.bold()
        ));
    }

    /// Prints why the launch failed, if not for a conflict.
    pub fn failed(&self, text: impl Display, failed: &Event) {
        if self.json {
            print_line(failed.to_json());
        } else {
            error(text);
        }
    }
}
