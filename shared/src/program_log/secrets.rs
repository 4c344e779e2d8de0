//! Secrets in what a program writes.
//!
//! Two kinds are masked: values that are known to be secret, wherever they stand, and what a line itself calls a secret.
//! The rules for a command line ([`masked`](crate::event::masked)) would mask too much of a text: `author=` and `keys: 5`
//! are no secrets in a log, nor is the word behind `--token` in a help text.

use std::{ops::Range, sync::LazyLock};

use memchr::memmem::Finder;

const MASK: &str = "***";

/// How many characters a value has at least that is masked wherever it stands: a shorter one is in too many words.
const SHORTEST: usize = 8;

/// How much of a known value at the end of a line that was cut is taken for its beginning, in bytes.
const BEGINNING: usize = 4;

/// The names, or their ends, whose value is a secret; a name that goes on behind them, such as `tokens`, is none.
const NAMES: [&str; 18] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "private_key",
    "private-key",
    "secret_key",
    "secret-key",
];

/// The headers whose value is a secret to its end.
const HEADERS: [&str; 2] = ["authorization", "cookie"];

/// The words before a credential in such a header, also where the header is not named.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// What is masked in the output of a program.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} values)", self.0.len())
    }
}

impl Secrets {
    /// Masks these values as well, line by line, if they have eight characters or more: those of the variables that a
    /// person sets for a program.
    pub fn of_values<V: AsRef<str>>(values: impl IntoIterator<Item = V>) -> Self {
        let mut known = Vec::new();
        for value in values {
            let lines = value.as_ref().lines().map(str::trim);
            for line in lines.filter(|line| line.chars().count() >= SHORTEST) {
                let quoted = serde_json::Value::from(line).to_string();
                known.extend([line.to_owned(), quoted[1..quoted.len() - 1].to_owned()]);
            }
        }
        // One may be a part of another.
        known.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        known.dedup();
        Self(known)
    }

    /// The text without secrets; `is_cut` is whether the end of it is missing.
    pub(super) fn mask(&self, mut text: String, is_cut: bool) -> String {
        for value in &self.0 {
            if text.contains(value) {
                text = text.replace(value, MASK);
            }
            if let Some(length) = begun_at_end(&text, value).filter(|_| is_cut) {
                text.replace_range(text.len() - length.., MASK);
            }
        }
        let mut places = named_in(&text);
        if places.is_empty() {
            return text;
        }
        places.sort_by_key(|place| (place.start, place.end));
        let (mut masked, mut end) = (String::with_capacity(text.len()), 0);
        for place in places {
            // One may begin in another.
            if place.start >= end {
                masked.push_str(&text[end..place.start]);
                masked.push_str(MASK);
            }
            end = end.max(place.end);
        }
        masked + &text[end..]
    }
}

/// How much of the beginning of `value` a text ends with.
fn begun_at_end(text: &str, value: &str) -> Option<usize> {
    let lengths = (BEGINNING..value.len()).rev();
    lengths
        .filter(|length| value.is_char_boundary(*length))
        .find(|length| text.ends_with(&value[..*length]))
}

/// The places of the values that a text calls secrets.
fn named_in(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut places = Vec::new();
    for (finder, value_of) in &*FINDERS {
        let found = finder.find_iter(lower.as_bytes());
        places.extend(found.filter_map(|at| value_of(text, at, at + finder.needle().len())));
    }
    places
}

/// Finds the place of a secret in a text, whose word is from `at` to `end`.
type ValueOf = fn(text: &str, at: usize, end: usize) -> Option<Range<usize>>;

