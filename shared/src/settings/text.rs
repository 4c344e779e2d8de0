//! The text of a settings file: its encoding, and characters in it that look like others or like nothing.

use super::error::{SettingsFault, SettingsProblem};

/// The byte order mark that some editors put at the beginning of UTF-8.
pub(super) const MARK: &str = "\u{feff}";

/// The text of a file with these bytes.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, SettingsFault> {
    if is_utf16(&bytes) {
        return Err(SettingsProblem::Utf16.into());
    }
    if bytes.contains(&0) {
        return Err(SettingsProblem::NotText.into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let right = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = right.iter().filter(|&&byte| byte == b'\n').count() + 1;
        SettingsFault { line: Some(line), problem: SettingsProblem::NotUtf8 }
    })
}

/// Whether these are the two-byte characters that the `>` of older versions of `PowerShell` writes: with
/// their mark, or because one byte of most of them is zero, which is so for every ASCII character.
fn is_utf16(bytes: &[u8]) -> bool {
    let is_marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let pairs: Vec<_> = bytes.chunks_exact(2).collect();
    let are_ascii =
        |zero: usize| pairs.iter().filter(|pair| pair[zero] == 0 && pair[1 - zero] != 0).count();
    is_marked || pairs.len() < 2 * are_ascii(0).max(are_ascii(1))
}

/// The line with each such character written as it is meant.
pub(super) fn meant_line(line: &str) -> String {
    line.chars().map(|c| meant(c).map_or(c.into(), str::to_owned)).collect()
}

/// What to write for a character that no key, number or quotation mark has; `None` for all others.
fn meant(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => "",
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => "",
        '\t' | '\r' | '\n' => return None,
        _ if c.is_control() => "",
        '\u{201c}'..='\u{201f}' => "\"",
        '\u{2018}'..='\u{201b}' => "'",
        _ => return None,
    })
}

/// The first such character in a line, from 1, and the text with the whole line written as it is meant.
pub(super) fn disguised(text: &str, line: usize) -> Option<MeantText> {
    let body = text.strip_prefix(MARK).unwrap_or(text);
    let wrong = body.split_inclusive('\n').nth(line - 1)?;
    let character = wrong.chars().find(|c| meant(*c).is_some())?;
    let mut mended = String::new();
    for (at, other) in body.split_inclusive('\n').enumerate() {
        match at + 1 == line {
            false => mended.push_str(other),
            true => mended.push_str(&meant_line(other)),
        }
    }
    Some(MeantText { character, mended })
}

/// A character that looks like another or like nothing.
pub(super) struct MeantText {
    pub(super) character: char,
    /// The text as it was probably meant.
    pub(super) mended: String,
}

/// What is wrong with such a character.
pub(super) fn problem(character: char) -> SettingsProblem {
    match meant(character) {
        Some("" | " ") | None => SettingsProblem::Invisible(character),
        Some(quote) => SettingsProblem::Quote { character, quote },
    }
}
