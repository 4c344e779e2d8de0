//! The JSON Schema of a record, made from the types that records are written from.

use serde_json::{Map, Value, json};
use utoipa::{OpenApi, PartialSchema, ToSchema, openapi};

use super::{cursor::Cursor, record::Record};
use crate::{
    event::{Event, EventName, Process},
    keys,
};

/// The keys that version 0.1.0 did not write, with the events that have them.
const ADDED: [(EventName, &[&str]); 7] = [
    (EventName::ServerReady, &[keys::SINCE_SPAWN_MS]),
    (EventName::ServerExited, &[keys::PORT, keys::SERVER_PID, keys::ERROR]),
    (
        EventName::ServerRestarting,
        &[keys::PORT, keys::SERVER_PID, keys::ERROR, keys::WHY, keys::BY],
    ),
    (EventName::LaunchGaveUp, &[keys::PORT, keys::SERVER_PID, keys::ERROR, keys::WHY]),
    (EventName::PortReleased, &[keys::BY]),
    (EventName::LaunchStopped, &[keys::BY]),
    (EventName::LaunchFailed, &[keys::BY]),
];

/// For whom a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaReader {
    /// A reader of records: what a later version adds is no error, and what an earlier one lacks
    /// neither.
    Any,
    /// A test of what this version writes: every key is there, and no other.
    Test,
}

impl PartialSchema for Cursor {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        openapi::ObjectBuilder::new()
            .schema_type(openapi::Type::String)
            .pattern(Some("^[0-9a-f]{16}(0|[1-9a-f][0-9a-f]{0,15})$"))
            .description(Some("A place in the port history."))
            .into()
    }
}

impl ToSchema for Cursor {}

impl PartialSchema for Record {
    /// A record of any version: what each has, and whatever else its event has.
    fn schema() -> openapi::RefOr<openapi::Schema> {
        let text = |key, example: &str| {
            openapi::ObjectBuilder::new()
                .schema_type(openapi::Type::String)
                .description(Some(keys::meaning(key)))
                .examples([json!(example)])
        };
        let format = openapi::SchemaFormat::KnownFormat(openapi::KnownFormat::DateTime);
        let ts = text(keys::TS, "2026-11-22T12:00:00.000000Z").format(Some(format));
        let further = openapi::schema::AdditionalProperties::FreeForm(true);
        openapi::ObjectBuilder::new()
            .property(keys::TS, ts)
            .property(keys::EVENT, text(keys::EVENT, EventName::PortConflict.word()))
            .property(keys::APP, text(keys::APP, "notes"))
            .required(keys::TS)
            .required(keys::EVENT)
            .required(keys::APP)
            .additional_properties(Some(further))
            .description(Some(
                "A record of the port history, as it was written. `docs/formats.md` describes \
                 every key.",
            ))
            .into()
    }
}

impl ToSchema for Record {}

#[derive(OpenApi)]
#[openapi(components(schemas(Event)))]
struct Types;

/// The JSON Schema (2020-12) of a record.
pub fn schema(reader: SchemaReader) -> Value {
    let types = json!(Types::openapi())["components"]["schemas"].take();
    let mut defs = Map::new();
    for variant in types["Event"]["oneOf"].as_array().into_iter().flatten() {
        let mut properties = Map::new();
        merge(variant, &types, &mut properties);
        let name = properties.remove(keys::EVENT).map(|event| event["enum"][0].clone());
        let name = name.as_ref().and_then(Value::as_str).and_then(|name| name.parse().ok());
        if let Some(name) = name {
            defs.insert(EventName::to_string(&name), event(name, properties, reader));
        }
    }
    let conditions: Vec<_> = defs.keys().map(|event| condition(event)).collect();
    for (name, part) in types.as_object().into_iter().flatten() {
        // What was merged into events is not named by them.
        let target = format!("\"#/components/schemas/{name}\"");
        if name != "Event" && json!(defs).to_string().contains(&target) || name == "Address" {
            defs.insert(snake_case(name), of_reader(part.clone(), reader));
        }
    }
    let mut defs = json!(defs);
    point_to_defs(&mut defs);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:homeport:port-history:1",
        "title": "A record of Homeport's port history, schema 1",
        "description": "One line of logs/port-history.jsonl. The common keys come first and always in the order in which `required` lists them; then come the keys of the event, in the order of its `properties`. JSON Schema cannot express that order, so readers may rely on it but this file does not check it. A key that has nothing to say is null; this version leaves none out.",
        "type": "object",
        "required": keys::COMMON,
        "properties": common(),
        "allOf": conditions,
        "$defs": defs,
    });
    if reader == SchemaReader::Test {
        schema["unevaluatedProperties"] = false.into();
    }
    schema
}

/// Puts the properties of an object, and of those that it consists of, into one.
fn merge(part: &Value, types: &Value, into: &mut Map<String, Value>) {
    if let Some(name) = part["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        merge(&types[name], types, into);
    }
    for part in part["allOf"].as_array().into_iter().flatten() {
        merge(part, types, into);
    }
    into.extend(part["properties"].as_object().cloned().unwrap_or_default());
}

