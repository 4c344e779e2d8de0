//! Command lines without their secrets.

use toml_edit::{Array, DocumentMut};

/// Words in an option's name that make its value a secret.
const SECRET_WORDS: [&str; 4] = ["token", "secret", "password", "key"];

/// A command line fit to be kept: the values of options that name a secret become `***`.
///
/// # Examples
///
/// ```
/// use shared::event::masked;
///
/// let argv = ["server", "--port", "3030", "--token", "a1b2", "--api-key=c3"].map(String::from);
/// assert_eq!(masked(argv), ["server", "--port", "3030", "--token", "***", "--api-key=***"]);
/// ```
pub fn masked(argv: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut value_is_secret = false;
    let mask = |argument: String| {
        let names_secret = |option: &str| {
            let option = option.to_ascii_lowercase();
            option.starts_with('-') && SECRET_WORDS.iter().any(|word| option.contains(word))
        };
        if std::mem::take(&mut value_is_secret) {
            return "***".to_owned();
        }
        match argument.split_once('=') {
            Some((option, _)) if names_secret(option) => format!("{option}=***"),
            _ => {
                value_is_secret = names_secret(&argument);
                argument
            }
        }
    };
    argv.into_iter().map(mask).collect()
}

/// The value of a setting fit to be kept: a list of words, such as a command line, as [`masked`] has it.
pub fn masked_value(value: String) -> String {
    let words = words(&value).unwrap_or_default();
    let masked = masked(words.clone());
    if masked == words { value } else { masked.into_iter().collect::<Array>().to_string() }
}

/// The words of a list, in TOML or in JSON.
fn words(list: &str) -> Option<Vec<String>> {
    let document = format!("list = {list}").parse::<DocumentMut>().ok()?;
    document["list"].as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_setting_loses_the_secrets_of_a_command_line_and_nothing_else() {
        for (value, kept) in [
            ("['serve', '--api-token', \"a1\", 'x']", r#"["serve", "--api-token", "***", "x"]"#),
            (r#"["serve","--key=a1"]"#, r#"["serve", "--key=***"]"#),
            ("['serve', '--verbose']", "['serve', '--verbose']"),
            ("\"10s\"", "\"10s\""),
            ("[3030, 4000]", "[3030, 4000]"),
            ("17890", "17890"),
        ] {
            assert_eq!(masked_value(value.to_owned()), kept);
        }
    }
}
