//! What is said of a text that may be anything: no line of its own, and no more than a person reads.

use crate::printable;

/// How many characters are kept at the beginning of a text, and at its end.
const KEPT: usize = 150;

/// `text`, [escaped](printable::escaped) and, if it is long, without its middle.
pub fn of(text: &str) -> String {
    let characters: Vec<_> = text.chars().collect();
    let part = |of: &[char]| printable::escaped(&of.iter().collect::<String>());
    match characters.len() {
        length if length <= 2 * KEPT => part(&characters),
        length => format!("{} … {}", part(&characters[..KEPT]), part(&characters[length - KEPT..])),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn it_is_one_short_line_that_begins_and_ends_as_it_did() {
        assert_eq!(of("`ä` is no port"), "`ä` is no port");
        assert_eq!(of("`a\nerror: b\u{1b}[1m`"), "`a\\nerror: b\\u{1b}[1m`");
        let told = of(&format!("`{}` is no port", "ä".repeat(100_000)));
        assert!(told.starts_with("`ää") && told.ends_with("ää` is no port"), "{told}");
        assert!(told.chars().count() < 400, "{told}");
    }
}
