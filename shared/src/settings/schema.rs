//! How values of settings that are written as text are described for OpenAPI.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type},
};

use super::values::Avoided;
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
