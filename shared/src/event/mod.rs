//! The events of the port history: one [`Event`] is what one [record](crate::history::Record)
//! tells.
//!
//! Everything about an event is its row in the table here: its name, its keys, their order and their
//! types. The words that keys have as values are in [`words`](crate::words), and what the keys mean is
//! said in [`keys`].

#[cfg(feature = "schema")]
pub(crate) mod address;
mod masked;
mod snake_case;

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use slog::{Level, Serde, Serializer};

pub use self::masked::{masked, masked_text, masked_value};
use self::snake_case::snake_case;
pub use crate::words::{
    EndReason, LastFailureReason, MoveReason, Process, RecoverySource, Relation, RequestedBy,
    RestartReason,
};
use crate::{
    conflict::{Conflict, Origin},
    keys, milliseconds,
    port::Port,
    words::words,
};

/// The version of the record format.
pub const SCHEMA: u32 = 1;

/// Where a server is, and how long it took to get there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServerAt {
    /// Its process id.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 4_294_967_295_u64))]
    pub server_pid: u32,
    /// On each of the `addresses`.
    pub port: Port,
    /// Every address it listens on.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::event::address::Address>))]
    pub addresses: Vec<SocketAddr>,
    /// Since the claim for `server_spawned`, since the start of the writer's launch otherwise.
    #[serde(rename = "elapsed_ms", with = "milliseconds", default)]
    #[cfg_attr(feature = "schema", schema(value_type = f64, minimum = 0))]
    pub elapsed: Duration,
}

/// Where it serves, and how long it took to get there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServerReady {
    /// Its keys stand in the record itself.
    #[serde(flatten)]
    pub at: ServerAt,
    /// Since its process was started; `None` where no launcher has started it.
    #[serde(rename = "since_spawn_ms", with = "milliseconds::maybe", default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, minimum = 0))]
    pub since_spawn: Option<Duration>,
}

/// How a server ended, and what follows. A value that the event does not have is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServerEnd {
    /// `null` if a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// How long it lived.
    #[serde(rename = "uptime_ms", with = "milliseconds::maybe", default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, minimum = 0))]
    pub uptime: Option<Duration>,
    /// Which start it was, from 1.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(minimum = 1))]
    pub attempt: u32,
    /// How long the next start is put off.
    #[serde(rename = "delay_ms", with = "milliseconds::maybe", default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, minimum = 0))]
    pub delay: Option<Duration>,
    /// The port that it served on, or was to serve on; `None` in records of version 0.1.0.
    pub port: Option<Port>,
    /// Its process id; `None` if it was not started, and in records of version 0.1.0.
    pub server_pid: Option<u32>,
    /// Why it could not be started; `None` if it was.
    pub error: Option<String>,
}

/// A server that is followed by a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServerRestarting {
    /// The server that is followed. One that a person has restarted still serves.
    #[serde(flatten)]
    pub end: ServerEnd,
    /// Whether the last server failed or a person asked; version 0.1.0 did not write it, and restarted only
    /// what had failed.
    #[serde(default = "failed")]
    pub why: RestartReason,
    /// From where it was asked for; `None` if it was not.
    pub by: Option<RequestedBy>,
}

/// A server that is followed by none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LastFailure {
    /// How its last process ended.
    #[serde(flatten)]
    pub end: ServerEnd,
    /// Why it is not started again; version 0.1.0 did not write it.
    #[serde(default)]
    pub why: LastFailureReason,
}

/// Why version 0.1.0 restarted: it recorded no other restart.
fn failed() -> RestartReason {
    RestartReason::Failed
}

/// How a launch, or the hold on a port, ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Ending {
    /// The port concerned, if there was one.
    pub port: Option<Port>,
    /// Why.
    #[serde(default)]
    pub reason: EndReason,
    /// The program's own exit code.
    pub exit_code: Option<i32>,
    /// For a person; `None` if nothing failed.
    pub error: Option<String>,
    /// From where the end was asked for; `None` if it was not.
    pub by: Option<RequestedBy>,
}

