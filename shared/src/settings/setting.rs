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
    /// Whether it is nothing to our own server, but to a program that binds its port by itself.
    pub is_of_program: bool,
}

/// The settings that decide what is run. A browser must not, so neither the console nor the API changes them.
const WHAT_IS_RUN: [&str; 6] = ["command", "program", "cwd", "path", "env", "shell"];

impl Setting {
    /// Whether what is shown of its value may be without secrets, and so two values may look the same.
    pub(super) fn is_masked(&self) -> bool {
        self.kind.is_secret() || self.key == "program"
    }

    /// Whether it is changed in the file or by a command alone, and neither in the console nor through the API.
    pub fn decides_what_is_run(&self) -> bool {
        WHAT_IS_RUN.contains(&self.key)
    }
}
