//! Bytes of a program as text that can be kept and printed.

use crate::printable;

use super::{lines::LineBytes, secrets::Secrets};

/// A line as it is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineText {
    /// Without what a terminal would act on; a tab is left.
    pub text: String,
    /// The line as JSON, if it is an object.
    pub json: Option<String>,
}

impl LineText {
    /// The text of a line without colours and secrets.
    pub(super) fn of(raw: &LineBytes<'_>, secrets: &Secrets) -> Self {
        let is_cut = raw.left_out > 0;
        // Before the colours are taken out: what strips bytes drops those that are no UTF-8.
        let text =
            String::from_utf8_lossy(if is_cut { whole_characters(raw.bytes) } else { raw.bytes });
        let has_controls = text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
        let text = match has_controls {
            true => anstream::adapter::strip_str(&text).to_string(),
            false => text.into_owned(),
        };
        let text = secrets.mask(text, is_cut);
        let json = (!is_cut && !raw.is_unfinished).then(|| object(&text)).flatten();
        Self { text: escaped(&text), json }
    }
}

/// The text as a terminal may have it, in one line: [escaped](printable::escaped), but for tabs.
pub fn escaped(text: &str) -> String {
    text.split('\t').map(printable::escaped).collect::<Vec<_>>().join("\t")
}

/// The bytes without the beginning of a character whose end was cut off.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    let broken = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    let is_beginning = str::from_utf8(broken).is_err_and(|error| error.error_len().is_none());
    &bytes[..bytes.len() - if is_beginning { broken.len() } else { 0 }]
}

/// The text itself if it is a JSON object, whatever its members are: numbers of any size, and names that are there twice.
fn object(text: &str) -> Option<String> {
    let text = text.trim();
    let is_object = text.starts_with('{')
        && text.ends_with('}')
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    is_object.then(|| printable::in_json(text).into_owned())
}

#[cfg(test)]
mod test {
    use super::*;

    fn clean(bytes: &[u8]) -> LineText {
        let raw = LineBytes { bytes, left_out: 0, is_unfinished: false };
        LineText::of(&raw, &Secrets::default())
    }

    #[test]
    fn a_text_has_nothing_that_a_terminal_would_act_on() {
        for (bytes, text) in [
            (
                &b"\x1b[1;31mred\x1b[0m \xff \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"[..],
                "red \u{fffd} link",
            ),
            (b"a\tb\0c", "a\tbc"),
            ("cod.\u{202e}exe \u{9b}31m".as_bytes(), "cod.\\u{202e}exe \\u{9b}31m"),
            (b"\x1b[31", ""),
            (b"", ""),
        ] {
            assert_eq!(clean(bytes).text, text);
        }
    }

    #[test]
    fn a_line_that_was_cut_ends_with_a_whole_character() {
        for (bytes, text) in
            [(&"aä".as_bytes()[..2], "a"), ("aä".as_bytes(), "aä"), (b"a\xff", "a\u{fffd}")]
        {
            let raw = LineBytes { bytes, left_out: 1, is_unfinished: false };
            assert_eq!(LineText::of(&raw, &Secrets::default()).text, text);
        }
    }

    #[test]
    fn an_object_is_kept_as_it_was_written() {
        for text in ["{}", r#"{"a":1,"a":2,"n":1e999,"big":123456789012345678901234567890}"#] {
            assert_eq!(clean(text.as_bytes()).json.as_deref(), Some(text));
        }
        let coloured = clean(b" \x1b[32m{\"password\":\"x\"}\x1b[0m ");
        assert_eq!(coloured.json.as_deref(), Some(r#"{"password":"***"}"#));
        assert_eq!(
            clean("{\"a\":\"\u{202e}\"}".as_bytes()).json.as_deref(),
            Some(r#"{"a":"\u202e"}"#)
        );
        for text in ["[1]", "1", "{", "{\"a\":}", "{} {}", "x {}", "{\"a\":\x01}"] {
            assert_eq!(clean(text.as_bytes()).json, None, "{text}");
        }
    }
}