impl Ending {
    /// The end of the hold on `port`.
    pub fn of(port: Port, reason: EndReason) -> Self {
        Self { port: Some(port), reason, exit_code: None, error: None, by: None }
    }

    /// Sets where the end was asked for.
    #[must_use]
    pub fn asked(self, by: Option<RequestedBy>) -> Self {
        Self { by, ..self }
    }
}

/// Makes [`Event`] and [`EventName`] of one table. A row has what happened, the event with its own
/// keys, the constant message for a person, how grave it is, and the programs that write it.
macro_rules! events {
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident $({ $($fields:tt)* })? $(($payload:ty))?
            => $message:literal, $level:ident, [$($writer:ident),+];
    )+) => {
        /// One thing that happened to a port.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(tag = "event", rename_all = "snake_case")]
        pub enum Event {
            $($(#[doc = $doc])+ $variant $({ $($fields)* })? $(($payload))?,)+
        }

        words! {
            /// The value of the key `event`.
            pub enum EventName {
                $($(#[doc = $doc])+ $variant = snake_case!($variant),)+
            }
        }

        impl EventName {
            /// The text for a person. It is constant, so that records can be counted by it.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => $message,)+
                }
            }

            /// How grave it is: warnings are what an audit looks for first. A server that exits with
            /// code 0 is the one exception (see [`Event::level`]).
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)+
                }
            }

            /// The programs that write it.
            pub const fn writers(self) -> &'static [Process] {
                match self {
                    $(Self::$variant => &[$(Process::$writer),+],)+
                }
            }
        }

        impl Event {
            /// The event's name, as the key `event` spells it.
            pub fn name(&self) -> EventName {
                match self {
                    $(Self::$variant { .. } => EventName::$variant,)+
                }
            }
        }
    };
}

