//! Reads what `netsh` prints of the ranges of Windows: pure, and in any language.
//!
//! The text is translated and comes in the code page of the console, so that words have no meaning and
//! need not even be text. Digits and `*` are the same in all of them, and a line is read only if it
//! consists of these. Nothing readable means that nothing is known, never that nothing is excluded.

use crate::port::{Port, PortRange};

/// A line of `netsh int ipv4 show excludedportrange protocol=tcp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exclusion {
    pub(super) range: PortRange,
    /// Whether an administrator has set them aside (`*`). The system then keeps its own hands off
    /// them, and a program that asks for one by number gets it.
    pub(super) is_administered: bool,
}

/// The excluded ranges.
pub(super) fn exclusions(printed: &[u8]) -> Vec<Exclusion> {
    let lines = printed.split(|&byte| byte == b'\n' || byte == b'\r');
    lines.filter_map(|line| exclusion(str::from_utf8(line).ok()?)).collect()
}

fn exclusion(line: &str) -> Option<Exclusion> {
    let mut words = line.split_ascii_whitespace();
    let (first, last) = (number(words.next()?)?, number(words.next()?)?);
    let is_administered = match words.next() {
        None => false,
        Some("*") if words.next().is_none() => true,
        Some(_) => return None,
    };
    Some(Exclusion { range: range(first, last)?, is_administered })
}

/// The range for outgoing connections, from `netsh int ipv4 show dynamicport tcp`: where it starts
/// and how many ports it has are the only numbers there.
pub(super) fn dynamic_range(printed: &[u8]) -> Option<PortRange> {
    let words = printed.split(|byte| !byte.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let numbers: Vec<u32> =
        words.map(|digits| number(str::from_utf8(digits).ok()?)).collect::<Option<_>>()?;
    let [first, count] = *numbers.as_slice() else { return None };
    range(first, first.checked_add(count)?.checked_sub(1)?)
}

fn number(word: &str) -> Option<u32> {
    word.parse().ok().filter(|_| word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Port 0, which no range holds here, is left out.
fn range(first: u32, last: u32) -> Option<PortRange> {
    let port = |number: u32| Port::new(u16::try_from(number).ok()?);
    PortRange::new(port(first.max(1))?, port(last)?).ok()
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    const ENGLISH: &[u8] = include_bytes!("excluded.en.txt");

    fn told(printed: &[u8]) -> Vec<String> {
        let star = |exclusion: &Exclusion| if exclusion.is_administered { "*" } else { "" };
        exclusions(printed).iter().map(|e| format!("{}{}", e.range, star(e))).collect()
    }

    #[test]
    fn the_ranges_are_read_in_any_language_and_code_page_and_keep_their_star() {
        assert_eq!(told(ENGLISH), ["80-80", "5357-5357", "24266-24365", "50000-50059*"]);
        let spanish = include_bytes!("excluded.es.txt");
        assert_eq!(told(spanish), ["5357-5357", "13543-13642", "50000-50059*"]);
        let korean = include_bytes!("excluded.ko.txt");
        assert_eq!(told(korean), ["1027-1126", "50000-50059*"]);
        let chinese = include_bytes!("excluded.zh.txt");
        assert_eq!(told(chinese), ["2363-2462", "50000-50059*"]);
    }

    #[test]
    fn the_dynamic_range_is_a_start_and_a_count_in_any_language() {
        let english = dynamic_range(include_bytes!("dynamic.en.txt"));
        assert_eq!(english, Some(PortRange::literal(49152, 65535)));
        let chinese = dynamic_range(include_bytes!("dynamic.zh.txt"));
        assert_eq!(chinese, Some(PortRange::literal(1024, 15000)));
    }

    #[test]
    fn what_is_not_such_a_line_is_passed_over() {
        assert!(told(b"").is_empty());
        for line in ["80", "80 80 80", "80 80 * *", "80-80", "90 80", "0 0", "+1 2", "1 70000"] {
            assert!(told(line.as_bytes()).is_empty(), "{line}");
        }
        assert_eq!(told(b"0 7\n"), ["1-7"]);
        for text in ["", "Access is denied. (5)", "1 2 3", "65535 2", "0 0", "5 0"] {
            assert_eq!(dynamic_range(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (exclusions(&bytes), dynamic_range(&bytes));
        }

        #[test]
        fn text_that_was_cut_off_never_makes_up_a_range(cut in 0..ENGLISH.len()) {
            let whole = told(ENGLISH);
            let mut part = told(&ENGLISH[..cut]);
            // The last line may have lost digits or its star.
            part.pop();
            prop_assert!(whole.starts_with(&part));
        }
    }
}
