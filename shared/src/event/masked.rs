//! Command lines without their secrets.

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
