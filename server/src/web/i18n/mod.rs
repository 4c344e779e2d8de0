//! The languages of the pages: which there are, which one a browser wants, and what is said in it.
//!
//! All texts are in `assets/text/`, a file for each language, the same keys in each. The pages and the
//! scripts take them from the very same file, so a thing is said in one way.

mod accept;
mod texts;

use std::{
    fmt,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

pub use texts::Texts;
pub(crate) use texts::filled;

use crate::web::error::ApiError;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, for whoever asks for none of the others.
    English,
    /// Chinese in simplified characters.
    SimplifiedChinese,
}

impl Language {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::English, Self::SimplifiedChinese];

    /// The tag, as `lang` and `Content-Language` have it (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-Hans",
        }
    }

    /// What is said in it.
    pub fn texts(self) -> &'static Texts {
        Texts::of(self)
    }

    /// The file of its texts, as JSON.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("../../../assets/text/en.json"),
            Self::SimplifiedChinese => include_str!("../../../assets/text/zh-Hans.json"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// Taken as an argument, it is the one that the browser likes best.
impl FromRequest for Language {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let wishes = request.headers().get(header::ACCEPT_LANGUAGE);
        let wishes = wishes.and_then(|wishes| wishes.to_str().ok()).unwrap_or_default();
        ready(Ok(accept::best(wishes)))
    }
}
