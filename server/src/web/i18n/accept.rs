//! What a browser says of the languages it likes (`Accept-Language`, RFC 9110), and what it gets.

use shared::messages::Language;

/// The language that is liked best; the first one named among equals, English if none is ours.
pub(super) fn best(wishes: &str) -> Language {
    let mut best = (Language::English, 0);
    for (language, liking) in wishes.split(',').filter_map(wish) {
        if liking > best.1 {
            best = (language, liking);
        }
    }
    best.0
}

/// One wish: the language and how much it is liked, in thousandths.
fn wish(text: &str) -> Option<(Language, u32)> {
    let (tag, parameters) = text.split_once(';').unwrap_or((text, ""));
    let liking = match parameters.trim().strip_prefix("q=") {
        Some(number) => number.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))?,
        None => 1.0,
    };
    Some((named(tag.trim())?, (liking * 1000.0) as u32))
}

/// Any English is English, and any Chinese is better than none for whoever reads it.
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
        for (wishes, language) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", SimplifiedChinese),
            ("zh-Hans-CN", SimplifiedChinese),
            ("ZH", SimplifiedChinese),
            ("en-GB,en;q=0.9,zh;q=0.8", English),
            ("fr, zh;q=0.4, en;q=0.5", English),
            ("fr, zh;q=0.5, en;q=0.4", SimplifiedChinese),
            ("de, zh ;q=0.1", SimplifiedChinese),
            ("zh;q=0, en;q=0.1", English),
        ] {
            assert_eq!(best(wishes), language, "{wishes}");
        }
    }

    #[test]
    fn whoever_asks_for_none_of_ours_or_says_nonsense_gets_english() {
        for wishes in ["", "*", "fr", "zh;q=0", "zh;q=x", "zh;q=2", "zh;q=NaN", ";;,,=", "zhx"] {
            assert_eq!(best(wishes), English, "{wishes}");
        }
    }
}