events! {
    /// A launch began.
    LaunchStarted {
        /// The command line, secrets masked (see [`masked`]).
        #[serde(default)]
        argv: Vec<String>,
        /// The remembered port.
        last_good: Option<Port>,
        /// The port of the settings.
        home_port: Option<Port>,
    } => "launch started", Info, [Launcher, Server];
    /// A candidate could not be claimed. It is written before the next candidate is tried.
    PortConflict(Conflict) => "port cannot be claimed", Warning, [Launcher, Server];
    /// A candidate is ours.
    PortClaimed {
        /// Held from now on, until `port_released`.
        port: Port,
        /// Why it was a candidate.
        #[serde(default)]
        origin: Origin,
        /// The addresses held.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::event::address::Address>))]
        addresses: Vec<SocketAddr>,
        /// How many candidates were tried, this one included.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(minimum = 1))]
        tried: usize,
        /// Since the first candidate.
        #[serde(rename = "elapsed_ms", with = "milliseconds", default)]
        #[cfg_attr(feature = "schema", schema(value_type = f64, minimum = 0))]
        elapsed: Duration,
    } => "port claimed", Info, [Launcher, Server];
    /// A candidate is ours: bound for a program, which listens there by itself.
    PortReserved {
        /// Held from now on, until `port_released`.
        port: Port,
        /// Why it was a candidate.
        #[serde(default)]
        origin: Origin,
        /// The addresses held.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::event::address::Address>))]
        addresses: Vec<SocketAddr>,
        /// How many candidates were tried, this one included.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(minimum = 1))]
        tried: usize,
        /// Since the first candidate.
        #[serde(rename = "elapsed_ms", with = "milliseconds", default)]
        #[cfg_attr(feature = "schema", schema(value_type = f64, minimum = 0))]
        elapsed: Duration,
    } => "port reserved", Info, [Launcher];
    /// The port is another than last time.
    PortMoved {
        /// The port it had.
        from: Port,
        /// The port of the server from now on.
        to: Port,
        /// What made the app leave `from`.
        #[serde(default)]
        why: MoveReason,
    } => "port changed", Warning, [Launcher];
    /// The server's process exists.
    ServerSpawned(ServerAt) => "server spawned", Info, [Launcher];
    /// The server holds its sockets.
    ServerListening(ServerAt) => "server listening", Info, [Server];
    /// The server listens on addresses at which other computers can reach it, because of `--bind`.
    PortExposed {
        /// Open to other computers from now on.
        port: Port,
        /// Those of its addresses that are not of this computer alone.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::event::address::Address>))]
        addresses: Vec<SocketAddr>,
        /// Its process id.
        #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 4_294_967_295_u64))]
        server_pid: u32,
    } => "port exposed", Warning, [Server];
    /// A program listens on another port than the one that it was given.
    ProgramElsewhere {
        /// The port that it was to listen on.
        asked: Port,
        /// The port that it listens on.
        took: Port,
        /// Its addresses there.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::event::address::Address>))]
        addresses: Vec<SocketAddr>,
        /// The process that listens.
        #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 4_294_967_295_u64))]
        server_pid: u32,
    } => "program listens elsewhere", Warning, [Launcher];
    /// A program listens on addresses at which other computers can reach it.
    ProgramExposed {
        /// Open to other computers from now on.
        port: Port,
        /// Those of its addresses that are not of this computer alone.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::event::address::Address>))]
        addresses: Vec<SocketAddr>,
        /// The process that listens.
        #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 4_294_967_295_u64))]
        server_pid: u32,
    } => "program exposed", Warning, [Launcher];
    /// The server reported ready and proved its identity through `127.0.0.1`.
    ServerReady(ServerReady) => "server ready", Info, [Launcher, Server];
    /// The port is remembered.
    PortAssigned {
        /// The last good port from now on.
        port: Port,
        /// Counts the assignments of the app.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(minimum = 1))]
        generation: u64,
        /// The port that was remembered before.
        previous: Option<Port>,
    } => "port remembered", Info, [Launcher];
    /// A person had the port forgotten.
    PortForgotten {
        /// It is no longer tried first.
        port: Port,
        /// That of the assignment without it.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(minimum = 1))]
        generation: u64,
    } => "port forgotten", Info, [Launcher];
    /// A process of the server has ended, on purpose or not.
    ServerExited(ServerEnd) => "server exited", Warning, [Launcher];
    /// A new server is started in its place.
    ServerRestarting(ServerRestarting) => "server restarting", Info, [Launcher];
    /// The server failed, too often or in a launch that never restarts it, and is not started again.
    LaunchGaveUp(LastFailure) => "launch gave up", Error, [Launcher];
    /// A second start found the first.
    InstanceFound {
        /// Where the first one is.
        port: Port,
        /// Its address for a browser.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(pattern = "^https?://"))]
        url: String,
        /// Its version beside ours.
        #[serde(default)]
        relation: Relation,
    } => "running instance found", Info, [Launcher];
    /// A setting is not what it was.
    SettingsChanged {
        /// Each changed setting has a record of its own.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(min_length = 1))]
        key: String,
        /// The old value, as written, secrets masked (see [`masked_value`]).
        from: Option<String>,
        /// The new value, the same way.
        to: Option<String>,
    } => "setting changed", Info, [Launcher, Server];
    /// What was remembered could not be read, and came from elsewhere.
    StateRecovered {
        /// Its path.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(min_length = 1))]
        file: String,
        /// What was wrong with it.
        #[serde(default)]
        problem: String,
        /// Where the content was taken from.
        #[serde(default)]
        source: RecoverySource,
    } => "state recovered", Warning, [Launcher];
    /// The sockets are closed.
    PortReleased(Ending) => "port released", Info, [Launcher, Server];
    /// A launch ended as it should.
    LaunchStopped(Ending) => "launch stopped", Info, [Launcher, Server];
    /// A launch ended as it should not.
    LaunchFailed(Ending) => "launch failed", Error, [Launcher, Server];
}

