//! The history of one port: a fold over the records about it, and over those that show
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
    message,
    messages::{Language, local_time},
    port::Port,
    sentences::{self, HolderTime},
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

/// Who had the port at that moment, as far as recorded. A launch that was killed leaves no
/// record of its end: it has the port until another program is seen there, or its app elsewhere.
#[derive(Debug, Clone)]
struct OwnerAtTime {
    state: Ownership,
    /// The record that this rests on.
    since: Option<FoundRecord>,
    /// The program that held the port before it became free.
    before: Option<FoundRecord>,
}

/// A record, and where it stands.
#[derive(Debug, Clone)]
struct FoundRecord {
    record: Record,
    entry: Entry,
}

impl PortTimeline {
    /// Reads the records of `history` about `port`, up to `until` if given. A missing file is an empty history.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(
        history: &Reader,
        port: Port,
        until: Option<Timestamp>,
    ) -> Result<Self, HistoryError> {
        let filter = Filter { port: Some(port), until, ..Filter::default() };
        let mut timeline = Self {
            port,
            file: history.file().to_owned(),
            latest: VecDeque::new(),
            launches: HashSet::new(),
            owner: OwnerAtTime { state: Ownership::Unknown, since: None, before: None },
        };
        for found in records_of(history, &filter, 0) {
            timeline.add(found?);
        }
        timeline.owner.look_behind(history, until)?;
        Ok(timeline)
    }

    fn add(&mut self, found: FoundRecord) {
        if matches!(found.record.event, Event::ServerReady(_)) {
            self.launches.insert(found.record.launch_id);
        }
        if self.latest.len() == SHOWN {
            self.latest.pop_front();
        }
        self.latest.extend(serde_json::from_str::<Value>(&found.entry.text));
        self.owner.follow(found);
    }

    /// The last records about the port, oldest first.
    pub fn latest(&self) -> &VecDeque<Value> {
        &self.latest
    }

    /// How many launches became ready there.
    pub fn launches(&self) -> usize {
        self.launches.len()
    }

    /// The place of the record of the owner: `{file, line}`, or null if there is none.
    pub fn source(&self) -> Value {
        let Some(found) = &self.owner.since else { return Value::Null };
        // The line is for a person to look up; where it cannot be counted the file is named alone.
        let line = line_number(&self.file, found.entry.offset).ok();
        json!({ "file": self.file.display().to_string(), "line": line })
    }

    /// Who had the port at that time, without a full stop, for a person at this computer.
    pub fn sentence(&self, at: Timestamp) -> String {
        let (port, time) = (self.port, local_time(at));
        match &self.owner.since {
            Some(found) if self.owner.state != Ownership::Unknown => {
                message!("past.at", time, what = self.owner_in_words(&found.record))
            }
            _ if self.latest.is_empty() => message!("past.nothing", time, port),
            _ => message!("past.no_owner", time, port),
        }
    }

    /// The owner as a sentence; `record` is the one that shows it.
    fn owner_in_words(&self, record: &Record) -> String {
        let port = self.port;
        let (app, since, launch) = (&record.app, local_time(record.ts), record.launch_id);
        match self.owner.state {
            Ownership::Unknown | Ownership::Claimed => message!("past.claimed", port, app),
            Ownership::Serving => message!("past.serving", port, app, since, launch),
            Ownership::GaveUp => message!("past.gave_up", port, app, since),
            Ownership::Released => message!("past.released", port, app, since),
            Ownership::EndedUnseen => message!("past.ended_unseen", port, app, since),
            Ownership::Taken if is_source(record) => message!("past.source_port", port, since),
            Ownership::Taken => {
                message!("past.taken", port, holder = holder(Some(record)), since)
            }
            Ownership::Freed => {
                let before = self.owner.before.as_ref().map(|found| &found.record);
                message!("past.freed", port, holder = holder(before), since)
            }
            Ownership::SetAside => message!("past.set_aside", port, since),
        }
    }

    /// The same for a program.
    pub fn to_json(&self, at: Timestamp) -> Value {
        let since = self.owner.since.as_ref();
        // As it was written: what this version does not know of a record is in it as well.
        let record: Option<Value> =
            since.and_then(|found| serde_json::from_str(&found.entry.text).ok());
        let holder = match self.owner.state {
            Ownership::Freed => self.owner.before.as_ref(),
            _ => since,
        };
        let holder = holder.and_then(|found| found.record.event.conflict()?.holder.as_ref());
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

fn is_source(record: &Record) -> bool {
    record.event.conflict().is_some_and(|conflict| conflict.class == Class::SourcePort)
}

/// The program that a conflict was with, as far as it is known.
fn holder(record: Option<&Record>) -> String {
    let holder = record.and_then(|record| record.event.conflict()?.holder.as_ref());
    holder.map_or_else(
        || message!("past.another"),
        |holder| sentences::holder(Language::English.messages(), holder, HolderTime::Local),
    )
}

/// The records that `filter` wants from `offset` on.
fn records_of(
    history: &Reader,
    filter: &Filter,
    offset: u64,
) -> impl Iterator<Item = Result<FoundRecord, HistoryError>> {
    let (found, error) = match history.forward_from(filter, offset) {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(Err(error))),
    };
    let records = found.into_iter().flatten().filter_map(|found| match found {
        Ok(Found::Record(entry)) => Some(Ok(FoundRecord { record: entry.record().ok()?, entry })),
        Ok(Found::Damage(_)) => None,
        Err(error) => Some(Err(error.into())),
    });
    error.into_iter().chain(records)
}

