//! The assignment: the remembered ports of an app, in `state/<app>/assignment.toml`.
//!
//! It is a memory and not the truth: the truth is a [claim](crate::claim). So it is written only
//! after a server on the port became ready, and an unreadable one is set aside and rebuilt from the
//! port history, which holds the same facts.

#[cfg(test)]
mod test;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use confy::ConfyError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    allotted_ports::AllottedPorts,
    app::AppName,
    app_lock::AppLock,
    atomic,
    conflict::Origin,
    event::{Event, EventName, RecoverySource},
    history::{Filter, Found, HistoryError, Reader},
    message, os,
    paths::Folders,
    port::Port,
    regular_file::{self, Links, NotReadable},
    trust::Untrusted,
};

/// The version of the file's format.
pub const SCHEMA: u32 = 1;

/// How many earlier good ports are kept: more than a person moves an app to, few enough to read.
pub const MAX_EARLIER: usize = 16;

/// The largest integer of a TOML file: a count beyond it could not be written.
const MAX_COUNT: u64 = i64::MAX as u64;

/// How much of the history is read for earlier good ports once the last good one is found, in bytes:
/// some 10,000 records, or 1,000 launches.
const RECALL_BUDGET: u64 = 4 << 20;

/// The remembered ports of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The version of the format.
    schema: u32,
    /// Counts the times that the assignment was written.
    pub generation: u64,
    /// The port of the last launch whose server became ready.
    pub last_good: Option<GoodPort>,
    /// Ports of launches before it, each once. An empty list is not written: in TOML a list without
    /// tables would have to stand before the table `last_good`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<GoodPort>,
}

/// What every version of the file has.
#[derive(Default, Serialize, Deserialize)]
struct OnlySchema {
    schema: u32,
}

/// A port on which a server became ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodPort {
    /// A server became ready on it.
    pub port: Port,
    /// Why it was chosen, the last time.
    pub origin: Origin,
    /// How many launches became ready on it.
    pub launches: u64,
    /// When the first launch became ready on it.
    pub first_at: Timestamp,
    /// When the last launch became ready on it.
    pub last_at: Timestamp,
}

/// Why an assignment cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AssignmentError {
    /// Reading the file failed.
    #[error("{}", unreadable(.0))]
    Unreadable(#[from] io::Error),
    /// The content is no assignment, for this reason.
    #[error("{0}")]
    Malformed(String),
    /// It has no port, and is no later than one that the port history has.
    #[error("{}", message!("assignment_error.cut_short"))]
    CutShort,
    /// The number of a format later than [`SCHEMA`].
    #[error("{}", message!("assignment_error.newer", schema = .0, ours = SCHEMA))]
    Newer(u32),
}

/// What stands in the place of the file, or who may write to it, says enough of itself.
fn unreadable(error: &io::Error) -> String {
    match NotReadable::of(error).is_some() || Untrusted::of(error).is_some() {
        true => error.to_string(),
        false => message!("assignment_error.unreadable", error),
    }
}

/// An assignment as read from its file, or rebuilt from the port history.
#[derive(Debug, Default)]
pub struct LoadedAssignment {
    /// Empty if neither the file nor the history has a port.
    pub assignment: Assignment,
    /// What was recovered; `None` if the file was readable.
    pub recovery: Option<Recovery>,
    /// Why the file cannot be read and was not set aside: its content may be right.
    pub left: Option<io::Error>,
    /// Why nothing was recovered from the port history, if it cannot be read or is not trusted.
    pub history_error: Option<HistoryError>,
}

/// A memory that was lost and rebuilt.
#[derive(Debug, PartialEq, Eq)]
pub struct Recovery {
    /// What was wrong with the file.
    pub problem: String,
    /// Where the unreadable file is now, if there was one and it could be moved.
    pub set_aside: Option<std::path::PathBuf>,
    /// Where the ports were taken from.
    pub source: RecoverySource,
}

