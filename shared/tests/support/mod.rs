//! What the tests of the published texts have in common.

use std::{fs, path::Path};

use jsonschema::Validator;
use serde_json::Value;
use shared::history;

/// A file of the repository.
pub(crate) fn repository(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The schema of a record, as this version writes it.
pub(crate) fn schema() -> Value {
    history::schema::schema(history::schema::SchemaReader::Test)
}

/// The schema, ready to judge.
pub(crate) fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).expect("it is a schema")
}

/// What the schema has against a record; empty if nothing.
pub(crate) fn problems(validator: &Validator, record: &Value) -> Vec<String> {
    validator.iter_errors(record).map(|e| format!("{}: {e}", e.instance_path())).collect()
}
