//! The sentences for people: the text of the terminal, the message box and the console.
//!
//! Each sentence has a key and stands in a JSON file: `en.json` and `zh-Hans.json` hold
//! the console's sentences, with the same keys in each; `terminal.en.json` holds those of the terminal
//! only, in English. A `{name}` in a sentence is a placeholder. Colours and links are added where a
//! sentence is printed.

mod catalogue;
mod times;

use std::fmt;

pub(crate) use catalogue::placeholders;
pub use catalogue::{Messages, fill};
pub use times::local_time;

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

    /// The sentences in this language.
    pub fn messages(self) -> &'static Messages {
        Messages::of(self)
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
const TERMINAL: &str = include_str!("terminal.en.json");

/// The English sentence of a key as a `String`, with its placeholders filled in by name.
///
/// # Examples
///
/// ```
/// use shared::message;
///
/// let port = 3030;
/// assert_eq!(message!("event.port_released", port), "Port 3030 is released.");
/// assert_eq!(message!("event.port_released", port = 4040), "Port 4040 is released.");
/// ```
#[macro_export]
macro_rules! message {
    ($key:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::messages::Language::English
            .messages()
            .fill($key, &[$((stringify!($name), &$crate::message!(@value $name $(= $value)?))),*])
    };
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
}