impl Assignment {
    /// Reads an assignment.
    ///
    /// # Errors
    ///
    /// [`AssignmentError`] if something is wrong with the file; [`io::ErrorKind::NotFound`] within it
    /// that there is none.
    pub fn load(file: &Path) -> Result<Self, AssignmentError> {
        // confy makes a file that is absent and reads whatever it finds, so this looks first, and waits while
        // another program has it open.
        atomic::patiently(|| regular_file::read(file, Links::Refused))?;
        let assignment: Self = confy::load_path(file).map_err(|error| match error {
            ConfyError::BadTomlData(_) => match confy::load_path(file) {
                Ok(OnlySchema { schema }) if schema > SCHEMA => AssignmentError::Newer(schema),
                _ => AssignmentError::Malformed(message!("assignment_error.malformed")),
            },
            ConfyError::GeneralLoadError(error) | ConfyError::ReadConfigurationFileError(error) => {
                AssignmentError::Unreadable(error)
            }
            other => AssignmentError::Malformed(other.to_string()),
        })?;
        match assignment.schema {
            0 => Err(AssignmentError::Malformed(message!("assignment_error.no_schema"))),
            SCHEMA => Ok(assignment),
            newer => Err(AssignmentError::Newer(newer)),
        }
    }

    /// Reads an assignment that is not known to be cut short. What is left of one is a whole file with an earlier
    /// generation and no port, as is one that was forgotten, which has a later generation.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load), and [`AssignmentError::CutShort`].
    pub fn load_whole(
        file: &Path,
        history: &Reader,
        app: &AppName,
    ) -> Result<Self, AssignmentError> {
        let assignment = Self::load(file)?;
        if assignment.last_good.is_none()
            && let Ok(recorded) = Self::from_history(history, app)
            && recorded.last_good.is_some()
            && assignment.generation <= recorded.generation
        {
            return Err(AssignmentError::CutShort);
        }
        Ok(assignment)
    }

    /// Reads the assignment of `app` from `file`, or rebuilds it from `history`.
    ///
    /// Only the holder of the app's lock may call this: another process may be changing the file.
    ///
    /// Never fails: an unreadable file is set aside as `.bad-<time>`, or left where that cannot be done, and the
    /// worst that can happen is that nothing is remembered.
    pub fn load_or_recover(file: &Path, history: &Reader, app: &AppName) -> LoadedAssignment {
        let error = match Self::load_whole(file, history, app) {
            Ok(assignment) => {
                return LoadedAssignment { assignment, ..LoadedAssignment::default() };
            }
            Err(error) => error,
        };
        let missing =
            matches!(&error, AssignmentError::Unreadable(e) if e.kind() == io::ErrorKind::NotFound);
        let (assignment, history_error) = match Self::from_history(history, app) {
            Ok(assignment) => (assignment, None),
            Err(error) => (Self::default(), Some(error)),
        };
        if missing && assignment.last_good.is_none() {
            return LoadedAssignment { assignment, history_error, ..LoadedAssignment::default() };
        }
        let set_aside = match &error {
            _ if missing => Some(None),
            AssignmentError::Unreadable(error) if os::is_out_of_files(error) => None,
            _ => atomic::set_aside(file).ok().map(Some),
        };
        let Some(set_aside) = set_aside else {
            let left = Some(match error {
                AssignmentError::Unreadable(error) => error,
                other => io::Error::other(other),
            });
            return LoadedAssignment {
                assignment,
                left,
                history_error,
                ..LoadedAssignment::default()
            };
        };
        let source = match assignment.last_good {
            Some(_) => RecoverySource::PortHistory,
            None => RecoverySource::Defaults,
        };
        let recovery = Recovery {
            problem: if missing { message!("assignment_error.missing") } else { error.to_string() },
            set_aside,
            source,
        };
        LoadedAssignment { assignment, recovery: Some(recovery), left: None, history_error }
    }

