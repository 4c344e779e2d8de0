//! The port history as a test sees it: every line whole, complete and allowed by the schema.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::OnceLock,
    time::Duration,
};

use serde_json::Value;
use shared::{
    history::{
        Filter, Found, Reader, line_number,
        schema::{self, schema},
    },
    keys,
};

use crate::wait::wait_at_most;

/// How long the last line may not be whole: a program may be writing it.
const WRITTEN_IN: Duration = Duration::from_secs(1);

/// Reads a history and checks each of its records; an absent file is an empty history.
///
/// # Panics
///
/// If a line is not a record.
#[track_caller]
pub(crate) fn read(file: &Path) -> Vec<Value> {
    let mut damage = String::new();
    let lines = wait_at_most(WRITTEN_IN, || match lines(file) {
        Ok(lines) => Some(lines),
        Err(why) => {
            damage = why;
            None
        }
    });
    let lines = lines.unwrap_or_else(|| panic!("{damage}:\n{}", excerpt(file)));
    lines.iter().map(|line| record(line)).collect()
}

/// The records as they are written, or why there is more than that.
#[track_caller]
fn lines(file: &Path) -> Result<Vec<String>, String> {
    let found = Reader::of_history(file).forward(&Filter::default());
    let found = found.unwrap_or_else(|error| panic!("{error}: {}", file.display()));
    let lines = found.map(|found| match found.expect("the history can be read") {
        Found::Record(entry) => Ok(entry.text),
        Found::Damage(damage) => {
            let line = line_number(file, damage.offset).unwrap_or_default();
            Err(format!("line {line} is no record ({})", damage.kind))
        }
    });
    let lines = lines.collect::<Result<_, _>>()?;
    if ends_whole(file) { Ok(lines) } else { Err("the last line is cut".to_owned()) }
}

/// Whether a file is empty or absent, or its last line has an end.
fn ends_whole(file: &Path) -> bool {
    let Ok(mut file) = File::open(file) else { return true };
    let mut last = [0];
    file.seek(SeekFrom::End(-1)).is_err() || file.read_exact(&mut last).is_ok() && last == *b"\n"
}

/// The beginning of a log (64 KiB), for the message of a failed test.
pub(crate) fn excerpt(file: &Path) -> String {
    // A test may have put anything there, also what has no end.
    let opened = File::open(file);
    let mut text = Vec::new();
    let _ = opened.and_then(|file| file.take(1 << 16).read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

#[track_caller]
fn record(line: &str) -> Value {
    let record: Value = serde_json::from_str(line)
        .unwrap_or_else(|error| panic!("a line of the history is not JSON ({error}): {line}"));
    let keys = record.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    assert!(
        keys.take(keys::COMMON.len()).eq(keys::COMMON),
        "a record begins with {:?}: {line}",
        keys::COMMON
    );
    let problems: Vec<_> = validator()
        .iter_errors(&record)
        .map(|problem| format!("{problem} at `{}`", problem.instance_path()))
        .collect();
    assert!(problems.is_empty(), "the schema forbids {line}\n{}", problems.join("\n"));
    record
}

/// Checks records against the schema for writers, which allows no other keys.
fn validator() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let options = jsonschema::options().should_validate_formats(true);
        options.build(&schema(schema::SchemaReader::Test)).expect("the schema is one")
    })
}

/// Panics if a writer has left out a record: each counts its own from 0.
#[track_caller]
pub(crate) fn assert_none_is_lost(records: &[Value]) {
    let mut next: BTreeMap<(u64, String, String), u64> = BTreeMap::new();
    for record in records {
        let pid = record["pid"].as_u64().expect("a record names its writer");
        let writer = (pid, record["launch_id"].to_string(), record["process"].to_string());
        let expected = next.entry(writer).or_default();
        assert_eq!(record["seq"].as_u64(), Some(*expected), "a record is lost before {record}");
        *expected += 1;
    }
}