impl EventName {
    /// The keys with ports that its records cannot be without.
    pub fn ports(self) -> &'static [&'static str] {
        match self {
            Self::PortMoved => &[keys::FROM, keys::TO],
            Self::ProgramElsewhere => &[keys::ASKED, keys::TOOK],
            Self::PortConflict
            | Self::PortClaimed
            | Self::PortReserved
            | Self::ProgramExposed
            | Self::ServerSpawned
            | Self::ServerListening
            | Self::PortExposed
            | Self::ServerReady
            | Self::PortAssigned
            | Self::PortForgotten
            | Self::InstanceFound => &[keys::PORT],
            _ => &[],
        }
    }
}

impl Event {
    /// The end of a server that it records, if any.
    pub fn server_end_mut(&mut self) -> Option<&mut ServerEnd> {
        match self {
            Self::ServerExited(end) => Some(end),
            Self::LaunchGaveUp(given_up) => Some(&mut given_up.end),
            Self::ServerRestarting(restarting) => Some(&mut restarting.end),
            _ => None,
        }
    }

    /// As its name has it, but `Info` for a server that exited with code 0.
    pub fn level(&self) -> Level {
        match self {
            Self::ServerExited(end) if end.exit_code == Some(0) => Level::Info,
            _ => self.name().level(),
        }
    }

    /// Whether it is about `port`, or about leaving or reaching it.
    pub fn is_about(&self, port: Port) -> bool {
        match self {
            Self::PortConflict(conflict) => conflict.port == port,
            Self::PortClaimed { port: its, .. }
            | Self::PortReserved { port: its, .. }
            | Self::ProgramExposed { port: its, .. }
            | Self::PortAssigned { port: its, .. }
            | Self::PortForgotten { port: its, .. }
            | Self::PortExposed { port: its, .. }
            | Self::InstanceFound { port: its, .. } => *its == port,
            Self::PortMoved { from, to, .. } => *from == port || *to == port,
            Self::ProgramElsewhere { asked, took, .. } => *asked == port || *took == port,
            Self::ServerSpawned(at) | Self::ServerListening(at) => at.port == port,
            Self::ServerReady(ready) => ready.at.port == port,
            Self::ServerExited(end) => end.port == Some(port),
            Self::LaunchGaveUp(given_up) => given_up.end.port == Some(port),
            Self::ServerRestarting(restarting) => restarting.end.port == Some(port),
            Self::PortReleased(end) | Self::LaunchStopped(end) | Self::LaunchFailed(end) => {
                end.port == Some(port)
            }
            Self::LaunchStarted { .. }
            | Self::SettingsChanged { .. }
            | Self::StateRecovered { .. } => false,
        }
    }

    /// What stood in the way of a port, if that is what the event is about.
    pub fn conflict(&self) -> Option<&Conflict> {
        match self {
            Self::PortConflict(conflict) => Some(conflict),
            _ => None,
        }
    }

    /// Whether the record must reach the disk before the program goes on.
    pub fn is_durable(&self) -> bool {
        match self {
            Self::PortAssigned { .. } | Self::PortForgotten { .. } => true,
            Self::PortMoved { .. } | Self::LaunchFailed(_) => true,
            Self::PortConflict(conflict) => conflict.origin.is_remembered(),
            _ => false,
        }
    }

    /// The event's name and its own keys as one JSON object, in the order of the record: what a
    /// program prints with `--json`.
    pub fn to_json(&self) -> serde_json::Value {
        // Every value of an event is plain data, which JSON has room for.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Emits the event's own keys, without its name.
    pub(crate) fn emit(&self, to: &mut dyn Serializer) -> slog::Result {
        let serde_json::Value::Object(members) = self.to_json() else {
            return Err(slog::Error::Other);
        };
        for (key, value) in members {
            let key = keys::ALL.iter().find(|known| **known == key).ok_or(slog::Error::Other)?;
            if *key != keys::EVENT {
                to.emit_serde(key, &Serde(value))?;
            }
        }
        Ok(())
    }
}
