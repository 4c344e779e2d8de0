//! The default of a setting, and the words to choose from.

use serde_json::json;

use super::{setting::Setting, table::Settings};

impl Setting {
    /// The default as it stands in a settings file; `None` if there is none.
    pub fn default(&self) -> Option<String> {
        // A JSON value is also a TOML value.
        let value = json!(Settings::defaults())[self.key].take();
        (!value.is_null()).then(|| value.to_string())
    }

    /// The words of a choice, the default first; empty for any other kind.
    pub fn choices(&self) -> Vec<&'static str> {
        let mut words = self.kind.words().to_vec();
        let default = self.default().unwrap_or_default();
        words.sort_by_key(|word| *word != default.trim_matches('"'));
        words
    }
}
