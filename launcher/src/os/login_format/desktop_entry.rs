//! An XDG autostart file, as freedesktop.org's Desktop Entry Specification has it.

use std::path::PathBuf;

use super::entry::LoginEntry;

/// The key whose program must be there for the desktop to start anything.
const TRY_EXEC: &str = "TryExec=";

/// The content of the autostart file.
pub fn rendered(entry: &LoginEntry) -> String {
    let exec: Vec<_> = entry.words.iter().map(|word| quoted(word)).collect();
    let program = entry.words.first().map(String::as_str).unwrap_or_default();
    format!(
        "[Desktop Entry]\nType=Application\nName={}\nExec={}\n{TRY_EXEC}{}\nTerminal=false\n\
         StartupNotify=false\nNoDisplay=true\n",
        value(&entry.label),
        value(&exec.join(" ")),
        value(program),
    )
}

/// The program that `TryExec` names; `None` without that key.
pub fn program_of(text: &str) -> Option<PathBuf> {
    let program = text.lines().find_map(|line| line.strip_prefix(TRY_EXEC))?;
    Some(PathBuf::from(program.replace("\\\\", "\\")))
}

/// A word of `Exec`: quoted, so that it stays one, and without field codes.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=:@,".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    let mut quoted = "\"".to_owned();
    for letter in word.chars() {
        match letter {
            '"' | '`' | '$' | '\\' => quoted.extend(['\\', letter]),
            '%' => quoted.push_str("%%"),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// A value of any key: what quotes is quoted once more.
fn value(text: &str) -> String {
    text.replace('\\', "\\\\")
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_word_arrives_as_it_is() {
        let words = ["/opt/My \\Apps/launcher", "start", "--app", "notes", "--home", "/h/100% $me"];
        let entry = LoginEntry {
            name: "homeport-notes".to_owned(),
            label: "Homeport: notes".to_owned(),
            words: words.map(str::to_owned).to_vec(),
        };
        let text = rendered(&entry);
        let exec = text.lines().find_map(|line| line.strip_prefix("Exec="));
        assert_eq!(
            exec,
            Some(r#""/opt/My \\\\Apps/launcher" start --app notes --home "/h/100%% \\$me""#)
        );
        assert_eq!(program_of(&text), Some(PathBuf::from(words[0])));
    }
}
