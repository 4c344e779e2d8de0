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

/// A sentence, or a part of a settings file, without the secrets of a command line in it. A secret in quotation marks
/// may have several words.
pub fn masked_text(text: &str) -> String {
    let (mut value_is_secret, mut open_mark) = (false, None);
    let mask = |word: &str| {
        if let Some(mark) = open_mark {
            open_mark = open_mark.filter(|_| !word.contains(mark));
            return None;
        }
        let (value, kept) = if mem::take(&mut value_is_secret) {
            (word, MASK.to_owned())
        } else {
            value_is_secret = precedes_secret(word);
            (word.split_once('=').map_or("", |(_, value)| value), masked_argument(word.to_owned()))
        };
        let mark = value.chars().next().filter(|mark| ['"', '\''].contains(mark));
        open_mark = mark.filter(|mark| kept != word && !value[1..].contains(*mark));
        Some(kept)
    };
    text.split(' ').filter_map(mask).collect::<Vec<_>>().join(" ")
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
    if let Some(name) = before_secret_value(&argument) {
        return format!("{name}={MASK}");
    }
    if argument.contains(' ') {
        return masked_text(&argument);
    }
    match argument.contains("://") {
        true => masked_parameters(&masked_user(&argument)),
        false => argument,
    }
}

/// What is before the value of an argument such as `--token=V`, `TOKEN=V` or `--set=api.token=V`.
fn before_secret_value(argument: &str) -> Option<&str> {
    let mut begin = 0;
    for (end, _) in argument.match_indices('=') {
        let name = &argument[begin..end];
        if name.contains(' ') || name.contains("://") {
            return None;
        }
        if names_secret(name) {
            return Some(&argument[..end]);
        }
        begin = end + 1;
    }
    None
}

/// What is before a header of an argument whose value is a secret, and the header.
fn secret_header(argument: &str) -> Option<(&str, &str)> {
    let (name, value) = argument.split_once(": ")?;
    let (before, header) = argument.split_at(name.rfind(' ').map_or(0, |space| space + 1));
    let header = &header[..=name.len() - before.len()];
    let is_secret = SECRET_HEADERS.iter().any(|end| header.to_ascii_lowercase().ends_with(end));
    (is_secret && !value.is_empty()).then_some((before, header))
}

/// The addresses without the users and passwords in them: some services take a token in place of the user.
fn masked_user(addresses: &str) -> String {
    let (mut kept, mut rest) = (String::new(), addresses);
    while let Some((scheme, after)) = rest.split_once("://") {
        kept += scheme;
        kept += "://";
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let user = after[..end].rfind('@');
        if user.is_some() {
            kept += MASK;
        }
        rest = &after[user.unwrap_or(0)..];
    }
    kept + rest
}

/// The addresses without the secrets among their parameters.
fn masked_parameters(addresses: &str) -> String {
    let begin = addresses.find(['?', '#']).unwrap_or(addresses.len());
    let (address, parameters) = addresses.split_at(begin);
    let separators = ['?', '#', '&'];
    let mask = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if names_secret(name) => {
            let separator = value.chars().last().filter(|last| separators.contains(last));
            format!("{name}={MASK}{}", separator.map(String::from).unwrap_or_default())
        }
        _ => parameter.to_owned(),
    };
    address.to_owned() + &parameters.split_inclusive(separators).map(mask).collect::<String>()
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
            (vec!["x", "postgres://u:V@h/db"], vec!["x", "postgres://***@h/db"]),
            (vec!["x", "https://V@h/x@y"], vec!["x", "https://***@h/x@y"]),
            (vec!["x", "--to=a://u:V@h,b://V@i"], vec!["x", "--to=a://***@h,b://***@i"]),
            (vec!["DB=a://u:V@W@h?x=1&key=V#b"], vec!["DB=a://***@h?x=1&key=***#b"]),
            (vec!["x", "--set=auth.token=V"], vec!["x", "--set=auth.token=***"]),
            (vec!["x", "--password=V W"], vec!["x", "--password=***"]),
            (vec!["x", "PASSWORD=V W"], vec!["x", "PASSWORD=***"]),
            (vec!["x", "/a?token=V"], vec!["x", "/a?token=***"]),
            (vec!["sh", "-c", "x --key 'V W' -p 1"], vec!["sh", "-c", "x --key *** -p 1"]),
            (vec!["sh", "-c", "x --key='V W' -p 1"], vec!["sh", "-c", "x --key=*** -p 1"]),
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
    fn the_value_of_every_secret_is_masked_in_each_form() {
        for word in ["token", "secret", "password", "key", "API_KEY", "db-password", "AuthToken"] {
            for argv in [
                vec![format!("--{word}=V")],
                vec![format!("--{word}"), "V".to_owned()],
                vec![format!("{word}=V")],
                vec!["-e".to_owned(), format!("{word}=V")],
                vec![format!("http://h/?{word}=V")],
            ] {
                let kept = masked(argv.clone()).join(" ");
                assert!(!kept.contains('V') && kept.contains("***"), "{argv:?}: {kept}");
            }
        }
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
