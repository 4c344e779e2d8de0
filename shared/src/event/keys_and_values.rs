//! What each event tells: its keys and their values, in the order of the record.

use std::time::Duration;

use serde::Serialize;
use slog::{KV, Record, Serde, Serializer};

use super::Event;
use crate::keys;

/// Whole milliseconds with three decimals.
pub(super) fn milliseconds(time: Duration) -> f64 {
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
            Self::PortForgotten { port, generation } => {
                put(to, keys::PORT, *port)?;
                put(to, keys::GENERATION, *generation)
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
