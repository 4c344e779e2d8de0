//! The JSON Schema of an address.

use utoipa::{PartialSchema, ToSchema, openapi};

/// An address with its port, such as 127.0.0.1:17000 or [::1]:17000.
pub(crate) struct Address;

impl PartialSchema for Address {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        let pattern = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+(%[0-9]+)?\]):[0-9]{1,5}$";
        openapi::ObjectBuilder::new()
            .schema_type(openapi::Type::String)
            .pattern(Some(pattern))
            .description(Some("An address with its port, such as 127.0.0.1:17000 or [::1]:17000."))
            .into()
    }
}

impl ToSchema for Address {}
