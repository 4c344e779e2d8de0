//! A command line for the `Run` key of Windows: one text, which the started program takes apart by
//! the rules of its C library.

use std::path::PathBuf;

use super::entry::LoginEntry;

/// The command line. The program is always quoted: a path with a blank would be tried up to it.
pub fn rendered(entry: &LoginEntry) -> String {
    let quote = |(place, word): (usize, &String)| {
        let is_plain = place > 0 && !word.is_empty() && !word.contains([' ', '\t', '"']);
        if is_plain { word.clone() } else { quoted(word) }
    };
    entry.words.iter().enumerate().map(quote).collect::<Vec<_>>().join(" ")
}

/// The program that such a command line starts.
pub fn program_of(command: &str) -> Option<PathBuf> {
    let (program, _) = command.strip_prefix('"')?.split_once('"')?;
    Some(PathBuf::from(program))
}

/// Backslashes are plain, but before a quote each counts double.
fn quoted(word: &str) -> String {
    let (mut quoted, mut backslashes) = ("\"".to_owned(), 0);
    for letter in word.chars() {
        match letter {
            '\\' => backslashes += 1,
            '"' => {
                quoted.push_str(&"\\".repeat(backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(letter);
    }
    quoted.push_str(&"\\".repeat(backslashes));
    quoted + "\""
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_word_arrives_as_it_is() {
        let words =
            [r"C:\Homeport\launcher.exe", "start", "--app", "notes", "--home", r"D:\my home\"];
        let entry = LoginEntry {
            name: "homeport-notes".to_owned(),
            label: "Homeport: notes".to_owned(),
            words: words.map(str::to_owned).to_vec(),
        };
        let command = rendered(&entry);
        assert_eq!(
            command,
            r#""C:\Homeport\launcher.exe" start --app notes --home "D:\my home\\""#
        );
        assert_eq!(program_of(&command), Some(PathBuf::from(words[0])));
        assert_eq!(quoted(r#"a\"b"#), r#""a\\\"b""#);
    }
}
