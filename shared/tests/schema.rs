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
    event::{
        EndReason, Ending, Event, EventName, MoveReason, Process, RecoverySource, Relation,
        RequestedBy, RestartReason, ServerAt, ServerEnd, ServerReady, ServerRestarting,
    },
    history::{Author, Writer},
    keys,
    paths::Folders,
    port::Port,
};
use support::{problems, repository, schema, validator};
use uuid::Uuid;

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

fn conflict(os_error: Option<OsError>, holder: Option<Holder>) -> Event {
    Event::PortConflict(Conflict {
        port: port(3030),
        origin: Origin::Home,
        class: Class::InUse,
        os_error,
        holder,
        last_good: true,
        elapsed: Duration::from_nanos(1_234_567),
    })
}

/// Every event, with all that it can say and with as little as it can say.
fn every_event() -> Vec<Event> {
    let at = ServerAt {
        server_pid: 4712,
        port: port(17000),
        addresses: vec![([127, 0, 0, 1], 17000).into(), ([0, 0, 0, 0, 0, 0, 0, 1], 17000).into()],
        elapsed: Duration::from_millis(21),
    };
    let end = ServerEnd {
        exit_code: Some(-1_073_741_819),
        signal: Some(9),
        uptime: Some(Duration::from_secs(5)),
        attempt: 2,
        delay: Some(Duration::from_millis(100)),
        port: Some(port(17000)),
        server_pid: Some(4712),
    };
    let bare_end = ServerEnd { attempt: 1, ..ServerEnd::default() };
    let ending = Ending {
        port: Some(port(17000)),
        reason: EndReason::ServerFailed,
        exit_code: Some(75),
        error: Some("the server did not become ready\nin \"10 s\"".into()),
        by: Some(RequestedBy::Cli),
    };
    let bare_ending = Ending { port: None, ..Ending::of(port(17000), EndReason::Asked) };
    let holder = Holder {
        pid: Some(812),
        name: Some("docker-proxy".into()),
        exe: Some("/usr/bin/docker-proxy".into()),
        user: Some("root".into()),
        started_at: "2026-11-22T12:01:59.25Z".parse().ok(),
    };
    let (os_error, unnumbered) = (
        OsError { code: Some(98), kind: "AddrInUse".into() },
        OsError { code: None, kind: "Other".into() },
    );
    let claimed = |tried| Event::PortClaimed {
        port: port(17000),
        origin: Origin::FirstChoice,
        addresses: at.addresses.clone(),
        tried,
        elapsed: Duration::ZERO,
    };
    vec![
        Event::LaunchStarted {
            argv: vec!["launcher".into(), "--port".into(), "3030".into()],
            last_good: Some(port(17000)),
            home_port: Some(port(3030)),
        },
        Event::LaunchStarted { argv: vec![], last_good: None, home_port: None },
        conflict(Some(os_error), Some(holder)),
        conflict(Some(unnumbered), Some(Holder::default())),
        conflict(None, None),
        claimed(1),
        Event::PortMoved { from: port(3030), to: port(17000), why: MoveReason::Conflict },
        Event::ServerSpawned(at.clone()),
        Event::ServerListening(at.clone()),
        Event::ServerReady(ServerReady {
            at: ServerAt { addresses: vec![], ..at.clone() },
            since_spawn: Some(Duration::from_millis(20)),
        }),
        Event::ServerReady(ServerReady { at: at.clone(), since_spawn: None }),
        Event::PortAssigned { port: port(17000), generation: 2, previous: Some(port(3030)) },
        Event::PortAssigned { port: port(17000), generation: 1, previous: None },
        Event::PortForgotten { port: port(17000), generation: 3 },
        Event::ServerExited(end.clone()),
        Event::ServerExited(bare_end.clone()),
        Event::ServerExited(ServerEnd { exit_code: Some(0), ..bare_end.clone() }),
        Event::ServerRestarting(ServerRestarting {
            end: end.clone(),
            why: RestartReason::Asked,
            by: Some(RequestedBy::Console),
        }),
        Event::ServerRestarting(ServerRestarting {
            end: bare_end.clone(),
            why: RestartReason::Failed,
            by: None,
        }),
        Event::LaunchGaveUp(end),
        Event::LaunchGaveUp(bare_end),
        Event::InstanceFound {
            port: port(17000),
            url: "http://127.0.0.1:17000/".into(),
            relation: Relation::Older,
        },
        Event::SettingsChanged {
            key: "port".into(),
            from: Some("3030".into()),
            to: Some("3031".into()),
        },
        Event::SettingsChanged { key: "port".into(), from: None, to: None },
        Event::StateRecovered {
            file: "/home/ada/.local/state/homeport/server/assignment.toml".into(),
            problem: "it is missing".into(),
            source: RecoverySource::PortHistory,
        },
        Event::PortReleased(ending.clone()),
        Event::PortReleased(bare_ending.clone()),
        Event::LaunchStopped(ending.clone()),
        Event::LaunchStopped(bare_ending.clone()),
        Event::LaunchFailed(ending),
        Event::LaunchFailed(bare_ending),
    ]
}

/// Whoever adds an event is led here, and adds it to [`every_event`] too.
fn is_listed(event: &Event) -> bool {
    match event {
        Event::LaunchStarted { .. } | Event::PortConflict(_) | Event::PortClaimed { .. } => true,
        Event::PortMoved { .. } | Event::ServerSpawned(_) | Event::ServerListening(_) => true,
        Event::ServerReady(_) | Event::PortAssigned { .. } | Event::ServerExited(_) => true,
        Event::ServerRestarting(_) | Event::LaunchGaveUp(_) | Event::InstanceFound { .. } => true,
        Event::SettingsChanged { .. } | Event::StateRecovered { .. } => true,
        Event::PortForgotten { .. } => true,
        Event::PortReleased(_) | Event::LaunchStopped(_) | Event::LaunchFailed(_) => true,
    }
}

/// Writes every event to a port history, and reads the lines back.
fn records() -> Vec<Value> {
    let home = tempfile::tempdir().expect("a folder");
    let folders = Folders::locate(Some(home.path()), None).expect("given");
    let (app, launch_id) = (AppName::default(), Uuid::now_v7());
    for process in [Process::Launcher, Process::Server] {
        let writer = Writer::open(&folders, &Author { app: &app, process, launch_id });
        every_event().iter().filter(|event| is_listed(event)).for_each(|e| writer.record(e));
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