    /// The ports that other apps of this user remember or were given, each with its app. What cannot be read
    /// reserves nothing.
    pub fn of_other_apps(folders: &Folders, own: &AppName) -> BTreeMap<Port, AppName> {
        let entries = fs::read_dir(folders.state()).into_iter().flatten().flatten();
        let apps = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<AppName>().ok());
        let of_app = |app: AppName| {
            let ports = Self::all_ports(folders, &app);
            ports.into_iter().map(|port| (port, app.clone())).collect::<Vec<_>>()
        };
        apps.filter(|app| app != own).flat_map(of_app).collect()
    }

    /// Every port that `app` remembers or was given: those of its assignment, its further ports, and its first choice
    /// as long as it has no last good port. What cannot be read has none.
    pub fn all_ports(folders: &Folders, app: &AppName) -> Vec<Port> {
        let assignment = Self::load(&folders.assignment(app)).unwrap_or_default();
        let allotted = AllottedPorts::of(folders, app);
        let first = allotted.first_choice.filter(|_| assignment.last_good.is_none());
        let good = assignment.ports().map(|good| good.port);
        good.chain(allotted.ports.into_values()).chain(first).collect()
    }

    /// The assignment that the records of `app` lead to, without forgotten ports. They are read from the
    /// end, until it is full or, once a port is found, [`RECALL_BUDGET`] is used up.
    fn from_history(history: &Reader, app: &AppName) -> Result<Self, HistoryError> {
        let events = [EventName::PortAssigned, EventName::PortForgotten];
        let filter = Filter { app: Some(app.clone()), ..Filter::of_events(events) };
        let (mut newest_first, mut forgotten) = (Vec::new(), BTreeSet::new());
        let mut known = BTreeSet::new();
        let mut found = history.backward(&filter)?;
        let end = found.at();
        // The last good port is what counts; earlier ones are worth a look, not a wait.
        let is_enough = |known: &BTreeSet<_>, at| {
            known.len() > MAX_EARLIER || !known.is_empty() && end - at > RECALL_BUDGET
        };
        while !found.is_done() && !is_enough(&known, found.at()) {
            let record = match found.step()? {
                Some(Found::Record(entry)) => entry.record().ok(),
                Some(Found::Damage(_)) | None => None,
            };
            match record.map(|record| (record.ts, record.event)) {
                Some((_, Event::PortForgotten { port, .. })) => drop(forgotten.insert(port)),
                Some((ts, Event::PortAssigned { port, generation, .. }))
                    if !forgotten.contains(&port) =>
                {
                    known.insert(port);
                    newest_first.push((port, generation, ts));
                }
                _ => {}
            }
        }
        let mut assignment = Self { schema: SCHEMA, ..Self::default() };
        for (port, generation, ts) in newest_first.into_iter().rev() {
            assignment.assign(port, Origin::LastGood, ts);
            assignment.generation = assignment.generation.max(generation);
        }
        Ok(assignment)
    }

    /// Makes `port` the last good one.
    pub fn assign(&mut self, port: Port, origin: Origin, now: Timestamp) {
        let known = self.ports().find(|good| good.port == port).copied();
        let previous = self.last_good.replace(GoodPort {
            port,
            origin,
            launches: next(known.map_or(0, |good| good.launches)),
            first_at: known.map_or(now, |good| good.first_at),
            last_at: now,
        });
        self.earlier.extend(previous);
        self.earlier.retain(|good| good.port != port);
        self.earlier.sort_by_key(|good| {
            (std::cmp::Reverse(good.launches), std::cmp::Reverse(good.last_at), good.port)
        });
        self.earlier.truncate(MAX_EARLIER);
        self.schema = SCHEMA;
        self.generation = next(self.generation);
    }

    /// Forgets every port. What is left is written like any other assignment: an absent file would
    /// be recovered from the port history.
    pub fn forget(&mut self) {
        let generation = next(self.generation);
        *self = Self { schema: SCHEMA, generation, ..Self::default() };
    }

    /// Every remembered port, the last good one first, then the best record first.
    pub fn ports(&self) -> impl Iterator<Item = &GoodPort> {
        self.last_good.iter().chain(&self.earlier)
    }

    /// Writes the assignment, whole or not at all. Only who holds the app's lock may.
    ///
    /// # Errors
    ///
    /// Whatever the disk refuses it with; the old file is then still there.
    pub fn commit(&self, file: &Path, _held: &AppLock) -> io::Result<()> {
        atomic::replace(file, |beside| confy::store_path(beside, self).map_err(system_error))
    }
}

/// What the system refused confy with.
fn system_error(error: ConfyError) -> io::Error {
    match error {
        ConfyError::OpenConfigurationFileError(error)
        | ConfyError::WriteConfigurationFileError(error) => error,
        error => io::Error::other(error),
    }
}

/// The count after this one; the largest that can be written stays.
fn next(count: u64) -> u64 {
    count.saturating_add(1).min(MAX_COUNT)
}
