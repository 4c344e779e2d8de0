//! What must be true of the whole port history in the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use jiff::Timestamp;
use serde_json::Value;

use super::world::Killed;
use crate::{Home, records};

/// All violations found in a history, not only the first.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn unless(&mut self, holds: bool, finding: impl FnOnce() -> String) {
        self.0.extend((!holds).then(finding));
    }
}

/// Audits the history, each line of which is held to the schema; returns how many records it has. Of the
/// launches `without_room` records may be missing.
pub(super) fn audit(home: &Home, killed: &Killed, without_room: &BTreeSet<String>) -> usize {
    let history = whole_history(home);
    let has_room = |record: &&Value| !without_room.contains(text(record, "launch_id"));
    let complete: Vec<_> = history.iter().filter(has_room).cloned().collect();
    records::assert_none_is_lost(&complete);
    let mut findings = Findings::default();
    let mut launches: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for record in complete.iter().filter(|record| record["process"] == "launcher") {
        launches.entry(text(record, "launch_id")).or_default().push(record);
    }
    let remembered = remembered_by(&history);
    for (id, launch) in &launches {
        let last_good = remembered.get(id).copied().flatten();
        refused_before_claimed(launch, last_good, &mut findings);
        servers_are_known(launch, &mut findings);
        if !killed.contains_key(*id) {
            has_an_end(launch, &mut findings);
            every_server_has_an_end(launch, &mut findings);
        }
    }
    generations_grow(&history, &mut findings);
    one_at_a_time(&complete, killed, &mut findings);
    let assigned = history.iter().rfind(|record| record["event"] == "port_assigned");
    let assigned = assigned.map(|record| (record["port"].as_u64(), record["generation"].as_u64()));
    let remembered = home.assignment().map(|assignment| {
        let last_good = assignment.last_good.map(|good| u64::from(good.port.get()));
        (last_good, Some(assignment.generation))
    });
    findings.unless(assigned == remembered, || {
        format!("the last port_assigned is {assigned:?}, and {remembered:?} is remembered")
    });
    assert!(findings.0.is_empty(), "the history is wrong:\n{}", findings.0.join("\n"));
    history.len()
}

/// The records of the files that were renamed, in their order, and then those of the last.
fn whole_history(home: &Home) -> Vec<Value> {
    let live = home.folders().history();
    let folder = fs::read_dir(home.folders().logs()).expect("there").flatten();
    let renamed = folder.map(|entry| entry.path()).filter(|path| is_renamed(path, &live));
    let mut files: Vec<_> = renamed.collect();
    files.sort();
    files.push(live);
    files.iter().flat_map(|file| records::read(file)).collect()
}

/// Whether `path` is what [`LogsRenamed`](super::fault::Fault::LogsRenamed) makes of `log`.
fn is_renamed(path: &Path, log: &Path) -> bool {
    path.file_stem() == log.file_name()
}

fn text<'r>(record: &'r Value, key: &str) -> &'r str {
    record[key].as_str().expect("a record has it")
}

/// The last good port at the time of each launch's first claim. The record of the start may have an
/// earlier one, because the launch may have waited for another since.
fn remembered_by(history: &[Value]) -> BTreeMap<&str, Option<&Value>> {
    let (mut remembered, mut last_good) = (BTreeMap::new(), None);
    for record in history {
        match text(record, "event") {
            "port_assigned" => last_good = Some(&record["port"]),
            "port_claimed" | "port_reserved" => {
                remembered.entry(text(record, "launch_id")).or_insert(last_good);
            }
            _ => {}
        }
    }
    remembered
}

/// I4: a candidate that was tried first and refused is on record before the one that was claimed.
fn refused_before_claimed(launch: &[&Value], last_good: Option<&Value>, findings: &mut Findings) {
    let (mut refused, mut is_first) = (Vec::new(), true);
    for record in launch {
        match text(record, "event") {
            "port_conflict" => refused.push(&record["port"]),
            "port_claimed" | "port_reserved" => {
                // Moves that were refused have left theirs, and claimed nothing.
                let before = record["tried"].as_u64().unwrap_or(0) as usize - 1;
                let all_are_there = refused.len() == before || !is_first && refused.len() > before;
                findings.unless(all_are_there, || format!("I4: {refused:?}, and then {record}"));
                if is_first {
                    let home = Some(&launch[0]["home_port"]).filter(|port| !port.is_null());
                    let tried = home.into_iter().chain(last_good);
                    for port in tried.take_while(|port| **port != record["port"]) {
                        let is_there = refused.contains(&port);
                        findings.unless(is_there, || format!("I6: {port} before {record}"));
                    }
                }
                is_first = false;
                refused.clear();
            }
            _ => {}
        }
    }
}

/// Each server that becomes ready has a record of its start before.
fn servers_are_known(launch: &[&Value], findings: &mut Findings) {
    let mut spawned = BTreeSet::new();
    for record in launch {
        let pid = record["server_pid"].as_u64();
        match text(record, "event") {
            "server_spawned" => drop(spawned.insert(pid)),
            "server_ready" => {
                findings.unless(spawned.contains(&pid), || format!("never started: {record}"));
            }
            _ => {}
        }
    }
}

fn has_an_end(launch: &[&Value], findings: &mut Findings) {
    let last = launch[launch.len() - 1];
    let is_end = matches!(text(last, "event"), "launch_stopped" | "launch_failed");
    findings.unless(is_end, || format!("a launch has no end after {last}"));
}

/// The starts of a launch are counted from 1, and so are the ends.
fn every_server_has_an_end(launch: &[&Value], findings: &mut Findings) {
    let started = launch.iter().filter(|record| record["event"] == "server_spawned").count();
    let exits = launch.iter().filter(|record| record["event"] == "server_exited");
    let mut ended: Vec<_> = exits.filter_map(|record| record["attempt"].as_u64()).collect();
    ended.sort_unstable();
    findings.unless(ended.iter().copied().eq(1..=started as u64), || {
        let id = &launch[0]["launch_id"];
        format!("launch {id} has started {started} servers, and these have ended: {ended:?}")
    });
}

fn generations_grow(history: &[Value], findings: &mut Findings) {
    let mut last = 0;
    for record in history.iter().filter(|record| record["event"] == "port_assigned") {
        let generation = record["generation"].as_u64().unwrap_or(0);
        findings.unless(generation > last, || format!("generation {last} was before {record}"));
        last = generation;
    }
}

/// I8: a launch that claims a port holds the app's lock, so the previous launch has ended.
fn one_at_a_time(history: &[Value], killed: &Killed, findings: &mut Findings) {
    let mut holder: Option<&str> = None;
    for record in history.iter().filter(|record| record["process"] == "launcher") {
        let launch = text(record, "launch_id");
        match text(record, "event") {
            "port_claimed" | "port_reserved" => {
                if let Some(other) = holder.filter(|holder| *holder != launch) {
                    let now: Timestamp = text(record, "ts").parse().expect("a time");
                    let is_gone = killed.get(other).is_some_and(|when| *when < now);
                    findings.unless(is_gone, || format!("I8: {other} was there at {record}"));
                }
                holder = Some(launch);
            }
            "launch_stopped" | "launch_failed" if holder == Some(launch) => holder = None,
            _ => {}
        }
    }
}
