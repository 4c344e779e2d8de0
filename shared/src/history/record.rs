//! A record of the port history, typed: slog writes it, serde reads it.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
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
        let event =
            event(common.event, line).or_else(|error| salvaged(common.event, line).ok_or(error))?;
        let Common { ts, schema, app, process, pid, launch_id, seq, version, machine, .. } = common;
        Ok(Self { ts, schema, app, process, pid, launch_id, seq, version, machine, event })
    }
}

fn event(name: EventName, line: &str) -> Result<Event, serde_json::Error> {
    // The common keys and those of the event are read in two passes: in one, serde would have to
    // keep every member of the line for later.
    Ok(match name {
        EventName::PortConflict => Event::PortConflict(serde_json::from_str(line)?),
        EventName::PortReleased => Event::PortReleased(serde_json::from_str(line)?),
        EventName::LaunchStopped => Event::LaunchStopped(serde_json::from_str(line)?),
        EventName::LaunchFailed => Event::LaunchFailed(serde_json::from_str(line)?),
        _ => serde_json::from_str(line)?,
    })
}

/// The event of a line in which some keys have values that they cannot have: those are left out, as
/// if the record did not have them.
fn salvaged(name: EventName, line: &str) -> Option<Event> {
    let Value::Object(all) = serde_json::from_str(line).ok()? else { return None };
    let is_essential = |key: &str| key == keys::EVENT || name.ports().contains(&key);
    let (mut sound, others): (Map<_, _>, Map<_, _>) =
        all.into_iter().partition(|(key, _)| is_essential(key));
    for (key, value) in others {
        let mut with = sound.clone();
        with.insert(key, value);
        if serde_json::from_value::<Event>(with.clone().into()).is_ok() {
            sound = with;
        }
    }
    serde_json::from_value(sound.into()).ok()
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

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_value_that_a_key_cannot_have_costs_that_key_alone() {
        let line = |rest: &str| {
            format!(
                r#"{{"ts":"2026-11-22T12:00:00Z","event":"port_conflict","app":"notes",{rest}}}"#
            )
        };
        let sound = r#""port":3030,"class":"in_use","holder":{"name":"node"}"#;
        for wrong in
            [r#""elapsed_ms":"24.1""#, r#""last_good":0"#, r#""os_error":[]"#, r#""origin":7"#]
        {
            let record: Record = line(&format!("{sound},{wrong}")).parse().expect(wrong);
            let conflict = record.event.conflict().expect("it is one");
            let name = conflict.holder.as_ref().and_then(|holder| holder.name.as_deref());
            assert_eq!((conflict.port.get(), name), (3030, Some("node")), "{wrong}");
        }
        for wrong in ["\"port\":0", "\"port\":\"3030\"", "\"class\":\"in_use\""] {
            assert!(line(wrong).parse::<Record>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_event_has_no_port_that_it_needs_not() {
        for name in EventName::ALL {
            let mut event = Map::from_iter([(keys::EVENT.to_owned(), serde_json::json!(name))]);
            assert_eq!(
                serde_json::from_value::<Event>(event.clone().into()).is_ok(),
                name.ports().is_empty(),
                "{name} without a port"
            );
            event.extend(name.ports().iter().map(|key| ((*key).to_owned(), 3030.into())));
            // The process id is the other thing that some cannot be without.
            event.insert(keys::SERVER_PID.to_owned(), 1.into());
            assert!(serde_json::from_value::<Event>(event.into()).is_ok(), "{name}");
        }
    }
}
