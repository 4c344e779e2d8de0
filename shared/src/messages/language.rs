//! The languages, and the files of their sentences.

use std::fmt;

/// A language that the catalogue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English: the language of the terminal, and the default of the console.
    English,
    /// Chinese in simplified characters.
    SimplifiedChinese,
}

impl Language {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::English, Self::SimplifiedChinese];

    /// The tag for `lang` and `Content-Language` (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-Hans",
        }
    }

    /// The file of the console's sentences, as JSON.
    pub const fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("en.json"),
            Self::SimplifiedChinese => include_str!("zh-Hans.json"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The sentences of the terminal only, in English.
pub(super) const TERMINAL: &str = include_str!("terminal.en.json");
