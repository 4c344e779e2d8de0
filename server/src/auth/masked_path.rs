//! Texts of requests fit to be logged: without tokens, tickets and cookies.
//!
//! A client may put one of them anywhere. They are known by their form, whoever's they are: many hexadecimal digits
//! in a row.

use std::{borrow::Cow, iter};

use percent_encoding::percent_decode_str;

/// How many hexadecimal digits in a row pass for a secret: half of a token, and the shorter part of a ticket.
const SECRET_DIGITS: usize = 32;

/// How often a text may have been percent-encoded.
const MAX_ENCODED: usize = 3;

/// A path, or a method, with `***` in the place of each part that may be or hold a secret.
pub fn masked_path(path: &str) -> Cow<'_, str> {
    // Most are too short for one.
    if path.len() < SECRET_DIGITS {
        return path.into();
    }
    let parts = path.split('/').map(|part| if holds_secret(part) { "***" } else { part });
    parts.collect::<Vec<_>>().join("/").into()
}

fn holds_secret(part: &str) -> bool {
    let decode = |text: &Cow<'_, str>| match text.contains('%') {
        true => Some(percent_decode_str(text).decode_utf8_lossy().into_owned().into()),
        false => None,
    };
    let decoded = iter::successors(Some(Cow::Borrowed(part)), decode).take(MAX_ENCODED + 1);
    decoded.into_iter().any(|text| {
        let mut runs = text.split(|digit: char| !digit.is_ascii_hexdigit());
        runs.any(|digits| digits.len() >= SECRET_DIGITS)
    })
}

#[cfg(test)]
mod test {
    use super::*;

    const SECRET: &str = "0f3a5c7e9b1d2f4a6c8e0b1d3f5a7c9e";

    #[test]
    fn a_secret_is_known_by_its_form_in_whatever_spelling() {
        let encoded =
            |text: &str| -> String { text.bytes().map(|b| format!("%{b:02x}")).collect() };
        let half = format!("{}%{:02x}{}", &SECRET[..16], SECRET.as_bytes()[16], &SECRET[17..]);
        for part in [
            SECRET.to_owned(),
            SECRET.to_uppercase(),
            format!("enter%3Fticket=1795848233.{SECRET}.{SECRET}"),
            format!("token={SECRET}"),
            half,
            encoded(SECRET),
            encoded(&encoded(SECRET)),
        ] {
            assert_eq!(masked_path(&format!("/a/{part}/b")), "/a/***/b", "{part}");
        }
        for plain in ["/_homeport/enter", "/buy/a/ticket", "/app.3f2a9c1bd4.js", "/100%", "GET"] {
            assert_eq!(masked_path(plain), plain);
        }
    }
}