impl OwnerAtTime {
    /// Who has the port after this record about it.
    fn follow(&mut self, found: FoundRecord) {
        let state = match &found.record.event {
            Event::PortClaimed { .. } | Event::PortReserved { .. } => Ownership::Claimed,
            Event::ServerReady(_) => Ownership::Serving,
            Event::ServerExited(end) if self.is_served_by(end.server_pid) => Ownership::Claimed,
            Event::LaunchGaveUp(_) if self.is_held_by_launch_of(&found.record) => Ownership::GaveUp,
            Event::PortReleased(end) if end.reason == EndReason::HomePortFree => Ownership::Freed,
            Event::PortReleased(_) => Ownership::Released,
            Event::LaunchStopped(_) | Event::LaunchFailed(_)
                if self.is_held_by_launch_of(&found.record) =>
            {
                Ownership::Released
            }
            Event::PortConflict(conflict) => match seen(conflict) {
                Some(state) => state,
                None => return,
            },
            _ => return,
        };
        self.become_known(state, found);
    }

    fn become_known(&mut self, state: Ownership, found: FoundRecord) {
        let before = self.since.take().filter(|_| self.state == Ownership::Taken);
        *self = Self { state, since: Some(found), before };
    }

    /// The record of the launch that holds the port, if one does.
    fn holding(&self) -> Option<&FoundRecord> {
        let holds =
            matches!(self.state, Ownership::Claimed | Ownership::Serving | Ownership::GaveUp);
        self.since.as_ref().filter(|_| holds)
    }

    /// Whether the server with this process id is the one that serves there.
    fn is_served_by(&self, pid: Option<u32>) -> bool {
        self.since.as_ref().is_some_and(|found| match &found.record.event {
            Event::ServerReady(ready) => Some(ready.at.server_pid) == pid,
            _ => false,
        })
    }

    fn is_held_by_launch_of(&self, record: &Record) -> bool {
        self.holding().is_some_and(|holding| holding.record.launch_id == record.launch_id)
    }

    /// Whether the launch that has the port has ended since: some records show that without naming
    /// the port, and one that was killed left none.
    fn look_behind(
        &mut self,
        history: &Reader,
        until: Option<Timestamp>,
    ) -> Result<(), HistoryError> {
        let Some(FoundRecord { record, entry }) = self.holding() else { return Ok(()) };
        let (app, launch, offset) = (record.app.clone(), record.launch_id, entry.offset);
        let (is_launcher, machine) = (record.process == Process::Launcher, record.machine.clone());
        let ends = [EventName::LaunchGaveUp, EventName::LaunchStopped, EventName::LaunchFailed];
        let of_launch = Filter { launch_id: Some(launch), until, ..Filter::of_events(ends) };
        for found in records_of(history, &of_launch, offset) {
            let found = found?;
            let state = match found.record.event {
                Event::LaunchGaveUp(_) => Ownership::GaveUp,
                _ => Ownership::Released,
            };
            self.become_known(state, found);
        }
        // A launcher that claims a port holds the lock of its app on its machine, so the launch before
        // is over there. A server without a launcher holds no lock.
        if !is_launcher || self.holding().is_none() {
            return Ok(());
        }
        let claims = Filter::of_events([EventName::PortClaimed, EventName::PortReserved]);
        let of_app = Filter { app: Some(app), until, ..claims };
        for found in records_of(history, &of_app, offset) {
            let found = found?;
            let is_another = found.record.launch_id != launch && found.record.machine == machine;
            if is_another && found.record.process == Process::Launcher {
                self.become_known(Ownership::EndedUnseen, found);
                break;
            }
        }
        Ok(())
    }
}

/// Who has a port that a launch could not have; `None` if the conflict has no holder.
fn seen(conflict: &Conflict) -> Option<Ownership> {
    // The policy refused it unasked.
    conflict.os_error.as_ref()?;
    match conflict.class {
        // One of our own servers was found there, or the number alone was refused.
        Class::OwnInstance | Class::ReservedByApp => None,
        Class::BrowserBlocked | Class::Ephemeral | Class::Crowded => None,
        Class::Excluded | Class::Restricted | Class::Privileged => Some(Ownership::SetAside),
        _ => Some(Ownership::Taken),
    }
}

#[cfg(test)]
mod test;
