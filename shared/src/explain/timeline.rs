//! What the port history says of a port: a fold over the records about it, and over those that tell
//! how launches ended.

use std::{
    collections::{HashSet, VecDeque},
    path::PathBuf,
};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    conflict::{Class, Conflict},
    event::{EndReason, Event, EventName, Process},
    history::{Entry, Filter, Found, HistoryError, Reader, Record, line_number},
    port::Port,
    words::{AnswerName, Ownership},
};

/// How many records are shown: the last two launches, and what came between them.
const SHOWN: usize = 10;

/// What happened on a port up to a moment.
#[derive(Debug)]
pub struct PortTimeline {
    port: Port,
    file: PathBuf,
    latest: VecDeque<Value>,
    launches: HashSet<Uuid>,
    owner: OwnerAtTime,
}

/// Who had the port at that moment, as far as records tell. A launch that was killed leaves no
/// record of its end: it has the port until another program is seen there, or its app elsewhere.
#[derive(Debug, Clone)]
struct OwnerAtTime {
    state: Ownership,
    /// The record that this rests on.
    since: Option<Told>,
    /// The program that held the port before it became free.
    before: Option<Told>,
}

/// A record, and where it stands.
#[derive(Debug, Clone)]
struct Told {
    record: Record,
    entry: Entry,
}

impl PortTimeline {
    /// Reads what `history` says of `port`, up to `until` if given. No history is an empty one.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(
        history: &Reader,
        port: Port,
        until: Option<Timestamp>,
    ) -> Result<Self, HistoryError> {
        // Who has the port is told by some records that do not name it.
        let of_any_port = vec![
            EventName::PortClaimed,
            EventName::LaunchGaveUp,
            EventName::LaunchStopped,
            EventName::LaunchFailed,
        ];
        let filter = Filter { port: Some(port), of_any_port, until, ..Filter::default() };
        let mut timeline = Self {
            port,
            file: history.file().to_owned(),
            latest: VecDeque::new(),
            launches: HashSet::new(),
            owner: OwnerAtTime { state: Ownership::Unknown, since: None, before: None },
        };
        for found in history.forward(&filter)? {
            if let Found::Record(entry) = found?
                && let Ok(record) = entry.record()
            {
                timeline.add(Told { record, entry });
            }
        }
        Ok(timeline)
    }

    fn add(&mut self, told: Told) {
        if told.record.event.is_about(self.port) {
            if matches!(told.record.event, Event::ServerReady(_)) {
                self.launches.insert(told.record.launch_id);
            }
            if self.latest.len() == SHOWN {
                self.latest.pop_front();
            }
            self.latest.extend(serde_json::from_str::<Value>(&told.entry.text));
        }
        self.owner.follow(told, self.port);
    }

    /// The last records about the port, oldest first.
    #[must_use]
    pub fn latest(&self) -> &VecDeque<Value> {
        &self.latest
    }

    /// How many launches became ready there.
    #[must_use]
    pub fn launches(&self) -> usize {
        self.launches.len()
    }

    /// Where the record stands that tells who had the port: `{file, line}`, or null if none tells.
    #[must_use]
    pub fn source(&self) -> Value {
        let Some(told) = &self.owner.since else { return Value::Null };
        // The line is for a person to look up; where it cannot be counted the file is named alone.
        let line = line_number(&self.file, told.entry.offset).ok();
        json!({ "file": self.file, "line": line })
    }

    /// Who had the port at that time, without a full stop.
    #[must_use]
    pub fn sentence(&self, at: Timestamp) -> String {
        let port = self.port;
        let Some(Told { record, .. }) = &self.owner.since else {
            return format!("at {at} nothing is recorded of port {port} up to then");
        };
        let (app, since, launch) = (&record.app, record.ts, record.launch_id);
        let said = match self.owner.state {
            Ownership::Unknown => format!("nothing is recorded of port {port} up to then"),
            Ownership::Claimed => {
                format!("port {port} was held by {app}, whose server was not ready yet")
            }
            Ownership::Serving => format!(
                "port {port} was the port of {app}, which served there from {since:.6} (launch {launch})"
            ),
            Ownership::GaveUp => format!(
                "port {port} was still held by {app}, which had given up at {since:.6}: its server had failed too often"
            ),
            Ownership::Released => {
                format!("port {port} was not ours: {app} had let go of it at {since:.6}")
            }
            Ownership::EndedUnseen => format!(
                "port {port} was not ours: {app} ended there without a record, at the latest at {since:.6}, when it started again elsewhere"
            ),
            Ownership::Taken => format!(
                "port {port} was held by {}, which was found there at {since:.6}",
                holder(Some(record))
            ),
            Ownership::Freed => {
                let before = self.owner.before.as_ref().map(|told| &told.record);
                format!(
                    "port {port} was not ours: {} had let go of it at {since:.6}",
                    holder(before)
                )
            }
            Ownership::SetAside => {
                format!("port {port} was set aside by the system, as was found at {since:.6}")
            }
        };
        format!("at {at} {said}")
    }

    /// The same for a program.
    #[must_use]
    pub fn to_json(&self, at: Timestamp) -> Value {
        let since = self.owner.since.as_ref();
        // As it was written: what this version does not know of a record is in it as well.
        let record: Option<Value> =
            since.and_then(|told| serde_json::from_str(&told.entry.text).ok());
        let holder = match self.owner.state {
            Ownership::Freed => self.owner.before.as_ref(),
            _ => since,
        };
        let holder = holder.and_then(|told| told.record.event.conflict()?.holder.as_ref());
        let of = |key: &str| record.as_ref().map(|record| &record[key]);
        json!({
            "event": AnswerName::Explain,
            "port": self.port,
            "at": at,
            "then": self.owner.state,
            "since": of("ts"),
            "app": of("app"),
            "launch_id": of("launch_id"),
            "holder": holder,
            "record": self.source(),
            "launches": self.launches(),
            "history": self.latest,
        })
    }
}

