//! What must be true of the whole port history in the end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::scene::Killed;
use crate::{Home, records};

/// Audits the history, each line of which is held to the schema; returns how many records it has.
#[track_caller]
pub(super) fn audit(home: &Home, killed: &Killed) -> usize {
    let history = home.history();
    records::assert_none_is_lost(&history);
    let mut launches: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for record in &history {
        launches.entry(text(record, "launch_id")).or_default().push(record);
    }
    for (launch, records) in &launches {
        let own: Vec<_> = records.iter().copied().filter(|r| r["process"] == "launcher").collect();
        refused_before_claimed(&own);
        servers_are_known(&own);
        if !killed.contains_key(*launch) {
            has_an_end(&own);
            every_server_has_an_end(&own);
        }
    }
    generations_grow(&history);
    one_at_a_time(&history, killed);
    let assigned = history.iter().rfind(|record| record["event"] == "port_assigned");
    let assigned = assigned.map(|record| (record["port"].as_u64(), record["generation"].as_u64()));
    let remembered = home.assignment().expect("it is remembered");
    let last_good = home.last_good().map(u64::from);
    assert_eq!(assigned, Some((last_good, Some(remembered.generation))), "what is remembered");
    history.len()
}

fn text<'r>(record: &'r Value, key: &str) -> &'r str {
    record[key].as_str().expect("a record has it")
}

/// I4: whoever was to be tried first and was not had is on record before the one that was.
#[track_caller]
fn refused_before_claimed(launch: &[&Value]) {
    let mut refused = Vec::new();
    let mut is_first = true;
    for record in launch {
        match text(record, "event") {
            "port_conflict" => refused.push(&record["port"]),
            "port_claimed" => {
                let tried = record["tried"].as_u64().expect("a number") as usize;
                assert!(refused.len() >= tried - 1, "I4: not all refusals are there: {record}");
                if std::mem::take(&mut is_first) {
                    assert_eq!(refused.len(), tried - 1, "I4: {refused:?} and then {record}");
                    let [home, last_good] = ["home_port", "last_good"].map(|key| &launch[0][key]);
                    for wanted in [home, last_good].into_iter().filter(|port| !port.is_null()) {
                        if *wanted == record["port"] {
                            break;
                        }
                        assert!(refused.contains(&wanted), "I4, I6: {wanted} before {record}");
                    }
                }
                refused.clear();
            }
            _ => {}
        }
    }
}

/// Whoever becomes ready was started before.
#[track_caller]
fn servers_are_known(launch: &[&Value]) {
    let mut spawned = BTreeSet::new();
    for record in launch {
        match text(record, "event") {
            "server_spawned" => drop(spawned.insert(record["server_pid"].as_u64())),
            "server_ready" => {
                assert!(
                    spawned.contains(&record["server_pid"].as_u64()),
                    "never started: {record}"
                );
            }
            _ => {}
        }
    }
}

#[track_caller]
fn has_an_end(launch: &[&Value]) {
    let last = launch.last().expect("a launch has records");
    let event = text(last, "event");
    assert!(
        matches!(event, "launch_stopped" | "launch_failed"),
        "a launch has no end after {last}"
    );
}

/// The starts of a launch are counted from 1, and so are the ends.
#[track_caller]
fn every_server_has_an_end(launch: &[&Value]) {
    let started = launch.iter().filter(|record| record["event"] == "server_spawned").count();
    let exits = launch.iter().filter(|record| record["event"] == "server_exited");
    let mut ended: Vec<_> = exits.filter_map(|record| record["attempt"].as_u64()).collect();
    ended.sort_unstable();
    let expected: Vec<_> = (1..=started as u64).collect();
    assert_eq!(ended, expected, "a server of {} has no end, or two", launch[0]["launch_id"]);
}

#[track_caller]
fn generations_grow(history: &[Value]) {
    let mut last = 0;
    for record in history.iter().filter(|record| record["event"] == "port_assigned") {
        let generation = record["generation"].as_u64().expect("a number");
        assert!(generation > last, "generation {last} was there before {record}");
        last = generation;
    }
}

/// I8: whoever claims a port holds the app's lock, so the one before is over.
#[track_caller]
fn one_at_a_time(history: &[Value], killed: &Killed) {
    let mut holder: Option<&str> = None;
    for record in history.iter().filter(|record| record["process"] == "launcher") {
        let launch = text(record, "launch_id");
        match text(record, "event") {
            "port_claimed" => {
                if let Some(other) = holder.filter(|holder| *holder != launch) {
                    let now: Timestamp = text(record, "ts").parse().expect("a time");
                    let is_gone = killed.get(other).is_some_and(|when| *when < now);
                    assert!(is_gone, "I8: {other} was there at {record}");
                }
                holder = Some(launch);
            }
            "launch_stopped" | "launch_failed" if holder == Some(launch) => holder = None,
            _ => {}
        }
    }
}
