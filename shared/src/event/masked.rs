//! Command lines without their secrets.

use std::mem;

use toml_edit::{Array, DocumentMut};

/// Words in the name of an option, a variable or a parameter that make its value a secret.
const SECRET_WORDS: [&str; 8] =
    ["token", "secret", "pass", "key", "credential", "auth", "bearer", "cookie"];

/// Short names of the same.
const SECRET_NAMES: [&str; 2] = ["pw", "pwd"];

/// The headers of a request whose value is a secret, and the ends of such names.
const SECRET_HEADERS: [&str; 4] = ["authorization:", "cookie:", "-token:", "-key:"];

const MASK: &str = "***";

/// A command line fit to be kept: the values of options, variables, headers and parts of URLs that name a secret become
/// `***`, also within an argument of several words.
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
        if mem::take(&mut value_is_secret) {
            return MASK.to_owned();
        }
        value_is_secret = precedes_secret(&argument);
        masked_argument(argument)
    };
    argv.into_iter().map(mask).collect()
}

/// A sentence, or a part of a settings file, without the secrets of a command line in it.
pub fn masked_text(text: &str) -> String {
    masked(text.split(' ').map(str::to_owned)).join(" ")
}

/// Whether the next word is a secret. In a text there may be quotation marks and brackets before the name.
fn precedes_secret(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'', '`', '[', ']', '(', ')', ',']);
    word.eq_ignore_ascii_case("bearer")
        || word.starts_with('-') && !word.contains(['=', ' ']) && names_secret(word)
}

fn names_secret(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word)) || SECRET_NAMES.contains(&name.as_str())
}

fn masked_argument(argument: String) -> String {
    if let Some((before, header)) = secret_header(&argument) {
        return format!("{before}{header} {MASK}");
    }
    if argument.contains(' ') {
        return masked_text(&argument);
    }
    match argument.split_once('=') {
        Some((name, _)) if !name.contains("://") && names_secret(name) => format!("{name}={MASK}"),
        _ if argument.contains("://") => masked_url(&argument),
        _ => argument,
    }
}

/// What is before a header of an argument whose value is a secret, and the header.
fn secret_header(argument: &str) -> Option<(&str, &str)> {
    let (name, value) = argument.split_once(": ")?;
    let (before, header) = argument.split_at(name.rfind(' ').map_or(0, |space| space + 1));
    let header = &header[..=name.len() - before.len()];
    let is_secret = SECRET_HEADERS.iter().any(|end| header.to_ascii_lowercase().ends_with(end));
    (is_secret && !value.is_empty()).then_some((before, header))
}

/// The address without its password, and without the secrets among its parameters.
fn masked_url(url: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(a, p)| (a, Some(p)));
    let password = address.find("://").and_then(|at| {
        let authority = at + 3;
        let end = address[authority..].find('/').map_or(address.len(), |end| authority + end);
        let user = address[authority..end].rfind('@').map(|at| authority + at)?;
        Some((authority + address[authority..user].find(':')? + 1, user))
    });
    let address = match password {
        Some((begin, end)) => format!("{}{MASK}{}", &address[..begin], &address[end..]),
        None => address.to_owned(),
    };
    let Some(parameters) = parameters else { return address };
    let mask = |parameter: &str| match parameter.split_once('=') {
        Some((name, _)) if names_secret(name) => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    };
    let parameters: Vec<_> = parameters.split('&').map(mask).collect();
    format!("{address}?{}", parameters.join("&"))
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
    fn secrets_are_found_wherever_a_command_line_has_them() {
        for (argv, kept) in [
            (vec!["x", "--passphrase", "V"], vec!["x", "--passphrase", "***"]),
            (vec!["x", "--pw", "V", "--bearer=V"], vec!["x", "--pw", "***", "--bearer=***"]),
            (vec!["env", "DB_PASSWORD=V", "A=b"], vec!["env", "DB_PASSWORD=***", "A=b"]),
            (vec!["x", "--set", "auth.token=V"], vec!["x", "--set", "auth.token=***"]),
            (vec!["x", "postgres://u:V@h/db"], vec!["x", "postgres://u:***@h/db"]),
            (vec!["x", "--url=http://h/?a=1&token=V"], vec!["x", "--url=http://h/?a=1&token=***"]),
            (vec!["-H", "Authorization: Bearer V"], vec!["-H", "Authorization: ***"]),
            (vec!["sh", "-c", "x --token V --port 1"], vec!["sh", "-c", "x --token *** --port 1"]),
            (
                vec!["x", "http://h:80/a:b@c", "--port", "3"],
                vec!["x", "http://h:80/a:b@c", "--port", "3"],
            ),
            (vec!["x", "--title", "the token: lost"], vec!["x", "--title", "the token: lost"]),
        ] {
            assert_eq!(masked(argv.into_iter().map(str::to_owned)), kept);
        }
        let told = r#""/bin/x --token hunter2" is not a list: write ["/bin/x", "--key", "a"]"#;
        let kept = masked_text(told);
        assert!(!kept.contains("hunter2") && !kept.contains(r#""a""#), "{kept}");
    }

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
