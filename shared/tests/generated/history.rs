//! The schema of a record, and the tables of `docs/formats.md` about records.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::{
    event::{EndReason, EventName, Process},
    history::schema::{SchemaReader, schema},
    keys,
    words::{Class, Origin, Ownership},
};

use crate::{hold_file, hold_section};

const PAGE: &str = "docs/formats.md";

#[test]
fn the_schema_of_a_record_is_that_of_its_types() {
    let text = serde_json::to_string_pretty(&schema(SchemaReader::Any)).expect("it is JSON");
    hold_file("logs/port-history.schema.json", &(text + "\n"));
}

#[test]
fn the_keys_of_every_record_are_listed() {
    let schema = schema(SchemaReader::Any);
    let row = |key: &&str| {
        format!(
            "| `{key}` | {} | {} |",
            kind(&schema["properties"][key], &schema),
            keys::meaning(key)
        )
    };
    let rows: Vec<_> = keys::COMMON.iter().map(row).collect();
    let head = "| key | type | meaning |\n| --- | --- | --- |\n";
    hold_section(PAGE, "record keys", &(head.to_owned() + &rows.join("\n")));
}

#[test]
fn every_event_is_listed_with_its_keys() {
    let schema = schema(SchemaReader::Any);
    let row = |event: &EventName| {
        let level = match event {
            EventName::ServerExited => "INFO after exit code 0, else WARNING".to_owned(),
            event => event.level().as_str().to_owned(),
        };
        let from = match event.writers() {
            [Process::Launcher] => "launcher",
            [Process::Server] => "server",
            _ => "both",
        };
        let keys: Vec<_> = own_keys(&schema, *event).map(|key| format!("`{key}`")).collect();
        format!("| `{event}` | {level} | {from} | {} | {} |", keys.join(", "), event.meaning())
    };
    let rows: Vec<_> = EventName::ALL.iter().map(row).collect();
    let head = "| event | level | from | keys, in order | what happened |\n| --- | --- | --- | --- | --- |\n";
    hold_section(PAGE, "events", &(head.to_owned() + &rows.join("\n")));
}

#[test]
fn the_keys_of_the_events_are_listed() {
    let schema = schema(SchemaReader::Any);
    let row = |key: &&str| {
        let of_event = |event: &EventName| {
            let part = &schema["$defs"][event.word()]["properties"][key];
            (!part.is_null()).then(|| kind(part, &schema))
        };
        let kinds: BTreeSet<_> = EventName::ALL.iter().filter_map(of_event).collect();
        let kinds: Vec<_> = kinds.into_iter().collect();
        (!kinds.is_empty() && !keys::COMMON.contains(key))
            .then(|| format!("| `{key}` | {} | {} |", kinds.join("; "), keys::meaning(key)))
    };
    let rows: Vec<_> = keys::ALL.iter().filter_map(row).collect();
    let head = "| key | type | meaning |\n| --- | --- | --- |\n";
    hold_section(PAGE, "event keys", &(head.to_owned() + &rows.join("\n")));
}

#[test]
fn origins_classes_and_reasons_are_listed() {
    let table = |head: &str, rows: Vec<(&str, String)>| {
        let rows = rows.into_iter().map(|(word, meaning)| format!("| `{word}` | {meaning} |\n"));
        format!("| {head} |\n| --- | --- |\n{}", rows.collect::<String>())
    };
    let origins = Origin::ALL.iter().map(|origin| (origin.word(), origin.meaning())).collect();
    hold_section(PAGE, "origins", &table("origin | why the port is a candidate", origins));
    let classes = Class::ALL.iter().map(|class| (class.word(), class.meaning())).collect();
    hold_section(PAGE, "classes", &table("class | what keeps the port from us", classes));
    let reasons = EndReason::ALL.iter().map(|reason| (reason.word(), reason.meaning())).collect();
    hold_section(PAGE, "reasons", &table("reason | why it ended", reasons));
}

#[test]
fn who_had_a_port_is_listed() {
    let rows: String = (Ownership::ALL.iter())
        .map(|word| format!("| `{word}` | {} |\n", word.meaning()))
        .collect();
    let head = "| `then` | who had the port |\n| --- | --- |\n";
    hold_section("docs/commands.md", "ownership", &(head.to_owned() + &rows));
}

fn own_keys(schema: &Value, event: EventName) -> impl Iterator<Item = &String> {
    let properties = schema["$defs"][event.word()]["properties"].as_object();
    let keys = properties.into_iter().flatten().map(|(key, _)| key);
    keys.filter(|key| !keys::COMMON.contains(&key.as_str()))
}

/// A type as a person reads it.
fn kind(part: &Value, schema: &Value) -> String {
    if let Some(target) = part["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        return match target {
            "port" | "address" => target.to_owned(),
            _ => kind(&schema["$defs"][target], schema),
        };
    }
    if let Some(alternatives) = part["oneOf"].as_array() {
        let kinds: Vec<_> = alternatives.iter().map(|part| kind(part, schema)).collect();
        let (null, others): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| kind == "null");
        return [others, null].concat().join(" or ");
    }
    if let Some(words) = part["enum"].as_array().filter(|words| words.len() <= 3) {
        let words = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`"));
        return words.collect::<Vec<_>>().join(", ");
    }
    if part["enum"].is_array() {
        return "text".to_owned();
    }
    if !part["const"].is_null() {
        return part["const"].to_string();
    }
    let types = match &part["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        kind => Vec::from_iter(kind.as_str()),
    };
    let is_time = part["pattern"].as_str().is_some_and(|pattern| pattern.contains("T[0-9]"));
    let name = |kind: &str| match kind {
        "string" if is_time => "time".to_owned(),
        "string" => "text".to_owned(),
        "number" => "duration".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" if part["items"]["$ref"].is_string() => "list of addresses".to_owned(),
        "array" => "list of texts".to_owned(),
        other => other.to_owned(),
    };
    types.into_iter().map(name).collect::<Vec<_>>().join(" or ")
}
