//! A start at login, in no format yet.

/// What the system starts at login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginEntry {
    /// The name among all that the system starts: unique for each app and each folder that `--home`
    /// names.
    pub name: String,
    /// The name that the system shows to people.
    pub label: String,
    /// The program, as an absolute path, and its arguments.
    pub words: Vec<String>,
}
