//! How a program is launched.

use std::time::Duration;

use shared::settings::{Effective, Expose, OnElsewhere, OutputFormat, OwnerRule, ReadyProbe};

use super::{
    command::CommandTemplate,
    known::{KnownCommand, KnownSignal},
};
use crate::os;

/// What a person wants of the launch of a program.
#[derive(Debug, Clone)]
pub struct ProgramOptions {
    /// What is started.
    pub command: CommandTemplate,
    /// What becomes of its streams.
    pub streams: ProgramStreams,
    /// What shows that it is ready, besides its listener.
    pub ready: ReadyProbe,
    /// Whether a process outside of its tree may listen in its place.
    pub may_delegate: bool,
    /// What follows if it listens on another port.
    pub on_elsewhere: OnElsewhere,
    /// What follows if it listens beyond loopback.
    pub on_exposed: Expose,
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

/// What becomes of a program's streams.
#[derive(Debug, Clone, Copy)]
pub struct ProgramStreams {
    /// Whether the program reads our stdin; else it reads nothing.
    pub reads_stdin: bool,
    /// Whether what it writes is shown; it is kept in any case.
    pub shows_output: bool,
    /// Whether our stdout is a terminal.
    pub has_terminal: bool,
    /// Whether the program's streams are a terminal of its own.
    pub gives_terminal: bool,
}

impl ProgramOptions {
    /// Those of `command`, by the settings that hold and by what is known of the program.
    pub fn new(
        command: CommandTemplate,
        known: &KnownCommand,
        settings: &Effective,
        streams: ProgramStreams,
    ) -> Self {
        let is_known_to_be_slow = known.stop_timeout().filter(|_| !settings.stop_timeout.is_set());
        let settings = settings.clone().for_program();
        let asked =
            settings.stop_signal.as_ref().and_then(|signal| os::signal_number(signal.value.name()));
        let known_signal = || known.stop_signal().map(KnownSignal::number);
        Self {
            command,
            streams,
            ready: settings.ready.value,
            may_delegate: known.is_delegated() || settings.owner.value == OwnerRule::Any,
            on_elsewhere: settings.on_elsewhere.value,
            on_exposed: settings.expose.value,
            ready_timeout: settings.ready_timeout.value.0,
            stop_signal: asked.or_else(known_signal).unwrap_or(os::STOP_SIGNAL),
            stop_timeout: is_known_to_be_slow.unwrap_or(settings.stop_timeout.value.0),
            with_port: known.with_port(),
            loopback_option: known.loopback_option(),
            output: settings.output.value,
        }
    }
}
