//! The sentences for people: the text of the terminal, the message box and the console.
//!
//! Each sentence has a key and stands in a JSON file: `en.json` and `zh-Hans.json` hold
//! the console's sentences, with the same keys in each; `terminal.en.json` holds those that only the
//! terminal and the API have, in English. A `{name}` in a sentence is a placeholder. Colours and links are added where a
//! sentence is printed.

mod catalogue;
mod language;
mod times;

pub(crate) use catalogue::placeholders;
pub use catalogue::{Messages, fill};
pub use language::Language;
pub use times::{local_minute, local_time, now_here};

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
