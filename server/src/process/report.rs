//! The output: short text for a person, or with `--json` one object a line for a program on stdout. What is
//! wrong is on stderr in both forms.
//!
//! A closed stream does not stop the server, so errors of writing are ignored.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    path::Path,
};

use owo_colors::OwoColorize;
use shared::{
    app::AppName,
    claim,
    conflict::{Class, Conflict},
    environment::{Environment, PORT_VARIABLE},
    event::{Event, ServerAt},
    invoked_as,
    launch::LaunchInfo,
    message, next_command,
    port::Port,
    printable,
    ready_line::ReadyLine,
};

use crate::process::args::TypedOptions;

/// The output of one run.
#[derive(Debug, Clone)]
pub struct TerminalReport {
    /// Whether lines of JSON are printed in place of sentences.
    pub json: bool,
    /// The app, which sentences and suggested commands name.
    pub app: AppName,
    /// The other options of this run that such a command needs.
    pub options: TypedOptions,
}

/// A port that the server could use instead.
#[derive(Debug, Clone, Copy)]
pub struct Suggestion {
    /// The port, which could be claimed a moment ago.
    pub port: Port,
}

/// What is printed once a server is ready.
#[derive(Debug, Clone)]
pub struct ReadyServer<'a> {
    /// The launch, with the port and the address for a browser.
    pub launch: &'a LaunchInfo,
    /// The address of `--bind`, if it is another than those that every server has.
    pub bind: Option<IpAddr>,
    /// The server's process, and how long it took to become ready.
    pub at: &'a ServerAt,
}

fn print_line(text: impl Display) {
    let _ = printable::write_line(&mut anstream::stdout(), text);
}

fn eprint_line(text: impl Display) {
    let _ = printable::write_line(&mut anstream::stderr(), text);
}

fn indented(text: impl Display) {
    eprint_line(format_args!("  {text}"));
}

/// Prints an error to stderr.
pub fn error(text: impl Display) {
    eprint_line(format_args!("{} {text}", "error:".red().bold()));
}

/// Prints what a person can do to stderr.
pub fn now(text: impl Display) {
    indented(format_args!("now: {text}"));
}

/// Prints a warning to stderr.
pub fn warning(text: impl Display) {
    eprint_line(format_args!("{} {text}", "warning:".yellow().bold()));
}

impl TerminalReport {
    /// Prints that the server is ready, and where.
    pub fn ready(&self, ready: &ReadyServer<'_>) {
        if self.json {
            return print_line(ReadyLine::new(ready.launch.clone(), ready.at));
        }
        let url = ready.launch.url();
        let clients = match ready.bind {
            None => message!("server.local"),
            Some(ip) if ip.is_loopback() => {
                message!("server.local_too", address = SocketAddr::new(ip, ready.launch.port.get()))
            }
            Some(ip) if ip.is_unspecified() => message!("server.everywhere"),
            Some(ip) => message!("server.address", ip),
        };
        print_line(message!(
            "server.serves",
            app = self.app.bold(),
            url = url.cyan().bold(),
            clients
        ));
        print_line(message!("start.ctrl_c").dimmed());
    }

    /// Prints why the port could not be claimed, and what to do about it. `stopped` is a process of this app that
    /// has the port and is stopped.
    pub fn port_conflict(
        &self,
        conflict: &Conflict,
        failed: &Event,
        suggestion: Option<Suggestion>,
        stopped: Option<u32>,
    ) {
        if self.json {
            print_line(Event::PortConflict(conflict.clone()).to_json());
            print_line(failed.to_json());
        }
        error(format_args!("{}.", conflict.sentence_here()));
        if let Some(os_error) = &conflict.os_error {
            indented(message!("conflict.system_error", error = os_error));
        }
        if let Some(way_out) = conflict.way_out() {
            indented(way_out);
        }
        if let Some(pid) = stopped {
            return indented(message!("server.own_stopped", pid));
        }
        if conflict.class == Class::OwnInstance {
            indented(message!("server.answers", url = claim::url(conflict.port).cyan()));
            let holder = conflict.holder.as_ref();
            let alone = holder.filter(|holder| {
                let name = holder.name.as_deref().unwrap_or_default();
                invoked_as::is_one_of(&invoked_as::SERVERS, Path::new(name))
            });
            return indented(match alone.and_then(|holder| holder.pid) {
                Some(pid) => message!("server.end_own", pid),
                None => {
                    let command = next_command::launcher("stop", &self.app);
                    message!("server.stop_own", command)
                }
            });
        }
        indented(message!("server.other_port"));
        if let Some(Suggestion { port }) = suggestion {
            let words = format!("--port {port}{}", self.options.words());
            let command = next_command::server(&words, &self.app);
            let why = message!("server.was_free", port);
            indented(format_args!("  {}    {why}", command.bold()));
        }
        let command = next_command::launcher("", &self.app);
        let why = match Environment::of_process().sets(PORT_VARIABLE) {
            true => message!("server.finds_port_without", variable = PORT_VARIABLE),
            false => message!("server.finds_port"),
        };
        indented(format_args!("  {}    {why}", command.bold()));
    }

    /// Prints why the launch failed, if not for a conflict.
    pub fn failed(&self, text: impl Display, failed: &Event) {
        if self.json {
            print_line(failed.to_json());
        }
        error(text);
    }
}
