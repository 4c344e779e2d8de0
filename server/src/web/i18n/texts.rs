//! The texts of a language, by key, with places for what varies.

use std::{collections::BTreeMap, sync::LazyLock};

use super::Language;

/// What is said in one language.
#[derive(Debug)]
pub struct Texts(BTreeMap<&'static str, &'static str>);

/// The groups of keys, the part before the first dot, that only the pages themselves use.
const IN_PAGES: [&str; 8] =
    ["choice", "conflicts", "dialog", "enter", "here", "hint", "landing", "page"];

static TEXTS: [LazyLock<Texts>; 2] = [
    LazyLock::new(|| Texts::read(Language::English)),
    LazyLock::new(|| Texts::read(Language::SimplifiedChinese)),
];

impl Texts {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &TEXTS[0],
            Language::SimplifiedChinese => &TEXTS[1],
        }
    }

    fn read(language: Language) -> Self {
        Self(serde_json::from_str(language.file()).expect("texts without escapes"))
    }

    /// The text of `key`. A key that does not exist is shown as it is: a test finds it first.
    pub fn say(&self, key: &'static str) -> &'static str {
        self.0.get(key).copied().unwrap_or(key)
    }

    /// The text of `key`, if there is one.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        self.0.get(key).copied()
    }

    /// What the scripts may say, as JSON: all but what stands in the pages already.
    pub(crate) fn for_scripts(&self) -> String {
        let is_spoken =
            |key: &str| !key.split_once('.').is_some_and(|(group, _)| IN_PAGES.contains(&group));
        let spoken: BTreeMap<_, _> = self.0.iter().filter(|(key, _)| is_spoken(key)).collect();
        serde_json::to_string(&spoken).expect("texts are JSON")
    }

    /// The text of `key` with its `{places}` filled in.
    pub fn fill(&self, key: &'static str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
        filled(self.say(key), values)
    }
}

/// `text` with its `{places}` filled in. What is filled in is not looked at again, so that a process
/// named `{pid}` stays what it is.
pub(crate) fn filled(text: &str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
    let mut filled = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((before, place, after)) = next_place(rest) {
        filled += before;
        match values.iter().find(|(name, _)| *name == place) {
            Some((_, value)) => filled += &value.to_string(),
            None => filled.extend(["{", place, "}"]),
        }
        rest = after;
    }
    filled + rest
}

/// What is before the next place, its name, and what is after it.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (place, after) = rest.split_once('}')?;
    Some((before, place, after))
}

#[cfg(test)]
mod test {
    use std::collections::BTreeSet;

    use super::*;

    fn places(text: &str) -> BTreeSet<&str> {
        let mut rest = text;
        let next = || {
            let (_, place, after) = next_place(rest)?;
            rest = after;
            Some(place)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn every_language_has_the_same_keys_with_the_same_places() {
        let english = Texts::of(Language::English);
        for language in Language::ALL {
            let texts = Texts::of(language);
            assert!(english.0.keys().eq(texts.0.keys()), "{language} has other keys");
            for (key, text) in &texts.0 {
                assert!(!text.trim().is_empty(), "{key} in {language}");
                assert_eq!(places(text), places(english.0[key]), "{key} in {language}");
            }
        }
    }

    #[test]
    fn chinese_is_chinese_and_english_is_not() {
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let chinese = Texts::of(Language::SimplifiedChinese);
        // What has no words in it is the same in both.
        let without_words = ["check.no", "list.and"];
        for (key, text) in &chinese.0 {
            let has_words = !without_words.contains(key);
            assert!(is_chinese(text) || !has_words, "{key} is not Chinese: {text}");
        }
        assert!(!Texts::of(Language::English).0.values().any(|text| is_chinese(text)));
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        assert_eq!(filled("{a} and {b}", &[("a", &"{b}"), ("b", &1)]), "{b} and 1");
        assert_eq!(filled("{unknown} {", &[]), "{unknown} {");
    }
}
