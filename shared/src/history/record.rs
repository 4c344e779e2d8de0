//! A record of the port history, typed: slog writes it, serde reads it.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;
use slog::{KV, Serde, Serializer};
use uuid::Uuid;

use crate::{
    app::AppName,
    event::{Event, EventName, Process, SCHEMA},
    keys,
};

/// One line of the port history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When it happened, to the microsecond.
    pub ts: Timestamp,
    /// The version of the record format.
    pub schema: u32,
    /// The app it is about.
    pub app: AppName,
    /// The program that wrote it.
    pub process: Process,
    /// The writer's process id.
    pub pid: u32,
    /// Joins the records of one launch, whichever process wrote them.
    pub launch_id: Uuid,
    /// Counts a process's records from 0 without gaps.
    pub seq: u64,
    /// The version of the program that wrote it.
    pub version: String,
    /// The name of the computer.
    pub machine: String,
    /// What happened.
    pub event: Event,
}

/// The keys of every record.
#[derive(Deserialize)]
struct Common {
    ts: Timestamp,
    event: EventName,
    #[serde(default)]
    schema: u32,
    app: AppName,
    #[serde(default)]
    process: Process,
    #[serde(default)]
    pid: u32,
    #[serde(default)]
    launch_id: Uuid,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    version: String,
    #[serde(default)]
    machine: String,
}

impl FromStr for Record {
    type Err = serde_json::Error;

    /// Reads a line. What records of later versions have besides is left unread, and what a record
    /// does not have is empty: only its time, its app and what its event cannot be without must be
    /// there.
    fn from_str(line: &str) -> Result<Self, serde_json::Error> {
        let common: Common = serde_json::from_str(line)?;
        // The common keys and those of the event are read in two passes: in one, serde would have to
        // keep every member of the line for later.
        let event = match common.event {
            EventName::PortConflict => Event::PortConflict(serde_json::from_str(line)?),
            EventName::PortReleased => Event::PortReleased(serde_json::from_str(line)?),
            EventName::LaunchStopped => Event::LaunchStopped(serde_json::from_str(line)?),
            EventName::LaunchFailed => Event::LaunchFailed(serde_json::from_str(line)?),
            _ => serde_json::from_str(line)?,
        };
        let Common { ts, schema, app, process, pid, launch_id, seq, version, machine, .. } = common;
        Ok(Self { ts, schema, app, process, pid, launch_id, seq, version, machine, event })
    }
}

impl KV for Record {
    /// Emits every key, in the order of the format.
    fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let name = self.event.name();
        to.emit_arguments(keys::TS, &format_args!("{:.6}", self.ts))?;
        to.emit_str(keys::LEVEL, self.event.level().as_str())?;
        to.emit_str(keys::EVENT, name.word())?;
        to.emit_str(keys::MSG, name.message())?;
        to.emit_u32(keys::SCHEMA, SCHEMA)?;
        to.emit_str(keys::APP, self.app.as_str())?;
        to.emit_str(keys::PROCESS, self.process.word())?;
        to.emit_u32(keys::PID, self.pid)?;
        to.emit_serde(keys::LAUNCH_ID, &Serde(self.launch_id))?;
        to.emit_u64(keys::SEQ, self.seq)?;
        to.emit_str(keys::VERSION, &self.version)?;
        to.emit_str(keys::MACHINE, &self.machine)?;
        self.event.emit(to)
    }
}