fn event(name: EventName, own: Map<String, Value>, reader: SchemaReader) -> Value {
    let added = ADDED.iter().find(|(event, _)| *event == name).map_or(&[][..], |(_, keys)| keys);
    let is_required =
        |key: &&String| reader == SchemaReader::Test || !added.contains(&key.as_str());
    let required: Vec<_> = own.keys().filter(is_required).cloned().collect();
    let mut properties = Map::new();
    let level = name.level().as_str();
    let is_exit = name == EventName::ServerExited;
    let level = if is_exit {
        json!({ "enum": ["INFO", level], "description": "INFO after exit code 0; WARNING otherwise." })
    } else {
        json!({ "const": level, "description": format!("Always {level}.") })
    };
    properties.insert(keys::LEVEL.to_owned(), level);
    let message = json!({ "const": name.message(), "description": "Always the same." });
    properties.insert(keys::MSG.to_owned(), message);
    properties.extend(own.into_iter().map(|(key, part)| {
        let part = property(part, reader);
        (key, part)
    }));
    let mut event = json!({
        "description": name.meaning(), "properties": properties, "required": required,
    });
    if is_exit {
        event["if"] = json!({ "properties": { "exit_code": { "const": 0 } } });
        event["then"] = json!({ "properties": { "level": { "const": "INFO" } } });
        event["else"] = json!({ "properties": { "level": { "const": "WARNING" } } });
    }
    event
}

/// One property of an event. Its reason is an open word to those who only read.
fn property(part: Value, reader: SchemaReader) -> Value {
    let is_reason = part["$ref"].as_str().is_some_and(|target| target.ends_with("/EndReason"));
    if reader == SchemaReader::Any && is_reason {
        let description = part["description"].clone();
        return json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": description });
    }
    of_reader(part, reader)
}

/// Leaves out how wide numbers are in the code, and closes objects for a test.
fn of_reader(mut part: Value, reader: SchemaReader) -> Value {
    let mut described = None;
    if let Value::Object(members) = &mut part {
        // What can be null is described where it is named, and not beside its null.
        for alternative in
            members.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten()
        {
            described =
                alternative.as_object_mut().and_then(|one| one.remove("description")).or(described);
        }
        if let Some(text) = described.or(members.remove("description")) {
            // The words of the code are not those of JSON.
            let text = text.as_str().unwrap_or_default().replace("`None`", "null");
            members.insert("description".to_owned(), text.into());
        }
        let is_stamp = members.get("format").is_some_and(|format| format == "date-time");
        if members.remove("format").is_some() && is_stamp {
            members.insert("pattern".to_owned(), STAMP.into());
        }
        for nested in ["properties", "items"] {
            if let Some(nested) = members.get_mut(nested) {
                *nested = match nested.take() {
                    Value::Object(parts) if nested_is_map(&parts) => Value::Object(
                        parts
                            .into_iter()
                            .map(|(key, part)| (key, of_reader(part, reader)))
                            .collect(),
                    ),
                    part => of_reader(part, reader),
                };
            }
        }
        if let Some(properties) = members.get("properties").and_then(Value::as_object) {
            // No version has left one of these out.
            let all: Vec<_> = properties.keys().cloned().collect();
            members.insert("required".to_owned(), all.into());
            if reader == SchemaReader::Test {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
    }
    part
}

/// Whether an object holds schemas by their keys, and is no schema itself.
fn nested_is_map(parts: &Map<String, Value>) -> bool {
    parts.values().all(Value::is_object)
}

/// A time with as many decimals as are known.
const STAMP: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$";

fn condition(event: &str) -> Value {
    json!({
        "if": { "properties": { "event": { "const": event } }, "required": ["event"] },
        "then": { "$ref": format!("#/$defs/{event}") },
    })
}

/// What every record has.
fn common() -> Value {
    let words = |words: &[Process]| words.iter().map(|word| word.word()).collect::<Vec<_>>();
    let events: Vec<_> = EventName::ALL.iter().map(|event| event.word()).collect();
    let mut common = json!({
        "ts": { "type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$" },
        "level": { "enum": ["INFO", "WARNING", "ERROR"] },
        "event": { "enum": events },
        "msg": { "type": "string" },
        "schema": { "const": crate::event::SCHEMA },
        "app": { "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" },
        "process": { "enum": words(Process::ALL) },
        "pid": { "type": "integer", "minimum": 1, "maximum": u32::MAX },
        "launch_id": { "type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" },
        "seq": { "type": "integer", "minimum": 0 },
        "version": { "type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+" },
        "machine": { "type": "string" },
    });
    for (key, part) in common.as_object_mut().into_iter().flatten() {
        part["description"] = keys::meaning(key).into();
    }
    common
}

fn point_to_defs(part: &mut Value) {
    match part {
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_str().and_then(|text| text.strip_prefix("#/components/schemas/")) {
                    Some(name) if key == "$ref" => {
                        *value = format!("#/$defs/{}", snake_case(name)).into();
                    }
                    _ => point_to_defs(value),
                }
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(point_to_defs),
        _ => {}
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
