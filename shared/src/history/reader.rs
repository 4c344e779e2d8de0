//! Reading the port history.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::{app::AppName, port::Port};

/// What every record carries, and the ports that some do. Other keys are left unread, so that a
/// newer program's records can be read as well.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// When.
    pub ts: Timestamp,
    /// What happened.
    pub event: String,
    /// To which app.
    pub app: String,
    /// In which launch.
    pub launch_id: Uuid,
    /// The writer's count of its records.
    pub seq: u64,
    /// The port it is about, if it is about one.
    #[serde(default)]
    pub port: Option<Port>,
    /// The generation of a `port_assigned`.
    #[serde(default)]
    pub generation: Option<u64>,
}

/// Reads records, oldest first. A line that is no record (a crash may have cut it) is passed over.
///
/// # Errors
///
/// If the file cannot be opened; [`io::ErrorKind::NotFound`] if there is no history yet.
pub fn records(file: &Path) -> io::Result<impl Iterator<Item = Record>> {
    lines_with(file, &[b"{"])
}

/// The records of lines that contain one of the `needles`: most lines are thrown away unparsed.
fn lines_with(
    file: &Path,
    needles: &'static [&'static [u8]],
) -> io::Result<impl Iterator<Item = Record>> {
    let lines = BufReader::new(File::open(file)?).split(b'\n').map_while(Result::ok);
    let holds = |line: &[u8], needle: &[u8]| line.windows(needle.len()).any(|part| part == needle);
    Ok(lines
        .filter(move |line| needles.iter().any(|needle| holds(line, needle)))
        .filter_map(|line| serde_json::from_slice(&line).ok()))
}

/// The remembered ports of `app` as the history tells them, the latest last: what is left of an
/// assignment whose file is gone. What a person had forgotten is left out, and no history is an empty
/// one.
#[must_use]
pub fn last_assignments(file: &Path, app: &AppName) -> Vec<Record> {
    let told = lines_with(file, &[br#""event":"port_assigned""#, br#""event":"port_forgotten""#]);
    let mut assigned: Vec<Record> = Vec::new();
    for record in told.into_iter().flatten().filter(|record| record.app == app.as_str()) {
        match record.event.as_str() {
            "port_assigned" if record.port.is_some() => assigned.push(record),
            "port_forgotten" => assigned.retain(|earlier| earlier.port != record.port),
            _ => {}
        }
    }
    assigned
}
