//! The choice of a language by `Accept-Language` (RFC 9110).

use shared::messages::Language;

/// The language with the highest weight; the first among equals, English if we have none of them.
pub(super) fn best(header: &str) -> Language {
    let mut best = (Language::English, 0);
    for (language, weight) in header.split(',').filter_map(range) {
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// One language range: the language and its weight, in thousandths.
fn range(text: &str) -> Option<(Language, u32)> {
    let (tag, parameters) = text.split_once(';').unwrap_or((text, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        Some(number) => number.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))?,
        None => 1.0,
    };
    Some((named(tag.trim())?, (weight * 1000.0) as u32))
}

/// Every English is English, and simplified Chinese is used for every Chinese.
fn named(tag: &str) -> Option<Language> {
    let primary = tag.split('-').next()?;
    match primary.to_ascii_lowercase().as_str() {
        "en" => Some(Language::English),
        "zh" => Some(Language::SimplifiedChinese),
        _ => None,
    }
}

#[cfg(test)]
mod test {
    use super::{
        Language::{English, SimplifiedChinese},
        best,
    };

    #[test]
    fn the_language_that_is_liked_best_is_chosen() {
        for (header, language) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", SimplifiedChinese),
            ("zh-Hans-CN", SimplifiedChinese),
            ("ZH", SimplifiedChinese),
            ("en-GB,en;q=0.9,zh;q=0.8", English),
            ("fr, zh;q=0.4, en;q=0.5", English),
            ("fr, zh;q=0.5, en;q=0.4", SimplifiedChinese),
            ("de, zh ;q=0.1", SimplifiedChinese),
            ("zh;q=0, en;q=0.1", English),
        ] {
            assert_eq!(best(header), language, "{header}");
        }
    }

    #[test]
    fn whoever_asks_for_none_of_ours_or_says_nonsense_gets_english() {
        for header in ["", "*", "fr", "zh;q=0", "zh;q=x", "zh;q=2", "zh;q=NaN", ";;,,=", "zhx"] {
            assert_eq!(best(header), English, "{header}");
        }
    }
}
