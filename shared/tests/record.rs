//! A record is read back as it was written: slog writes it, serde reads it, and what is read is
//! written again as the same bytes.

use std::net::SocketAddr;

use jiff::Timestamp;
use proptest::{prelude::*, sample::select, strategy::Union};
use serde_json::{Map, Value, json};
use shared::{
    app::AppName,
    event::{Event, EventName, Process, SCHEMA},
    history::{
        Record, RecordLines,
        schema::{SchemaReader, schema},
    },
    keys,
};
use uuid::Uuid;

/// A time to the microsecond, up to the last that there is.
fn moment() -> impl Strategy<Value = Timestamp> + Clone {
    (0..253_402_207_200_000_000_i64)
        .prop_map(|micros| Timestamp::from_microsecond(micros).expect("within range"))
}

/// What must be escaped, what is longer than a byte, and what looks like a part of a record.
fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![any::<String>(), "[\"\\\\{}:,\\x00-\\x1f\u{7f}\u{2028}\u{1f4d3}a-z/]{0,20}"]
}

/// The flow label is no part of an address as text.
fn without_flow(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(mut v6) => {
            v6.set_flowinfo(0);
            v6.into()
        }
        v4 => v4,
    }
}

/// Whatever a part of the schema allows, so that an event that is added is held to this as well.
fn value(part: &Value, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(target) = part["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        return value(schema.pointer(target).expect("it is there"), schema);
    }
    if let Some(alternatives) = part["oneOf"].as_array() {
        return Union::new(alternatives.iter().map(|part| value(part, schema))).boxed();
    }
    if let Some(words) = part["enum"].as_array() {
        return select(words.clone()).boxed();
    }
    match &part["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            Union::new(kinds.map(|kind| of_kind(kind, part, schema))).boxed()
        }
        kind => of_kind(kind.as_str().expect("a type"), part, schema),
    }
}

fn of_kind(kind: &str, part: &Value, schema: &Value) -> BoxedStrategy<Value> {
    let bound = |key: &str, default: i32| part[key].as_i64().unwrap_or(default.into());
    match kind {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" => {
            let bounds = bound("minimum", i32::MIN)..=bound("maximum", i32::MAX);
            bounds.prop_map(Value::from).boxed()
        }
        // Microseconds, up to a century.
        "number" => (0..3_155_760_000_000_000_u64).prop_map(|us| json!(us as f64 / 1e3)).boxed(),
        "string" => match part["pattern"].as_str().unwrap_or_default() {
            stamp if stamp.contains("T[0-9]") => moment().prop_map(|at| json!(at)).boxed(),
            url if url.contains("https?") => {
                text().prop_map(|end| json!("http://".to_owned() + &end)).boxed()
            }
            "" => text().prop_map(Value::from).boxed(),
            _ => any::<SocketAddr>()
                .prop_map(without_flow)
                .prop_map(|address| json!(address))
                .boxed(),
        },
        "array" => {
            prop::collection::vec(value(&part["items"], schema), 0..3).prop_map(Value::from).boxed()
        }
        "object" => object(part, schema, |_| true),
        other => panic!("{other} is no type of a record's keys"),
    }
}

fn object(part: &Value, schema: &Value, is_wanted: impl Fn(&str) -> bool) -> BoxedStrategy<Value> {
    let properties = part["properties"].as_object().expect("an object").iter();
    let members: Vec<_> = properties
        .filter(|(key, _)| is_wanted(key))
        .map(|(key, part)| (Just(key.clone()), value(part, schema)))
        .collect();
    members.prop_map(|members| Map::from_iter(members).into()).boxed()
}

fn event(name: EventName) -> BoxedStrategy<Event> {
    let schema = schema(SchemaReader::Test);
    let is_own = |key: &str| !keys::COMMON.contains(&key);
    object(&schema["$defs"][name.word()], &schema, is_own)
        .prop_map(move |mut event| {
            event[keys::EVENT] = json!(name);
            serde_json::from_value(event).expect("the schema says that it is one")
        })
        .boxed()
}

fn record(name: EventName) -> impl Strategy<Value = Record> {
    let app = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
        .prop_filter_map("a name that the system keeps", |name| name.parse::<AppName>().ok());
    let writer = (select(Process::ALL), any::<u32>(), any::<u128>(), any::<u64>());
    (moment(), app, writer, text(), text(), event(name)).prop_map(
        |(ts, app, (process, pid, id, seq), version, machine, event)| Record {
            ts,
            schema: SCHEMA,
            app,
            process,
            pid,
            launch_id: Uuid::from_u128(id),
            seq,
            version,
            machine,
            event,
        },
    )
}

fn written(record: &Record) -> String {
    let mut lines = RecordLines::new(Vec::new());
    lines.write(record).expect("memory does not refuse");
    String::from_utf8(std::mem::take(lines.get_mut())).expect("UTF-8")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_read_and_written_again_is_the_same_record_and_the_same_bytes(
        records in EventName::ALL.iter().map(|name| record(*name)).collect::<Vec<_>>(),
    ) {
        for record in records {
            let line = written(&record);
            prop_assert_eq!(line.matches('\n').count(), 1, "one line: {}", line);
            let read: Record = line.parse().expect(&line);
            prop_assert_eq!(&read, &record, "{}", line);
            prop_assert_eq!(written(&read), line);
        }
    }
}
