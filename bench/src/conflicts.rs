//! The last good port and a thousand more candidates taken, every conflict recorded.

use std::{io, path::Path};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::{
    claim::{self, Claim},
    history::{Filter, Reader},
    port::{Port, PortRange},
};

use crate::{
    programs::StartedProgram,
    stats::{Row, median, take_turns, time},
};

/// A range of this many ports, all taken but the one that the launch ends on.
const TAKEN: u16 = 1001;

const ROUNDS: usize = 15;

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    // Two sockets for each port that is held.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;

    let home = tempfile::tempdir()?;
    let (first, last) = (Port::new(25000), Port::new(25000 + TAKEN - 1));
    let range = first.zip(last).and_then(|(first, last)| PortRange::new(first, last).ok());
    let range = range.ok_or(io::ErrorKind::InvalidInput)?;
    let (mut free, mut taken, mut recorded) = (vec![], vec![], 0);
    for _ in 0..ROUNDS {
        free.push(launch(range, home.path())?);
        let held: Vec<Claim> = range.ports().filter_map(|port| claim::port(port).ok()).collect();
        let before = conflicts(home.path())?;
        taken.push(launch(range, home.path())?);
        recorded = conflicts(home.path())? - before;
        drop(held);
    }
    let held: Vec<Claim> = range.ports().filter_map(|port| claim::port(port).ok()).collect();
    let mut refused = || range.ports().for_each(|port| drop(claim::port(port)));
    let [refused] = take_turns(ROUNDS, [&mut refused]);
    drop(held);
    let more = median(taken) - median(free);
    Ok(vec![Row {
        what: format!("{recorded} candidates taken and recorded, more than a free one"),
        ours: time(more),
        peer: format!("as many refused claims alone: {}", time(refused)),
        ratio: format!("{:.2} ×", more / refused),
    }])
}

/// The seconds from the start of the launcher to its line that the server is ready.
fn launch(range: PortRange, home: &Path) -> io::Result<f64> {
    let arguments = ["--no-open", "--json", "--range", &range.to_string()];
    StartedProgram::start("launcher", &arguments, home)?.ready().map(|(time, _)| time)
}

fn conflicts(home: &Path) -> io::Result<usize> {
    let history = Reader::of_history(&home.join("logs").join("port-history.jsonl"));
    let found = history.conflicts(&Filter::default()).map_err(io::Error::other)?;
    Ok(usize::try_from(found.total).unwrap_or_default())
}
