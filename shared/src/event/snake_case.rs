//! The name of a variant as serde writes it with `rename_all = "snake_case"`, when compiled.

/// How long the snake_case of a name in CamelCase is.
pub(super) const fn length(name: &str) -> usize {
    let (letters, mut at, mut length) = (name.as_bytes(), 0, 0);
    while at < letters.len() {
        length += if at > 0 && letters[at].is_ascii_uppercase() { 2 } else { 1 };
        at += 1;
    }
    length
}

/// The snake_case of a name in CamelCase, which is so long.
pub(super) const fn letters<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let (letters, mut at, mut end, mut into) = (name.as_bytes(), 0, 0, [0; LENGTH]);
    while at < letters.len() {
        if at > 0 && letters[at].is_ascii_uppercase() {
            into[end] = b'_';
            end += 1;
        }
        into[end] = letters[at].to_ascii_lowercase();
        (at, end) = (at + 1, end + 1);
    }
    into
}

/// The snake_case of an identifier, as a constant text.
macro_rules! snake_case {
    ($name:ident) => {{
        const NAME: &str = stringify!($name);
        const LETTERS: [u8; snake_case::length(NAME)] = snake_case::letters(NAME);
        match str::from_utf8(&LETTERS) {
            Ok(word) => word,
            // An identifier of ASCII letters stays one.
            Err(_) => NAME,
        }
    }};
}

pub(super) use snake_case;
