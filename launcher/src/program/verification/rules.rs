//! What a launch wants of its program.

use std::time::Duration;

use shared::{
    port::Port,
    settings::{Expose, OnElsewhere},
};

/// What one start of a program is held to. It does not change until the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The port that the program was started with.
    pub port: Port,
    /// Whether the port was requested, so that only this one will do.
    pub is_explicit: bool,
    /// Whether a process outside the tree may listen in the program's place: `owner = "any"`, or a command
    /// such as docker or ssh.
    pub may_delegate: bool,
    /// What is needed besides the listener.
    pub probe: ReadinessProbe,
    /// What follows if it listens elsewhere.
    pub on_elsewhere: OnElsewhere,
    /// What follows if it listens beyond loopback.
    pub on_exposed: Expose,
    /// How long it may take to become ready.
    pub ready_timeout: Duration,
    /// Whether our reservation of the port stands.
    pub is_reserved: bool,
    /// Whether it may be started once more without the reservation.
    pub may_drop_reservation: bool,
    /// Whether we can listen on a loopback address that the program leaves open. Linux alone.
    pub can_cover: bool,
    /// Whether the system does not report the end of a listener, so that looks are needed while the
    /// program serves. Where it does, the driver looks whenever it is reported.
    pub must_look_while_serving: bool,
    /// Our own process, whose listeners are covers and no strangers.
    pub launcher_pid: u32,
}

/// What shows that a program that listens is ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReadinessProbe {
    /// A connection is made.
    #[default]
    Tcp,
    /// A request has an answer with a status below 500.
    Http,
    /// A line of the program's output matches. No connection is made.
    Log,
    /// The program says so on the notification socket. No connection is made.
    Notify,
}

impl ReadinessProbe {
    /// Whether we connect to the program, rather than wait for its word.
    pub(super) fn connects(self) -> bool {
        matches!(self, Self::Tcp | Self::Http)
    }
}
