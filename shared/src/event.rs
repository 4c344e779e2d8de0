//! What is told in the port history: one [`Event`] is one record.
//!
//! The names, the constant messages and the keys of every event are here and nowhere else; how a
//! record is written is for [`history`](crate::history) to know, and what its keys mean is said in
//! [`keys`](crate::keys).

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use slog::{KV, Level, Record, Serde, Serializer};
use uuid::Uuid;

use crate::{
    app::AppName,
    conflict::{Conflict, Origin},
    keys,
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

/// What a program prints with `--json` when its server is ready: a contract with scripts, and so
/// wider than the record of the same name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadyLine<'a> {
    event: &'static str,
    app: &'a AppName,
    url: &'a str,
    port: Port,
    origin: Origin,
    launch_id: Uuid,
    launcher_pid: Option<u32>,
    server_pid: u32,
    elapsed_ms: f64,
}

impl<'a> ReadyLine<'a> {
    /// The line for a server `at` a port, which answers at `url`.
    #[must_use]
    pub fn new(
        (app, url): (&'a AppName, &'a str),
        (launch_id, launcher_pid): (Uuid, Option<u32>),
        origin: Origin,
        at: &ServerAt,
    ) -> Self {
        Self {
            event: "server_ready",
            app,
            url,
            port: at.port,
            origin,
            launch_id,
            launcher_pid,
            server_pid: at.server_pid,
            elapsed_ms: milliseconds(at.elapsed),
        }
    }
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
            Self::PortAssigned { .. } | Self::PortMoved { .. } | Self::LaunchFailed(_) => true,
            Self::PortConflict(conflict) => conflict.origin.is_remembered(),
            _ => false,
        }
    }
}

/// Whole milliseconds with three decimals.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// Emits one key with any value that serde knows.
fn put<T>(to: &mut dyn Serializer, key: &'static str, value: T) -> slog::Result
where
    T: Serialize + Clone + Send + 'static,
{
    to.emit_serde(key, &Serde(value))
}

impl KV for Event {
    fn serialize(&self, _: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        self.emit(to)
    }
}

impl Event {
    /// The event's name and its own keys as one JSON object, in the order of the record: what a
    /// program prints with `--json`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut object = Object(serde_json::Map::new());
        object.0.insert(keys::EVENT.to_owned(), self.name().into());
        // Every value of an event is plain data, which JSON has room for.
        let _ = self.emit(&mut object);
        serde_json::Value::Object(object.0)
    }

    fn emit(&self, to: &mut dyn Serializer) -> slog::Result {
        match self {
            Self::LaunchStarted { argv, last_good, home_port } => {
                put(to, keys::ARGV, argv.clone())?;
                put(to, keys::LAST_GOOD, *last_good)?;
                put(to, keys::HOME_PORT, *home_port)
            }
            Self::PortConflict(conflict) => {
                put(to, keys::PORT, conflict.port)?;
                put(to, keys::ORIGIN, conflict.origin)?;
                put(to, keys::CLASS, conflict.class)?;
                put(to, keys::OS_ERROR, conflict.os_error.clone())?;
                put(to, keys::HOLDER, conflict.holder.clone())?;
                put(to, keys::LAST_GOOD, conflict.last_good)?;
                put(to, keys::ELAPSED_MS, milliseconds(conflict.elapsed))
            }
            Self::PortClaimed { port, origin, addresses, tried, elapsed } => {
                put(to, keys::PORT, *port)?;
                put(to, keys::ORIGIN, *origin)?;
                put(to, keys::ADDRESSES, addresses.clone())?;
                put(to, keys::TRIED, *tried)?;
                put(to, keys::ELAPSED_MS, milliseconds(*elapsed))
            }
            Self::PortMoved { from, to: new, why } => {
                put(to, keys::FROM, *from)?;
                put(to, keys::TO, *new)?;
                put(to, keys::WHY, *why)
            }
            Self::ServerSpawned(at) | Self::ServerListening(at) | Self::ServerReady(at) => {
                put(to, keys::SERVER_PID, at.server_pid)?;
                put(to, keys::PORT, at.port)?;
                put(to, keys::ADDRESSES, at.addresses.clone())?;
                put(to, keys::ELAPSED_MS, milliseconds(at.elapsed))
            }
            Self::PortAssigned { port, generation, previous } => {
                put(to, keys::PORT, *port)?;
                put(to, keys::GENERATION, *generation)?;
                put(to, keys::PREVIOUS, *previous)
            }
            Self::ServerExited(end) | Self::ServerRestarting(end) | Self::LaunchGaveUp(end) => {
                put(to, keys::EXIT_CODE, end.exit_code)?;
                put(to, keys::SIGNAL, end.signal)?;
                put(to, keys::UPTIME_MS, end.uptime.map(milliseconds))?;
                put(to, keys::ATTEMPT, end.attempt)?;
                put(to, keys::DELAY_MS, end.delay.map(milliseconds))
            }
            Self::InstanceFound { port, url, relation } => {
                put(to, keys::PORT, *port)?;
                put(to, keys::URL, url.clone())?;
                put(to, keys::RELATION, *relation)
            }
            Self::SettingsChanged { key, from, to: new } => {
                put(to, keys::KEY, key.clone())?;
                put(to, keys::FROM, from.clone())?;
                put(to, keys::TO, new.clone())
            }
            Self::StateRecovered { file, problem, source } => {
                put(to, keys::FILE, file.clone())?;
                put(to, keys::PROBLEM, problem.clone())?;
                put(to, keys::SOURCE, *source)
            }
            Self::PortReleased(end) | Self::LaunchStopped(end) | Self::LaunchFailed(end) => {
                put(to, keys::PORT, end.port)?;
                put(to, keys::REASON, end.reason)?;
                put(to, keys::EXIT_CODE, end.exit_code)?;
                put(to, keys::ERROR, end.error.clone())
            }
        }
    }
}

/// Collects keys and values.
struct Object(serde_json::Map<String, serde_json::Value>);

impl Serializer for Object {
    fn emit_arguments(&mut self, key: slog::Key, value: &std::fmt::Arguments<'_>) -> slog::Result {
        self.0.insert(key.to_owned(), value.to_string().into());
        Ok(())
    }

    fn emit_serde(&mut self, key: slog::Key, value: &dyn slog::SerdeValue) -> slog::Result {
        let value = serde_json::to_value(value.as_serde()).map_err(|_| slog::Error::Other)?;
        self.0.insert(key.to_owned(), value);
        Ok(())
    }
}

/// Words in an option's name that make its value a secret.
const SECRET_WORDS: [&str; 4] = ["token", "secret", "password", "key"];

/// A command line fit to be kept: the values of options that name a secret become `***`.
///
/// # Examples
///
/// ```
/// use shared::event::masked;
///
/// let argv = ["server", "--port", "3030", "--token", "a1b2", "--api-key=c3"].map(String::from);
/// assert_eq!(masked(argv), ["server", "--port", "3030", "--token", "***", "--api-key=***"]);
/// ```
pub fn masked(argv: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut value_is_secret = false;
    let mask = |argument: String| {
        let names_secret = |option: &str| {
            let option = option.to_ascii_lowercase();
            option.starts_with('-') && SECRET_WORDS.iter().any(|word| option.contains(word))
        };
        if std::mem::take(&mut value_is_secret) {
            return "***".to_owned();
        }
        match argument.split_once('=') {
            Some((option, _)) if names_secret(option) => format!("{option}=***"),
            _ => {
                value_is_secret = names_secret(&argument);
                argument
            }
        }
    };
    argv.into_iter().map(mask).collect()
}
