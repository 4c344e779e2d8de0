//! The port history as a test sees it: every line whole, complete and allowed by the schema.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
    sync::OnceLock,
};

use serde_json::Value;

/// The keys that every record begins with, in this order.
const ALWAYS: [&str; 12] = [
    "ts",
    "level",
    "event",
    "msg",
    "schema",
    "app",
    "process",
    "pid",
    "launch_id",
    "seq",
    "version",
    "machine",
];

/// Reads a history and checks each of its records; an absent file is an empty history.
///
/// # Panics
///
/// If a line is not a record.
#[track_caller]
pub(crate) fn read(file: &Path) -> Vec<Value> {
    let text = match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        read => String::from_utf8(read.expect("the history can be read")).expect("it is text"),
    };
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is cut: {text}");
    text.lines().map(record).collect()
}

/// The beginning of a log, for whoever looks for the reason of a failure.
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
    let keys: Vec<_> = record.as_object().into_iter().flatten().map(|(key, _)| key).collect();
    assert!(
        keys.iter().zip(ALWAYS).filter(|(key, always)| **key == always).count() == ALWAYS.len(),
        "a record begins with {ALWAYS:?}: {line}"
    );
    if let Some(schema) = schema() {
        let problems: Vec<_> = schema
            .iter_errors(&record)
            .map(|problem| format!("{problem} at `{}`", problem.instance_path()))
            .collect();
        assert!(problems.is_empty(), "the schema forbids {line}\n{}", problems.join("\n"));
    }
    record
}

/// The schema beside the logs of this checkout.
fn schema() -> Option<&'static jsonschema::Validator> {
    static SCHEMA: OnceLock<Option<jsonschema::Validator>> = OnceLock::new();
    let read = || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        let text = fs::read(root.join("logs").join("port-history.schema.json")).ok()?;
        let schema = serde_json::from_slice(&text).expect("the schema is JSON");
        let options = jsonschema::options().should_validate_formats(true);
        Some(options.build(&schema).expect("the schema is one"))
    };
    SCHEMA.get_or_init(read).as_ref()
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
