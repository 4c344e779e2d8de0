//! The name of an app: under it settings, ports and history are kept.

use std::{fmt, str::FromStr};

use crate::message;

use serde::{Deserialize, Serialize, de};

/// The longest name of an app, in bytes. File systems allow 255 bytes for a file name; this leaves
/// room for every ending that Homeport adds, and a person can still read it.
pub const MAX_NAME: usize = 64;

/// Names that Windows reserves for devices, in any folder and with any ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Folders that are beside those of the apps: `run/` and `logs/` in the folder of the state.
const FOLDERS: [&str; 2] = ["run", "logs"];

/// A name that is also a safe file name on every system: letters, digits, `-`, `_` and `.`, not
/// starting with a dot or a dash nor ending with a dot, 64 bytes at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(example = "notes", max_length = 64))]
pub struct AppName(String);

impl AppName {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AppName {
    fn default() -> Self {
        Self("server".to_owned())
    }
}

/// Why a text cannot be the name of an app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppNameError {
    /// Nothing was given.
    #[error("{}", message!("app_error.empty"))]
    Empty,
    /// More than [`MAX_NAME`] bytes.
    #[error("{}", message!("app_error.too_long", most = MAX_NAME, count = .0))]
    TooLong(usize),
    /// A character that is not allowed, where it stands.
    #[error("{}", message!("app_error.character", name = .name, character = format_args!("{:?}", .character)))]
    Character {
        /// The name, with control characters escaped.
        name: String,
        /// The first character that is refused.
        character: char,
    },
    /// A dot at the end, which Windows ignores: two names would be one file.
    #[error("{}", message!("app_error.final_dot", name = .0))]
    FinalDot(String),
    /// A name that Windows reserves for a device.
    #[error("{}", message!("app_error.device", name = .0))]
    Device(String),
    /// The name of a folder that is beside those of the apps.
    #[error("{}", message!("app_error.folder", name = .0))]
    Folder(String),
}

impl FromStr for AppName {
    type Err = AppNameError;

    fn from_str(name: &str) -> Result<Self, AppNameError> {
        if name.len() > MAX_NAME {
            return Err(AppNameError::TooLong(name.len()));
        }
        let first = name.chars().next().ok_or(AppNameError::Empty)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let refused = name.chars().find(|&c| !allowed(c));
        if let Some(character) = refused.or((!first.is_ascii_alphanumeric()).then_some(first)) {
            return Err(AppNameError::Character {
                name: name.escape_debug().to_string(),
                character,
            });
        }
        if name.ends_with('.') {
            return Err(AppNameError::FinalDot(name.to_owned()));
        }
        if FOLDERS.iter().any(|folder| name.eq_ignore_ascii_case(folder)) {
            return Err(AppNameError::Folder(name.to_owned()));
        }
        if is_device(name) {
            return Err(AppNameError::Device(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }
}

/// `con`, `NUL.txt`, `com1` and their kind.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let numbered = |prefix| {
        stem.strip_prefix(prefix).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AppName {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_plain_name_is_taken_as_it_is() {
        for name in ["server", "notes-2", "my_app", "a.b", "9lives", "console", "com10"] {
            assert_eq!(name.parse::<AppName>().map(|n| n.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn a_device_of_windows_is_refused_on_every_system_however_it_is_written() {
        for name in
            ["CON", "con", "Prn", "aux", "nul.txt", "NUL.tar.gz", "com1", "COM0", "LPT9.log"]
        {
            let refused = name.parse::<AppName>();
            assert_eq!(refused, Err(AppNameError::Device(name.to_owned())), "{name}");
        }
        for name in ["con.", "nul ", " aux", "lpt1. ", "conin$", "a:con"] {
            assert!(name.parse::<AppName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_could_leave_its_folder_is_refused() {
        for name in
            ["", ".", "..", "a/b", "a\\b", "a\nb", ".hidden", "-flag", "ü", "a b", "dot.", "com¹"]
        {
            assert!(name.parse::<AppName>().is_err(), "{name:?}");
        }
        assert_eq!("x".repeat(300).parse::<AppName>(), Err(AppNameError::TooLong(300)));
    }
}
