//! The named values of a request, read by serde into the struct that describes them.
//!
//! The struct denies unknown fields. serde reports what is wrong, `serde_path_to_error` with which value.

use serde::{Deserialize, Deserializer, Serialize};
use shared::value_error;
use utoipa::ToSchema;

/// How many characters of a name are repeated: the longest of ours has 13.
const SHOWN: usize = 40;

/// An empty object.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Nothing)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

/// A value that is unknown or wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrongField {
    /// Its name; empty if a value is missing.
    pub(super) field: String,
    /// What is wrong, for a person.
    pub(super) detail: String,
}

/// Reads a struct from its values, none of which is given twice.
///
/// # Errors
///
/// [`WrongField`] names the first value that is wrong.
pub(super) fn read<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    values: D,
) -> Result<T, WrongField> {
    serde_path_to_error::deserialize(values).map_err(|error| {
        let name = match error.path().iter().next() {
            Some(_) => error.path().to_string(),
            None => String::new(),
        };
        let field = shown(&name);
        let mut detail = value_error::in_words(&error.into_inner().to_string());
        if field.len() < name.len() {
            detail = detail.replace(&name, &field);
        }
        WrongField { field, detail }
    })
}

/// As much of a name as is repeated.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod test {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_name_is_not_repeated_whole() {
        let long = "x".repeat(100);
        let wrong = read::<Empty, _>(json!({ long: 1 })).expect_err("it is unknown");
        let field = "x".repeat(SHOWN);
        let detail = format!("there is no `{field}` here, nor anything else");
        assert_eq!(wrong, WrongField { field, detail });
    }
}
