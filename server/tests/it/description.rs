//! Answers held to the API's own description, whose objects refuse unknown members here: a member
//! that is sent and not described fails the test that sees it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{
    api_support::{Api, V1},
    support::Answer,
};

pub(crate) const DOCUMENT: &str = "/_homeport/openapi.json";

static STRICT: LazyLock<Value> = LazyLock::new(|| strict(Api::start().get(DOCUMENT).json()));

/// The description with every object closed that has no free members.
fn strict(mut document: Value) -> Value {
    let components = &mut document["components"];
    // A type may be a part of another one, so it is closed where it is used.
    members(&mut components["schemas"]).for_each(close_nested);
    members(&mut components["responses"]).for_each(close_content);
    for operation in members(&mut document["paths"]).flat_map(members) {
        members(&mut operation["responses"]).for_each(close_content);
    }
    document
}

fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_object_mut().into_iter().flat_map(|members| members.values_mut())
}

fn close_content(response: &mut Value) {
    if let Some(content) = response.get_mut("content") {
        members(content).for_each(|content| close(&mut content["schema"]));
    }
}

fn close(schema: &mut Value) {
    close_nested(schema);
    // One that says nothing allows any value.
    let says = ["type", "$ref", "oneOf", "anyOf", "allOf"];
    if let Some(schema) = schema.as_object_mut()
        && says.iter().any(|key| schema.contains_key(*key))
    {
        schema.insert("unevaluatedProperties".to_owned(), false.into());
    }
}

fn close_nested(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    for (key, nested) in schema {
        match (key.as_str(), nested) {
            ("properties", nested) => members(nested).for_each(close),
            ("items" | "additionalProperties", nested) => close(nested),
            ("oneOf" | "anyOf", Value::Array(all)) => all.iter_mut().for_each(close),
            ("allOf", Value::Array(parts)) => parts.iter_mut().for_each(close_nested),
            _ => {}
        }
    }
}

/// The described path that `path` is one of.
fn template(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or_default();
    let is_port = path.strip_prefix(V1)?.strip_prefix("/ports/").is_some_and(|p| !p.contains('/'));
    let path = if is_port { format!("{V1}/ports/{{port}}") } else { path.to_owned() };
    STRICT["paths"].get(&path).is_some().then_some(path)
}

/// What the answer to a request is described as.
fn described(method: &str, path: &str, status: u16) -> Option<&'static Value> {
    let path = template(path)?;
    let operation = STRICT["paths"][&path].get(method.to_ascii_lowercase())?;
    let mut described = &operation["responses"][status.to_string()];
    if described["$ref"].is_string() {
        described = &STRICT["components"]["responses"]["Problem"];
    }
    let schema = described["content"].as_object().and_then(|content| content.values().next());
    assert!(schema.is_some(), "{method} {path} {status} is not described");
    schema.map(|content| &content["schema"])
}

/// What is wrong with an answer.
fn errors(schema: &Value, answer: &Value) -> Vec<String> {
    let schema = json!({ "allOf": [schema], "components": STRICT["components"] });
    let validator = jsonschema::options().should_validate_formats(true).build(&schema);
    let validator = validator.expect("a schema");
    let errors = validator.iter_errors(answer);
    errors.map(|error| format!("{error} at {}", error.instance_path())).collect()
}

/// Checks a response against the description of its path, method and status.
#[track_caller]
pub(crate) fn assert_described(method: &str, path: &str, answer: &Answer) {
    let is_json = answer.header("content-type").is_some_and(|kind| kind.ends_with("json"));
    if !is_json || !path.starts_with(V1) {
        return;
    }
    if let Some(schema) = described(method, path, answer.status) {
        let errors = errors(schema, &answer.json());
        assert!(errors.is_empty(), "{method} {path}: {errors:?} in {answer:?}");
    }
}

/// Checks a problem against the description of problems, for any request.
#[track_caller]
pub(crate) fn assert_described_problem(problem: &Value) {
    let described = &STRICT["components"]["responses"]["Problem"]["content"];
    let errors = errors(&described["application/problem+json"]["schema"], problem);
    assert!(errors.is_empty(), "{errors:?} in {problem}");
}

/// Checks that no object of a described answer takes another member, but those in `free`.
#[track_caller]
pub(crate) fn assert_closed(method: &str, path: &str, answer: &Answer, free: &[&str]) {
    let schema = described(method, path, answer.status).expect("it is described");
    let answer = answer.json();
    assert_eq!(errors(schema, &answer), [""; 0]);
    let mut places = Vec::new();
    objects(&answer, String::new(), &mut places);
    for place in places.iter().filter(|place| !free.iter().any(|free| place.starts_with(free))) {
        let mut more = answer.clone();
        more.pointer_mut(place).expect("it is there")["unexpected"] = json!({});
        assert!(!errors(schema, &more).is_empty(), "{method} {path} takes any member at `{place}`");
    }
}

fn objects(value: &Value, place: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                objects(member, format!("{place}/{key}"), into);
            }
            into.push(place);
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                objects(item, format!("{place}/{at}"), into);
            }
        }
        _ => {}
    }
}
