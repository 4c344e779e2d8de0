//! What version 0.1.0 wrote is read: see `fixtures/0.1.0/README.md`.

use std::{
    fs,
    io::BufReader,
    path::{Path, PathBuf},
};

use jsonschema::draft202012;
use serde_json::Value;
use shared::{
    app::AppName,
    assignment::Assignment,
    discovery::Discovery,
    event::RecoverySource,
    handover::{ToLauncher, ToServer},
    history::{Filter, Found, Reader, schema},
    port::Port,
    settings::Settings,
    wire::read_message,
};

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/0.1.0").join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(fixture(file)).expect("it is in the checkout")
}

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

#[test]
fn every_line_of_its_history_is_a_record_that_the_published_schema_allows() {
    let readers = draft202012::new(&schema::schema(schema::SchemaReader::Any)).expect("a schema");
    let found = Reader::of_history(&fixture("port-history.jsonl")).forward(&Filter::default());
    let mut count = 0;
    for found in found.expect("readable") {
        let entry = match found.expect("readable") {
            Found::Record(entry) => entry,
            Found::Damage(damage) => panic!("{damage:?}"),
        };
        let record = entry.record().expect(&entry.text);
        assert_eq!((&*record.version, &*record.machine), ("0.1.0", "ada-laptop"));
        let value: Value = serde_json::from_str(&entry.text).expect("JSON");
        let problems: Vec<_> = readers.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}: {}", entry.text);
        count += 1;
    }
    assert_eq!(count, text("port-history.jsonl").lines().count());
}

#[test]
fn its_diagnostics_are_lines_of_ours() {
    let reader = Reader::of_diagnostics(&fixture("launcher.jsonl"));
    let found: Vec<_> = reader.forward(&Filter::default()).expect("readable").collect();
    assert_eq!(found.len(), text("launcher.jsonl").lines().count());
    assert!(found.iter().all(|found| matches!(found, Ok(Found::Record(_)))));
}

#[test]
fn its_assignment_is_read() {
    let assignment = Assignment::load(&fixture("assignment.toml")).expect("an assignment");
    assert_eq!(assignment.generation, 3);
    assert_eq!(assignment.last_good.expect("one").port, port(18_500));
    let earlier: Vec<_> = assignment.earlier.iter().map(|good| good.port.get()).collect();
    assert_eq!(earlier, [20_482, 18_030]);
}

#[test]
fn an_assignment_is_recalled_from_its_history_without_what_was_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let recall = |app: &str| {
        let app: AppName = app.parse().expect("a name");
        let missing = folder.path().join(app.as_str());
        Assignment::load_or_recover(
            &missing,
            &Reader::of_history(&fixture("port-history.jsonl")),
            &app,
        )
    };
    let loaded = recall("server");
    assert_eq!(loaded.recovery.expect("told").source, RecoverySource::PortHistory);
    assert_eq!(loaded.assignment.generation, 5);
    assert_eq!(loaded.assignment.last_good.expect("one").port, port(18_030));
    let earlier: Vec<_> = loaded.assignment.earlier.iter().map(|good| good.port.get()).collect();
    assert_eq!(earlier, [18_500, 20_482]);
    assert!(recall("photos").assignment.last_good.is_none(), "it was forgotten");
}

#[test]
fn its_discovery_file_and_its_settings_are_read() {
    let found = Discovery::read(&fixture("discovery.json")).expect("a discovery file");
    assert_eq!((found.port, found.generation), (port(18_030), Some(5)));
    let settings = Settings::load(&fixture("settings.toml")).expect("settings");
    assert_eq!(settings.port, Some(port(18_030)));
}

#[test]
fn the_lines_of_its_control_pipe_are_read() {
    let mut said = 0;
    for line in text("control.jsonl").lines().filter(|line| line.starts_with("{\"say\"")) {
        let to_server = read_message::<ToServer>(&mut BufReader::new(line.as_bytes()));
        let to_launcher = read_message::<ToLauncher>(&mut BufReader::new(line.as_bytes()));
        assert!(to_server.is_ok() || to_launcher.is_ok(), "{line}: {to_server:?} {to_launcher:?}");
        said += 1;
    }
    assert_eq!(said, 14);
}
