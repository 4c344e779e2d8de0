//! Text that can be printed: what a terminal would act on, and what turns the order of a text around, is
//! escaped. Names that other programs chose can hold either.

use std::{
    borrow::Cow,
    fmt::Display,
    io::{self, Write},
};

/// The marks that turn the order of a text around (Unicode, annex 9), and the two that break a line
/// where `\n` does not.
const INVISIBLE: [char; 14] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}',
    '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// The text for a person, in one line: `\n`, `\u{1b}`, `\u{202e}`.
///
/// # Examples
///
/// ```
/// assert_eq!(shared::printable::escaped("cod.\u{202e}exe\u{1b}[2J"), r"cod.\u{202e}exe\u{1b}[2J");
/// ```
pub fn escaped(text: &str) -> String {
    if !text.contains(is_escaped) {
        return text.to_owned();
    }
    let escaped = |c: char| match is_escaped(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Writes one line, text or JSON, with [escapes](in_json) for what is left in it.
///
/// # Errors
///
/// The error of the write: the stream is closed.
pub fn write_line(to: &mut impl Write, text: impl Display) -> io::Result<()> {
    writeln!(to, "{}", in_json(&text.to_string()))
}

/// The JSON with `\u202e` for what only its strings can hold unescaped: its values stay the same. In
/// other text the characters of ASCII stay as they are, among them those that colour it.
///
/// # Examples
///
/// ```
/// assert_eq!(shared::printable::in_json("{\"name\":\"cod.\u{202e}exe\"}"), r#"{"name":"cod.\u202eexe"}"#);
/// ```
pub fn in_json(json: &str) -> Cow<'_, str> {
    let is_left = |c: char| c >= '\u{7f}' && is_escaped(c);
    if !json.contains(is_left) {
        return json.into();
    }
    let escaped = |c: char| match is_left(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    json.chars().map(escaped).collect::<String>().into()
}

fn is_escaped(c: char) -> bool {
    c.is_control() || c > '\u{7f}' && INVISIBLE.contains(&c)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn escaped_text_has_no_character_that_does_something_and_escaping_it_again_changes_nothing() {
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        let printed = escaped(&all);
        assert!(!printed.contains(is_escaped), "{printed}");
        assert_eq!(escaped(&printed), printed);
        assert_eq!(escaped("ä` 端口 🙂 \\"), "ä` 端口 🙂 \\");
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        let json = serde_json::to_string(&[&all]).expect("JSON");
        let printed = in_json(&json);
        assert!(!printed.contains(is_escaped), "{printed}");
        let read: [String; 1] = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(read, [all]);
    }
}