/// The words, ready to be searched for, which is done in every line.
static FINDERS: LazyLock<Vec<(Finder<'static>, ValueOf)>> = LazyLock::new(|| {
    let kinds: [(&[&'static str], ValueOf); 4] =
        [(&NAMES, named), (&HEADERS, header_value), (&SCHEMES, credential), (&["://"], password)];
    let finders = |(words, value_of): (&[&'static str], ValueOf)| {
        words.iter().map(|word| (Finder::new(*word), value_of)).collect::<Vec<_>>()
    };
    kinds.into_iter().flat_map(finders).collect()
});

/// The value of the name that has a word from `at` to `end`: behind `=`, in quotation marks behind `:`, or by itself
/// behind `:` or an option, if it looks like a secret: there a sentence may follow.
fn named(text: &str, at: usize, end: usize) -> Option<Range<usize>> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_option = || {
        let name = text[..at].bytes().rev().take_while(|byte| is_of_name(*byte)).count();
        text[at - name..].starts_with('-')
    };
    let rest = &text[end..];
    let after_name = rest.trim_start_matches(['\\', '"', '\'']);
    let after_space = after_name.trim_start_matches(' ');
    let (value, is_sure) = if let Some(value) = after_space.strip_prefix('=') {
        (value, true)
    } else if let Some(value) = after_space.strip_prefix(':') {
        (value, false)
    } else if after_space.len() < after_name.len() && is_option() {
        (after_space, false)
    } else {
        return None;
    };
    let value = value.trim_start_matches(' ');
    let opening: &str = &value[..value.len() - value.trim_start_matches('\\').len()];
    let unquoted = &value[opening.len()..];
    let (value, length, is_sure) = match unquoted.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => {
            let (value, closing) = (&unquoted[1..], format!("{opening}{}", *quote as char));
            (value, quoted_length(value, &closing), true)
        }
        _ => (value, bare_length(value), is_sure),
    };
    let start = text.len() - value.len();
    (length > 0 && (is_sure || looks_secret(&value[..length]))).then_some(start..start + length)
}

/// How long a text is until `closing`, which a backslash before it makes a part of the text.
fn quoted_length(text: &str, closing: &str) -> usize {
    let is_end = |at: &usize| !text[..*at].ends_with('\\');
    text.match_indices(closing).map(|(at, _)| at).find(is_end).unwrap_or(text.len())
}

/// How long a word is, until a blank, a quotation mark or what parts parameters. What a backslash stands before is
/// a part of it.
fn bare_length(text: &str) -> usize {
    let mut is_escaped = false;
    let ends = |c: char| {
        let ends = !is_escaped && (c.is_whitespace() || "\"'&;,".contains(c));
        is_escaped = !is_escaped && c == '\\';
        ends
    };
    text.find(ends).unwrap_or(text.len())
}

/// Whether a word is more likely a secret than one of a sentence.
fn looks_secret(word: &str) -> bool {
    word.len() >= SHORTEST && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// The value of a header whose name ends at `end`.
fn header_value(text: &str, _: usize, end: usize) -> Option<Range<usize>> {
    let rest = text[end..].trim_start_matches(['\\', '"', '\'', ' ']);
    let value = rest.strip_prefix([':', '='])?.trim_start_matches(['\\', '"', '\'', ' ']);
    let length = value.find(['"', '\'', '\\']).unwrap_or(value.len());
    let start = text.len() - value.len();
    (length > 0).then_some(start..start + length)
}

/// The credential behind a scheme that is a word of its own.
fn credential(text: &str, at: usize, end: usize) -> Option<Range<usize>> {
    let is_word = !text[..at].ends_with(|c: char| c.is_alphanumeric());
    let value = text[end..].strip_prefix(' ').filter(|_| is_word)?;
    let length = value.find(|c: char| c.is_whitespace() || "\"'\\,;".contains(c));
    let length = length.unwrap_or(value.len());
    looks_secret(&value[..length]).then_some(end + 1..end + 1 + length)
}

/// The password of an address whose authority begins at `start`.
fn password(text: &str, _: usize, start: usize) -> Option<Range<usize>> {
    let authority = &text[start..];
    let is_end = |c: char| c.is_whitespace() || "/?#\"'<>\\".contains(c);
    let authority = &authority[..authority.find(is_end).unwrap_or(authority.len())];
    let user = &authority[..authority.rfind('@')?];
    let begin = user.find(':')? + 1;
    (begin < user.len()).then_some(start + begin..start + user.len())
}

#[cfg(test)]
mod test {
    use super::*;

    #[track_caller]
    fn assert_masked(text: &str, kept: &str) {
        assert_eq!(Secrets::default().mask(text.to_owned(), false), kept);
        assert_eq!(Secrets::default().mask(kept.to_owned(), false), kept, "again");
    }

    #[test]
    fn what_a_line_calls_a_secret_is_masked() {
        for (text, kept) in [
            ("password=hunter2 user=ada", "password=*** user=ada"),
            ("DB_PASSWORD = 'a b'", "DB_PASSWORD = '***'"),
            ("http://localhost:8888/?token=a1b2&x=1", "http://localhost:8888/?token=***&x=1"),
            ("postgres://ada:p4ss@db/x", "postgres://ada:***@db/x"),
            (r#"{"apiKey": "k\"ey", "n": 1}"#, r#"{"apiKey": "***", "n": 1}"#),
            (r#"{"m":"{\"token\":\"a\"}"}"#, r#"{"m":"{\"token\":\"***\"}"}"#),
            (r#"{"m":"token=a\"b"}"#, r#"{"m":"token=***"}"#),
            ("Authorization: Bearer abc", "Authorization: ***"),
            ("> Cookie: a=b; c=d", "> Cookie: ***"),
            ("sent Bearer eyJhbGciOi1 to it", "sent Bearer *** to it"),
            ("x --api-key 12345678 --port 1", "x --api-key *** --port 1"),
            ("token: eyJhbGciOi1", "token: ***"),
            ("api_token=password=1", "api_token=***"),
        ] {
            assert_masked(text, kept);
        }
    }

    #[test]
    fn what_only_sounds_like_one_is_left() {
        for text in [
            "author=Bob key=5 tokens=350 max_tokens: 4096",
            "Invalid password: too short",
            "  --token <TOKEN>  The token to use",
            "the bearer of bad news, a basic truth",
            "http://h:80/a:b@c",
            "{\"keyboard\":\"us\",\"passed\":true}",
            "secretly: 12345678",
            "token",
            "password=",
            "https://",
        ] {
            assert_masked(text, text);
        }
    }

    #[test]
    fn known_values_are_masked_wherever_they_stand_if_they_are_long_enough() {
        let secrets =
            Secrets::of_values(["hunter2", "long-enough", "a \"ü\" quoted", "x\nline two\n"]);
        let masked = |text: &str| secrets.mask(text.to_owned(), false);
        assert_eq!(masked("hunter2 <long-enough>long-enough"), "hunter2 <***>***");
        assert_eq!(masked(r#"{"a":"a \"ü\" quoted"}"#), r#"{"a":"***"}"#);
        assert_eq!(masked("line two, line 3"), "***, line 3");
        assert_eq!(secrets.mask("it is long-en".to_owned(), true), "it is ***");
        assert_eq!(masked("it is long-en"), "it is long-en");
        assert!(!format!("{secrets:?}").contains("long"));
    }
}
