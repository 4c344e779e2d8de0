//! The running instance of an app, where nothing that leads to it is left and nothing of it answers.
//!
//! Its history says which processes had which port last. A process that was started before the record and
//! holds a socket on that port, listening or reserved for a program, is still the same one: stopped, or busy.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    app::AppName,
    diagnose,
    event::{Event, EventName, Process},
    history::{Entry, Filter, Found, HistoryError, Reader},
    os::{self, SocketTables, System},
    paths::Folders,
    port::Port,
    trust::Purpose,
};

/// How many records are looked at: an attempt to move leaves two, and its port may not be the app's.
const RECORDS: usize = 6;

/// How much of the history is read for them, in bytes: some 20,000 records, of all apps.
const BUDGET: u64 = 8 << 20;

/// How far the time of a record and the start of its process, each to the clock's best, may be apart.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// A process that has the app on a port: the launcher, or the server if it has none.
#[derive(Debug, Clone)]
pub struct RecordedProcess {
    /// Its process id.
    pub pid: u32,
    /// Where it listens, for itself or for its server, or what it keeps for its program.
    pub port: Port,
    /// Launcher or server.
    pub program: Process,
    /// The launch that its records have.
    pub launch_id: Uuid,
    /// The version of its program.
    pub version: String,
    then: Timestamp,
}

/// The last processes of an app that its history names.
#[derive(Debug)]
pub struct RecordedProcesses(Vec<RecordedProcess>);

impl RecordedProcesses {
    /// Reads them. There are none if the history cannot be read, is not trusted or is of another computer.
    pub fn read(folders: &Folders, app: &AppName) -> Self {
        Self(recorded(folders, app).unwrap_or_default())
    }

    /// The process that has the app now, by the tables of the system.
    pub fn running(&self) -> Option<&RecordedProcess> {
        self.0.iter().find(|found| found.is_alive() && diagnose::is_holder(found.pid, found.port))
    }
}

impl RecordedProcess {
    /// Whether the process with this number is still the one of the record.
    fn is_alive(&self) -> bool {
        let process = System::default().process(self.pid);
        let started = process.map(|process| process.holder.started_at);
        started.is_some_and(|at| at.is_none_or(|at| at <= self.then + SLACK))
    }
}

/// The last processes of the app, the latest first, and launchers before servers. The server of a launcher is not
/// among them: it ends after its launcher.
///
/// # Errors
///
/// If the history cannot be read.
fn recorded(folders: &Folders, app: &AppName) -> Result<Vec<RecordedProcess>, HistoryError> {
    let events = Filter::of_events([EventName::ServerSpawned, EventName::ServerListening]);
    let filter = Filter { app: Some(app.clone()), ..events };
    let history = Reader::of_trusted_history(folders, Purpose::Launch);
    let mut found = history.backward(&filter)?;
    let (end, mut all) = (found.at(), Vec::new());
    while !found.is_done() && all.len() < RECORDS && end - found.at() <= BUDGET {
        if let Some(Found::Record(entry)) = found.step()? {
            all.extend(of_entry(&entry));
        }
    }
    let is_launcher = |found: &RecordedProcess| found.program == Process::Launcher;
    let (mut launchers, mut servers): (Vec<_>, Vec<_>) = all.into_iter().partition(is_launcher);
    servers.retain(|server| launchers.iter().all(|found| found.launch_id != server.launch_id));
    launchers.append(&mut servers);
    Ok(launchers)
}

fn of_entry(entry: &Entry) -> Option<RecordedProcess> {
    let record = entry.record().ok().filter(|record| record.machine == os::machine_name())?;
    match record.event {
        Event::ServerSpawned(at) | Event::ServerListening(at) => Some(RecordedProcess {
            pid: record.pid,
            port: at.port,
            program: record.process,
            launch_id: record.launch_id,
            version: record.version,
            then: record.ts,
        }),
        _ => None,
    }
}
