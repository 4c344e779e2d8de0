//! How a program is launched.

use std::time::Duration;

use shared::words::OutputFormat;

use super::{
    command::ProgramCommand,
    verification::{ElsewhereRule, ExposeRule, ReadinessProbe},
};

/// What a person wants of the launch of a program.
#[derive(Debug, Clone)]
pub struct ProgramOptions {
    /// What is started.
    pub command: ProgramCommand,
    /// The program learns its port by no variable of the environment.
    pub no_port_env: bool,
    /// Whether the program reads our stdin; else it reads nothing.
    pub reads_stdin: bool,
    /// Whether what the program writes is shown; it is kept in any case.
    pub shows_output: bool,
    /// Whether our stdout is a terminal.
    pub has_terminal: bool,
    /// What shows that it is ready.
    pub probe: ReadinessProbe,
    /// The path that an HTTP probe asks for.
    pub probe_path: String,
    /// Whether a process outside of its tree may listen in its place.
    pub may_delegate: bool,
    /// What follows if it listens on another port.
    pub on_elsewhere: ElsewhereRule,
    /// What follows if it listens beyond loopback.
    pub on_exposed: ExposeRule,
    /// How long it may take to become ready.
    pub ready_timeout: Duration,
    /// The number of the signal that asks it to end.
    pub stop_signal: i32,
    /// How long it may take to end.
    pub stop_timeout: Duration,
    /// The command line with its port in it, for a program that is known to ignore `PORT`.
    pub with_port: Option<String>,
    /// What the program needs to be told to listen on loopback alone, if that is known.
    pub loopback_option: Option<&'static str>,
    /// How what it writes is kept.
    pub output: OutputFormat,
}
