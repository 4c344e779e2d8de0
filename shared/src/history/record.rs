//! A record of the port history, typed: slog writes it, serde reads it.

use jiff::Timestamp;
use serde::Deserialize;
use slog::{KV, Serde, Serializer};
use uuid::Uuid;

use crate::{
    app::AppName,
    event::{Event, Process, SCHEMA},
    keys,
};

/// One line of the port history.
///
/// What records of later versions have besides is left unread, and what a record does not have is
/// empty: only its time, its app and what its event cannot be without must be there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// When it happened, to the microsecond.
    pub ts: Timestamp,
    /// The version of the record format.
    #[serde(default)]
    pub schema: u32,
    /// The app it is about.
    pub app: AppName,
    /// The program that wrote it.
    #[serde(default)]
    pub process: Process,
    /// The writer's process id.
    #[serde(default)]
    pub pid: u32,
    /// Joins the records of one launch, whichever process wrote them.
    #[serde(default)]
    pub launch_id: Uuid,
    /// Counts a process's records from 0 without gaps.
    #[serde(default)]
    pub seq: u64,
    /// The version of the program that wrote it.
    #[serde(default)]
    pub version: String,
    /// The name of the computer.
    #[serde(default)]
    pub machine: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
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
