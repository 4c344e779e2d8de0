//! The sentences of a language, by key.

use std::{collections::BTreeMap, fmt::Display, iter, sync::LazyLock};

use super::language::{Language, TERMINAL};

/// The sentences of one language.
#[derive(Debug)]
pub struct Messages(BTreeMap<&'static str, &'static str>);

static MESSAGES: [LazyLock<Messages>; 2] = [
    LazyLock::new(|| Messages::read(&[Language::English.file(), TERMINAL])),
    LazyLock::new(|| Messages::read(&[Language::SimplifiedChinese.file()])),
];

impl Language {
    /// The sentences in this language.
    pub fn messages(self) -> &'static Messages {
        Messages::of(self)
    }
}

impl Messages {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &MESSAGES[0],
            Language::SimplifiedChinese => &MESSAGES[1],
        }
    }

    fn read(files: &[&'static str]) -> Self {
        let read = |file| -> BTreeMap<_, _> {
            serde_json::from_str(file).expect("an object of strings without escapes")
        };
        Self(files.iter().copied().flat_map(read).collect())
    }

    /// The sentence of `key`, or the key itself if it does not exist, which a test rules out.
    pub fn message(&self, key: &'static str) -> &'static str {
        self.0.get(key).copied().unwrap_or(key)
    }

    /// The sentence of a key that was put together while the program runs.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        self.0.get(key).copied()
    }

    /// The sentence of `key` with its placeholders filled in.
    pub fn fill(&self, key: &'static str, values: &[(&str, &dyn Display)]) -> String {
        fill(self.message(key), values)
    }
}

/// `text` with its placeholders filled in. The values are not scanned for placeholders, so a process
/// named `{pid}` keeps its name.
pub fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((before, place, after)) = next_placeholder(rest) {
        filled += before;
        match values.iter().find(|(name, _)| *name == place) {
            Some((_, value)) => filled += &value.to_string(),
            None => filled.extend(["{", place, "}"]),
        }
        rest = after;
    }
    filled + rest
}

/// The names of the placeholders of `text`.
pub(crate) fn placeholders(mut text: &str) -> impl Iterator<Item = &str> {
    iter::from_fn(move || {
        let (_, name, after) = next_placeholder(text)?;
        text = after;
        Some(name)
    })
}

/// The text before the next placeholder, its name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (place, after) = rest.split_once('}')?;
    Some((before, place, after))
}

#[cfg(test)]
mod test {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        super::placeholders(text).collect()
    }

    #[test]
    fn every_language_has_the_same_keys_with_the_same_places() {
        let english = Messages::read(&[Language::English.file()]);
        for language in Language::ALL {
            let messages = Messages::read(&[language.file()]);
            assert!(english.0.keys().eq(messages.0.keys()), "{language} has other keys");
            for (key, text) in &messages.0 {
                assert!(!text.trim().is_empty(), "{key} in {language}");
                assert_eq!(placeholders(text), placeholders(english.0[key]), "{key} in {language}");
            }
        }
    }

    #[test]
    fn the_terminal_and_the_console_share_no_key() {
        let console = Messages::read(&[Language::English.file()]);
        for key in Messages::read(&[TERMINAL]).0.keys() {
            assert_eq!(console.find(key), None, "{key}");
        }
    }

    #[test]
    fn chinese_is_chinese_and_english_is_not() {
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let chinese = Messages::of(Language::SimplifiedChinese);
        // What has no words in it is the same in both.
        let without_words = ["holder.facts", "list.and"];
        for (key, text) in &chinese.0 {
            let has_words = !without_words.contains(key);
            assert!(is_chinese(text) || !has_words, "{key} is not Chinese: {text}");
        }
        assert!(!Messages::of(Language::English).0.values().any(|text| is_chinese(text)));
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        assert_eq!(fill("{a} and {b}", &[("a", &"{b}"), ("b", &1)]), "{b} and 1");
        assert_eq!(fill("{unknown} {", &[]), "{unknown} {");
    }
}
