//! The language that a browser prefers (`Accept-Language`, RFC 9110), of those that the pages have.

use actix_web::{
    HttpMessage,
    http::header::{AcceptLanguage, Header, Quality},
};
use shared::messages::Language;

/// The preferred language; the first named among equals, English if the pages have none of them.
pub(super) fn best(request: &impl HttpMessage) -> Language {
    let Ok(mut accepted) = AcceptLanguage::parse(request) else { return Language::English };
    // A weight of 0 means "not acceptable", which `ranked` only puts last.
    accepted.retain(|item| item.quality > Quality::ZERO);
    let mut tags = accepted.ranked().into_iter();
    tags.find_map(|tag| named(tag.item()?.primary_language())).unwrap_or(Language::English)
}

/// Any English is English, and any Chinese is preferred to English by readers of Chinese.
fn named(primary: &str) -> Option<Language> {
    match primary.to_ascii_lowercase().as_str() {
        "en" => Some(Language::English),
        "zh" => Some(Language::SimplifiedChinese),
        _ => None,
    }
}

#[cfg(test)]
mod test {
    use actix_web::{http::header::ACCEPT_LANGUAGE, test::TestRequest};

    use super::Language::{self, English, SimplifiedChinese};

    fn best(wishes: &str) -> Language {
        super::best(&TestRequest::default().insert_header((ACCEPT_LANGUAGE, wishes)).to_request())
    }

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
    fn an_unknown_language_or_nonsense_gets_english() {
        for header in ["", "*", "fr", "zh;q=0", "zh;q=x", "zh;q=2", "zh;q=NaN", ";;,,=", "zhx"] {
            assert_eq!(best(header), English, "{header}");
        }
    }
}
