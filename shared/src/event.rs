//! What is told in the port history: one [`Event`] is one record.
//!
//! The names, the constant messages and the keys of every event are here and nowhere else; how a
//! record is written is for [`history`](crate::history) to know, and what its keys mean is said in
//! [`keys`](crate::keys).

mod keys_and_values;
mod masked;
mod ready_line;

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use slog::Level;

pub use self::{masked::masked, ready_line::ReadyLine};
use crate::{
    conflict::{Conflict, Origin},
    port::Port,
};

/// The version of the record format.
pub const SCHEMA: u32 = 1;

/// A program of Homeport, as records name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// The launcher.
    Launcher,
    /// The server.
    Server,
}

/// Why the port of an app changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveReason {
    /// The port it had could not be claimed.
    Conflict,
    /// A person asked for it.
    Asked,
}

/// How the version of a running instance relates to the one that found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same version.
    Same,
    /// The running one is older.
    Older,
    /// The running one is newer.
    Newer,
}

/// Where a server is, and how long it took to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAt {
    /// Its process id.
    pub server_pid: u32,
    /// Its port.
    pub port: Port,
    /// Every address it listens on.
    pub addresses: Vec<SocketAddr>,
    /// Since the claim for `server_spawned`, since the start of the writer's launch otherwise.
    pub elapsed: Duration,
}

/// How a server ended, and what comes of it. What an event has nothing to say of is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEnd {
    /// Its exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// How long it lived.
    pub uptime: Option<Duration>,
    /// Which start it was, from 1.
    pub attempt: u32,
    /// How long the next start is put off.
    pub delay: Option<Duration>,
}

/// How a launch, or the hold on a port, ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    /// The port concerned, if there was one.
    pub port: Option<Port>,
    /// One word: `asked`, `launcher_gone`, `server_failed`, ….
    pub reason: &'static str,
    /// The program's own exit code.
    pub exit_code: Option<i32>,
    /// What the person was told.
    pub error: Option<String>,
}

/// One thing that happened to a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A launch began.
    LaunchStarted {
        /// The command line, secrets masked (see [`masked`]).
        argv: Vec<String>,
        /// The remembered port.
        last_good: Option<Port>,
        /// The port of the settings.
        home_port: Option<Port>,
    },
    /// A candidate could not be claimed.
    PortConflict(Conflict),
    /// A candidate is ours.
    PortClaimed {
        /// The port.
        port: Port,
        /// Why it was a candidate.
        origin: Origin,
        /// The addresses held.
        addresses: Vec<SocketAddr>,
        /// How many candidates were tried, this one included.
        tried: usize,
        /// Since the first candidate.
        elapsed: Duration,
    },
    /// The port is another than last time.
    PortMoved {
        /// The port it had.
        from: Port,
        /// The port it has.
        to: Port,
        /// Why.
        why: MoveReason,
    },
    /// The server's process exists.
    ServerSpawned(ServerAt),
    /// The server holds its sockets.
    ServerListening(ServerAt),
    /// The server said that it serves, and was asked through `127.0.0.1`.
    ServerReady(ServerAt),
    /// The port is remembered.
    PortAssigned {
        /// The port.
        port: Port,
        /// Counts the assignments of the app.
        generation: u64,
        /// The port that was remembered before.
        previous: Option<Port>,
    },
    /// A person had the port forgotten.
    PortForgotten {
        /// The port.
        port: Port,
        /// That of the assignment without it.
        generation: u64,
    },
    /// The server ended.
    ServerExited(ServerEnd),
    /// It will be started again.
    ServerRestarting(ServerEnd),
    /// It will not.
    LaunchGaveUp(ServerEnd),
    /// A second start found the first.
    InstanceFound {
        /// Where the first one is.
        port: Port,
        /// Its address for a browser.
        url: String,
        /// Its version beside ours.
        relation: Relation,
    },
    /// A setting is not what it was.
    SettingsChanged {
        /// Which.
        key: String,
        /// The old value, as written.
        from: Option<String>,
        /// The new value, as written.
        to: Option<String>,
    },
    /// What was remembered could not be read, and came from elsewhere.
    StateRecovered {
        /// The file.
        file: String,
        /// What was wrong with it.
        problem: String,
        /// `port_history`, or `defaults` if nothing was found there either.
        source: &'static str,
    },
    /// The sockets are closed.
    PortReleased(Ending),
    /// A launch ended as it should.
    LaunchStopped(Ending),
    /// A launch ended as it should not.
    LaunchFailed(Ending),
}

impl Event {
    /// The event's name, as the key `event` spells it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.describe().0
    }

    /// The constant message.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.describe().1
    }

    /// How grave it is: warnings are what an audit looks for first.
    #[must_use]
    pub fn level(&self) -> Level {
        self.describe().2
    }

    fn describe(&self) -> (&'static str, &'static str, Level) {
        use Level::{Error, Info, Warning};
        match self {
            Self::LaunchStarted { .. } => ("launch_started", "launch started", Info),
            Self::PortConflict(_) => ("port_conflict", "port cannot be claimed", Warning),
            Self::PortClaimed { .. } => ("port_claimed", "port claimed", Info),
            Self::PortMoved { .. } => ("port_moved", "port changed", Warning),
            Self::ServerSpawned(_) => ("server_spawned", "server spawned", Info),
            Self::ServerListening(_) => ("server_listening", "server listening", Info),
            Self::ServerReady(_) => ("server_ready", "server ready", Info),
            Self::PortAssigned { .. } => ("port_assigned", "port remembered", Info),
            Self::PortForgotten { .. } => ("port_forgotten", "port forgotten", Info),
            Self::ServerExited(end) if end.exit_code == Some(0) => {
                ("server_exited", "server exited", Info)
            }
            Self::ServerExited(_) => ("server_exited", "server exited", Warning),
            Self::ServerRestarting(_) => ("server_restarting", "server restarting", Info),
            Self::LaunchGaveUp(_) => ("launch_gave_up", "launch gave up", Error),
            Self::InstanceFound { .. } => ("instance_found", "running instance found", Info),
            Self::SettingsChanged { .. } => ("settings_changed", "setting changed", Info),
            Self::StateRecovered { .. } => ("state_recovered", "state recovered", Warning),
            Self::PortReleased(_) => ("port_released", "port released", Info),
            Self::LaunchStopped(_) => ("launch_stopped", "launch stopped", Info),
            Self::LaunchFailed(_) => ("launch_failed", "launch failed", Error),
        }
    }

    /// Whether the record must reach the disk before the program goes on.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        match self {
            Self::PortAssigned { .. } | Self::PortForgotten { .. } => true,
            Self::PortMoved { .. } | Self::LaunchFailed(_) => true,
            Self::PortConflict(conflict) => conflict.origin.is_remembered(),
            _ => false,
        }
    }
}
