//! The named values of a request, read by serde into the struct that describes them.
//!
//! The struct denies unknown fields. serde reports what is wrong, `serde_path_to_error` with which value.

use serde::{Deserialize, Deserializer, Serialize};
use shared::message;
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
        let field: String = name.chars().take(SHOWN).collect();
        let mut detail = in_words(&error.into_inner().to_string());
        if field.len() < name.len() {
            detail = detail.replace(&name, &field);
        }
        WrongField { field, detail }
    })
}

/// What serde says of a value, without the words of its parser. What is not known here is our own.
fn in_words(serde: &str) -> String {
    let quoted =
        |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    if let Some(rest) = serde.strip_prefix("unknown field `") {
        let (field, known) = rest.split_once('`').unwrap_or((rest, ""));
        let known = quoted(known).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        return match known.is_empty() {
            true => message!("problem.no_fields", field),
            false => message!("problem.unknown_field", field, known = known.join(", ")),
        };
    }
    if serde.starts_with("missing field")
        && let Some(field) = quoted(serde).first()
    {
        return message!("problem.missing_field", field);
    }
    let wrong = ["invalid type: ", "invalid value: "].iter().find_map(|it| serde.strip_prefix(it));
    match wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) {
        Some((found, wanted)) => message!("problem.wrong_kind", found, wanted),
        None => serde.to_owned(),
    }
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

    #[test]
    fn no_word_of_a_parser_is_passed_on() {
        for (serde, said) in [
            ("unknown field `prt`, expected `port`", "there is no `prt` here; there is `port`"),
            (
                "unknown field `x`, expected one of `a`, `b`",
                "there is no `x` here; there is `a`, `b`",
            ),
            ("missing field `port`", "`port` is missing"),
            (
                "invalid type: string \"x\", expected a number",
                "this is string \"x\": write a number",
            ),
            ("70000 is not a port", "70000 is not a port"),
        ] {
            assert_eq!(in_words(serde), said);
        }
    }
}
