//! How values of settings that are written as text are described for OpenAPI.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type},
};

use super::{
    program::{ProgramVariables, ReadyProbe, StopSignal},
    values::Avoided,
};
use crate::port::{Port, PortRange};

/// Settings as a client may send them.
pub(super) fn example() -> Value {
    json!({ "port": 17342, "on_conflict": "move", "open_browser": false })
}

impl PartialSchema for PortRange {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The first and the last port of a range."))
            .examples([json!("15001-29999")])
            .into()
    }
}

impl ToSchema for PortRange {
    fn name() -> Cow<'static, str> {
        "PortRange".into()
    }
}

impl PartialSchema for ProgramVariables {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("Variables by their names. In an answer each value is `***`."))
            .additional_properties(Some(Schema::from(
                ObjectBuilder::new().schema_type(Type::String),
            )))
            .into()
    }
}

impl ToSchema for ProgramVariables {
    fn name() -> Cow<'static, str> {
        "ProgramVariables".into()
    }
}

/// A text with a description and an example.
fn described(description: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([json!(example)])
        .into()
}

impl PartialSchema for ReadyProbe {
    fn schema() -> RefOr<Schema> {
        described("`tcp`, `http:/PATH`, `log:REGEX` or `notify`.", "http:/health")
    }
}

impl ToSchema for ReadyProbe {
    fn name() -> Cow<'static, str> {
        "ReadyProbe".into()
    }
}

impl PartialSchema for StopSignal {
    fn schema() -> RefOr<Schema> {
        described("The name of a signal.", "SIGINT")
    }
}

impl ToSchema for StopSignal {
    fn name() -> Cow<'static, str> {
        "StopSignal".into()
    }
}

impl PartialSchema for Avoided {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(Ref::from_schema_name(Port::name()))
            .item(Ref::from_schema_name(PortRange::name()))
            .description(Some("A port or a range of ports."))
            .into()
    }
}

impl ToSchema for Avoided {
    fn name() -> Cow<'static, str> {
        "Avoided".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Port::name().into(), Port::schema()));
        schemas.push((PortRange::name().into(), PortRange::schema()));
    }
}