/// The program that a conflict was with, as far as it is known.
fn holder(record: Option<&Record>) -> String {
    let holder = record.and_then(|record| record.event.conflict()?.holder.as_ref());
    holder.map_or_else(|| "another program".to_owned(), ToString::to_string)
}

impl OwnerAtTime {
    /// Who has `port` after this record.
    fn follow(&mut self, told: Told, port: Port) {
        let is_about_port = told.record.event.is_about(port);
        let state = match &told.record.event {
            Event::PortClaimed { .. } if is_about_port => Ownership::Claimed,
            // Whoever claims a port holds the lock of its app, so the launch before is over. A server
            // without a launcher holds no lock.
            Event::PortClaimed { .. } if self.is_held_by_another_launch_of(&told.record) => {
                Ownership::EndedUnseen
            }
            Event::ServerReady(_) if is_about_port => Ownership::Serving,
            Event::LaunchGaveUp(_) if self.is_held_by_launch_of(&told.record) => Ownership::GaveUp,
            Event::PortReleased(end) if is_about_port => match end.reason {
                EndReason::HomePortFree => Ownership::Freed,
                _ => Ownership::Released,
            },
            Event::LaunchStopped(_) | Event::LaunchFailed(_)
                if self.is_held_by_launch_of(&told.record) =>
            {
                Ownership::Released
            }
            Event::PortConflict(conflict) if is_about_port => match seen(conflict) {
                Some(state) => state,
                None => return,
            },
            _ => return,
        };
        let before = self.since.take().filter(|_| self.state == Ownership::Taken);
        *self = Self { state, since: Some(told), before };
    }

    /// The record of the launch that holds the port, if one does.
    fn holding(&self) -> Option<&Record> {
        let holds =
            matches!(self.state, Ownership::Claimed | Ownership::Serving | Ownership::GaveUp);
        self.since.as_ref().filter(|_| holds).map(|told| &told.record)
    }

    fn is_held_by_launch_of(&self, record: &Record) -> bool {
        self.holding().is_some_and(|holding| holding.launch_id == record.launch_id)
    }

    fn is_held_by_another_launch_of(&self, record: &Record) -> bool {
        self.holding().is_some_and(|holding| {
            let both = [holding.process, record.process];
            holding.app == record.app
                && holding.launch_id != record.launch_id
                && both == [Process::Launcher; 2]
        })
    }
}

/// Who has a port that a launch could not have; `None` if the conflict does not tell.
fn seen(conflict: &Conflict) -> Option<Ownership> {
    // The policy refused it unasked.
    conflict.os_error.as_ref()?;
    match conflict.class {
        // One of our own servers was found there.
        Class::OwnInstance | Class::ReservedByApp => None,
        Class::Excluded | Class::Restricted | Class::Privileged => Some(Ownership::SetAside),
        _ => Some(Ownership::Taken),
    }
}

#[cfg(test)]
mod test;
