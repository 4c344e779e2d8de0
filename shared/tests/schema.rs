//! `logs/port-history.schema.json` says what [`shared::event`] writes: nothing more, nothing less.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use serde_json::{Value, json};
use shared::{
    app::AppName,
    conflict::{Class, Conflict, Holder, Origin, OsError},
    event::{Event, EventName, MoveReason, Process, Relation, ServerEnd},
    history::{Author, Writer},
    keys,
    paths::Folders,
    port::Port,
};
use support::{problems, repository, schema, validator};
use uuid::Uuid;

/// Every event, with all that it can say and with as little as it can say, so that one that is added
/// is held to all of this as well. What the types read as null they also write as null.
fn every_event() -> Vec<Event> {
    let schema = schema();
    let mut events = Vec::new();
    for name in EventName::ALL {
        let keys = schema["$defs"][name.word()]["properties"].as_object().expect("an object");
        let own = keys.iter().filter(|(key, _)| !keys::COMMON.contains(&key.as_str()));
        let mut full = json!({ keys::EVENT: name });
        own.clone().for_each(|(key, kind)| full[key] = example(kind, &schema));
        let mut bare = full.clone();
        for (key, _) in own {
            let mut without = bare.clone();
            without[key] = Value::Null;
            if serde_json::from_value::<Event>(without.clone()).is_ok() {
                bare = without;
            }
        }
        let read = |event| serde_json::from_value(event).expect("the schema says that it is one");
        events.extend([read(full), read(bare)]);
    }
    let exited = |exit_code| ServerEnd { exit_code, attempt: 1, ..ServerEnd::default() };
    events.push(Event::ServerExited(exited(Some(0))));
    events.push(Event::ServerExited(exited(Some(-1_073_741_819))));
    // The least that is known of a holder, and of what the system says.
    events.push(Event::PortConflict(Conflict {
        port: Port::new(3030).expect("not 0"),
        origin: Origin::Home,
        class: Class::InUse,
        os_error: Some(OsError { code: None, kind: "Other".into() }),
        holder: Some(Holder::default()),
        last_good: true,
        elapsed: Duration::from_nanos(1_234_567),
    }));
    events
}

/// Something that a part of the schema allows, and not null if it allows anything else.
fn example(part: &Value, schema: &Value) -> Value {
    let part = followed(schema, part);
    if let Some(alternatives) = part["oneOf"].as_array() {
        let mut others = alternatives.iter().map(|part| example(part, schema));
        return others.find(|value| !value.is_null()).unwrap_or_default();
    }
    if let Some(words) = part["enum"].as_array() {
        return words[0].clone();
    }
    let kind = match &part["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null"),
        kind => Some(kind),
    };
    match kind.and_then(Value::as_str) {
        Some("integer") => json!(17000),
        Some("number") => json!(5.25),
        Some("boolean") => json!(true),
        Some("array") => json!([example(&part["items"], schema)]),
        Some("object") => {
            let members = part["properties"].as_object().into_iter().flatten();
            members.map(|(key, part)| (key.clone(), example(part, schema))).collect()
        }
        Some("string") => {
            let texts =
                ["\"two\nlines\"", "[::1]:17000", "http://[::1]/", "2026-11-22T12:01:59.25Z"];
            let fits = |text: &&str| jsonschema::is_valid(part, &json!(text));
            json!(texts.into_iter().find(fits).expect("one of them fits"))
        }
        _ => Value::Null,
    }
}

/// Writes every event to a port history, and reads the lines back.
fn records() -> Vec<Value> {
    let home = tempfile::tempdir().expect("a folder");
    let folders = Folders::locate(Some(home.path()), None).expect("given");
    let (app, launch_id) = (AppName::default(), Uuid::now_v7());
    for process in [Process::Launcher, Process::Server] {
        let writer = Writer::new(&folders, &Author { app: &app, process, launch_id });
        every_event().iter().for_each(|event| writer.record(event));
    }
    let text = fs::read_to_string(folders.history()).expect("written");
    text.lines().map(|line| serde_json::from_str(line).expect("whole")).collect()
}

fn keys_of(value: &Value) -> Vec<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

fn words(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|word| word.as_str().expect("a word").to_owned()).collect()
}

/// The words that an enum of the code can be.
fn variants<T: Copy + std::fmt::Display>(all: &[T]) -> BTreeSet<String> {
    all.iter().map(ToString::to_string).collect()
}

