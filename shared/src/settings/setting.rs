//! A row of the table of settings.

use super::kind::Kind;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key in a settings file.
    pub key: &'static str,
    /// How its value is written.
    pub kind: Kind,
    /// The option of the command line that wins over the variable.
    pub flag: Option<&'static str>,
    /// The variable of the environment that wins over the file.
    pub variable: Option<&'static str>,
    /// What it does, for a person.
    pub meaning: &'static str,
    /// A value that is not the default, as it stands in a settings file.
    pub example: &'static str,
}
