//! What serde says of a wrong value, in words for a person. A type that reads itself has a message of its own,
//! which stays as it is.

use crate::message;

/// How the messages begin that tell what was found from what was expected.
const WRONG_KIND: [&str; 2] = ["invalid type: ", "invalid value: "];

/// Whether the message names types of Rust.
pub(crate) fn names_types(message: &str) -> bool {
    let others = ["invalid length", "unknown variant"];
    WRONG_KIND.iter().chain(&others).any(|start| message.starts_with(start))
}

/// The message without the words of a parser.
pub fn in_words(serde: &str) -> String {
    let quoted =
        |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let in_marks = |known: &str| -> String {
        quoted(known).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    if let Some(rest) = serde.strip_prefix("unknown field `") {
        let (field, known) = rest.split_once('`').unwrap_or((rest, ""));
        let known = in_marks(known);
        return match known.is_empty() {
            true => message!("problem.no_fields", field),
            false => message!("problem.unknown_field", field, known),
        };
    }
    if serde.starts_with("missing field")
        && let Some(field) = quoted(serde).first()
    {
        return message!("problem.missing_field", field);
    }
    if let Some(rest) = serde.strip_prefix("unknown variant `")
        && let Some((word, known)) = rest.split_once('`')
    {
        return message!("problem.unknown_word", word, known = in_marks(known));
    }
    if serde.starts_with("UUID parsing failed") {
        return message!("problem.not_a_launch_id");
    }
    let wrong = WRONG_KIND.iter().find_map(|start| serde.strip_prefix(start));
    match wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) {
        Some((found, wanted)) => {
            message!("problem.wrong_kind", found = found_kind(found), wanted = wanted_kind(wanted))
        }
        None => serde.to_owned(),
    }
}

/// What was found: its kind, or the value itself where that is short.
fn found_kind(serde: &str) -> String {
    let value = serde.split('`').nth(1);
    match (serde.split(' ').next(), value) {
        (Some("string" | "character"), _) => message!("kind_of.text"),
        (Some("integer" | "floating" | "boolean"), Some(value)) => value.to_owned(),
        (Some("sequence"), _) => message!("kind_of.list"),
        (Some("map"), _) => message!("kind_of.object"),
        (Some("unit" | "Option"), _) => "null".to_owned(),
        _ => serde.to_owned(),
    }
}

/// What was expected: a type of Rust by the kind of its values, anything else as its own message says.
fn wanted_kind(serde: &str) -> String {
    match serde {
        "a string" | "variant identifier" | "field identifier" => message!("kind_of.text"),
        "a sequence" => message!("kind_of.list"),
        "a map" => message!("kind_of.object"),
        "a boolean" => message!("kind_of.boolean"),
        "a JSON number" | "f32" | "f64" => message!("kind_of.number"),
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => {
            message!("kind_of.whole_number")
        }
        _ if serde.starts_with("struct ") => message!("kind_of.object"),
        _ => serde.to_owned(),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn no_word_of_a_parser_is_passed_on() {
        for (serde, said) in [
            ("unknown field `prt`, expected `port`", "there is no `prt` here; there is `port`"),
            (
                "unknown field `x`, expected one of `a`, `b`",
                "there is no `x` here; there is `a`, `b`",
            ),
            ("missing field `port`", "`port` is missing"),
            ("unknown variant `x`, expected `a` or `b`", "`x` is none of `a`, `b`"),
            (
                "invalid type: string \"x\", expected a JSON number",
                "this is a text: write a number",
            ),
            (
                "invalid type: string \"a, expected b\", expected u16",
                "this is a text: write a whole number",
            ),
            ("invalid type: sequence, expected struct Move", "this is a list: write an object"),
            ("invalid type: map, expected a sequence", "this is an object: write a list"),
            ("invalid type: boolean `true`, expected a string", "this is true: write a text"),
            ("invalid value: integer `-1`, expected u64", "this is -1: write a whole number"),
            (
                "invalid type: floating point `1.5`, expected a boolean",
                "this is 1.5: write true or false",
            ),
            ("invalid type: null, expected a port", "this is null: write a port"),
            ("invalid type: unit value, expected a map", "this is null: write an object"),
            (
                "UUID parsing failed: invalid character: found `x` at 0",
                "write the id of a launch, as records have it in `launch_id`",
            ),
            ("70000 is not a port", "70000 is not a port"),
        ] {
            assert_eq!(in_words(serde), said);
        }
    }
}