/// The part of `schema` that `$ref` names.
fn followed<'a>(schema: &'a Value, part: &'a Value) -> &'a Value {
    let target = part["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
    target.map_or(part, |target| schema.pointer(target).expect("it is there"))
}

#[test]
fn every_record_that_can_be_written_is_valid() {
    let validator = validator();
    for record in records() {
        assert_eq!(problems(&validator, &record), [""; 0], "{record}");
    }
}

#[test]
fn a_record_has_the_keys_of_its_event_in_the_order_of_the_schema() {
    let schema = schema();
    assert_eq!(schema["required"], json!(keys::COMMON));
    for record in records() {
        let event = record[keys::EVENT].as_str().expect("a word");
        let part = &schema["$defs"][event];
        let own = followed(&schema, part)["required"].as_array().expect("a list").iter();
        let wanted: Vec<_> = own.map(|key| key.as_str().expect("a word")).collect();
        assert_eq!(keys_of(&record), [&keys::COMMON[..], &wanted].concat(), "{event}");
    }
}

#[test]
fn a_mutilated_record_is_refused() {
    let validator = validator();
    let refused = |record: &Value| assert!(!validator.is_valid(record), "{record}");
    for record in records() {
        for key in keys_of(&record) {
            let mut missing = record.clone();
            missing.as_object_mut().expect("an object").shift_remove(&key);
            refused(&missing);
            let mut wrong = record.clone();
            wrong[&key] = json!([[]]);
            refused(&wrong);
            for part in record[&key].as_object().into_iter().flat_map(|object| object.keys()) {
                let mut missing = record.clone();
                missing[&key].as_object_mut().expect("an object").shift_remove(part);
                refused(&missing);
                let mut unknown = record.clone();
                unknown[&key]["colour"] = json!("blue");
                refused(&unknown);
            }
        }
        for (key, value) in [("colour", json!("blue")), (keys::STATUS, json!(200))] {
            let mut unknown = record.clone();
            unknown[key] = value;
            refused(&unknown);
        }
    }
}

#[test]
fn null_stands_only_where_the_code_can_write_it() {
    let (validator, mut can_be_null) = (validator(), BTreeMap::new());
    for record in records() {
        for (key, value) in record.as_object().expect("an object") {
            let name = (record[keys::EVENT].to_string(), key.clone());
            let (seen, example) = can_be_null.entry(name).or_insert((false, record.clone()));
            *seen |= value.is_null();
            example[key] = Value::Null;
        }
    }
    for ((event, key), (can_be_null, example)) in can_be_null {
        assert_eq!(validator.is_valid(&example), can_be_null, "{key} of {event}");
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let (validator, records) = (validator(), records());
    for (key, values) in [
        (keys::PORT, vec![json!(0), json!(65536), json!("3030"), json!(3030.5)]),
        (keys::ELAPSED_MS, vec![json!(-0.001), json!("1")]),
        (keys::TS, vec![json!("2026-11-22T12:01:59Z"), json!("2026-11-22T12:01:59.000000+01:00")]),
        (keys::LAUNCH_ID, vec![json!("1"), json!("")]),
        (keys::CLASS, vec![json!("busy")]),
        (keys::ORIGIN, vec![json!("guess")]),
        (keys::WHY, vec![json!("mood")]),
        (keys::RELATION, vec![json!("other")]),
        (keys::LEVEL, vec![json!("FATAL"), json!("DEBUG")]),
        (keys::SEQ, vec![json!(-1)]),
        (keys::SCHEMA, vec![json!(2)]),
        (keys::EVENT, vec![json!("port_lost")]),
        (keys::REASON, vec![json!("Two words")]),
    ] {
        let with_key = || records.iter().filter(|record| record.get(key).is_some());
        assert_ne!(with_key().count(), 0, "{key}");
        for (record, value) in with_key().flat_map(|r| values.iter().map(move |v| (r, v))) {
            let mut wrong = record.clone();
            wrong[key] = value.clone();
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }
}

#[test]
fn a_record_of_another_level_than_its_event_has_is_refused() {
    let validator = validator();
    for record in records() {
        for level in ["INFO", "WARNING", "ERROR"] {
            let mut other = record.clone();
            other[keys::LEVEL] = json!(level);
            assert_eq!(validator.is_valid(&other), record[keys::LEVEL] == level, "{other}");
        }
    }
}

#[test]
fn the_words_of_the_schema_are_those_of_the_code() {
    let schema = schema();
    let words_at = |pointer: &str| words(schema.pointer(pointer).expect(pointer));
    assert_eq!(words_at("/$defs/class/enum"), variants(Class::ALL));
    assert_eq!(words_at("/$defs/origin/enum"), variants(Origin::ALL));
    assert_eq!(words_at("/properties/process/enum"), variants(Process::ALL));
    let relations = "/$defs/relation/enum";
    assert_eq!(words_at(relations), variants(Relation::ALL));
    assert_eq!(words_at("/$defs/move_reason/enum"), variants(MoveReason::ALL));
    let events: BTreeSet<_> = every_event().iter().map(|e| e.name().to_string()).collect();
    assert_eq!(events, variants(EventName::ALL));
    assert_eq!(words_at("/properties/event/enum"), events);
}

#[test]
fn every_key_is_described_in_the_schema_and_in_the_reference() {
    fn check(place: &str, part: &Value, described: &mut BTreeSet<String>) {
        for (key, value) in part["properties"].as_object().into_iter().flatten() {
            assert!(value["description"].is_string(), "{place}: {key} has no description");
            described.insert(key.clone());
            check(key, value, described);
        }
    }
    let (schema, mut described) = (schema(), BTreeSet::new());
    check("record", &schema, &mut described);
    for (name, part) in schema["$defs"].as_object().expect("an object") {
        assert!(part["description"].is_string(), "{name} has no description");
        check(name, part, &mut described);
    }
    let used: BTreeSet<_> = records().iter().flat_map(keys_of).collect();
    let unknown: Vec<_> = used.iter().filter(|key| !keys::ALL.contains(&key.as_str())).collect();
    assert_eq!(unknown, [""; 0]);
    let reference = repository("docs/formats.md");
    for key in &used {
        assert!(described.contains(key), "{key} is not in the schema");
        assert!(reference.contains(&format!("`{key}`")), "{key} is not in docs/formats.md");
    }
}
