//! The scripts of a package, as its `package.json` has them.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::Value as Json;
use shared::regular_file;

/// The command lines that a package has names for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageScripts(BTreeMap<String, String>);

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    scripts: BTreeMap<String, Json>,
}

impl PackageScripts {
    /// Those of `package.json` in `folder`; none if that cannot be read.
    pub fn read(folder: &Path) -> Self {
        let text = regular_file::read_untrusted_text(&folder.join("package.json"));
        text.map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(package: &str) -> Self {
        let package = serde_json::from_str::<Package>(package.trim_start_matches('\u{feff}'));
        let scripts = package.map(|package| package.scripts).unwrap_or_default();
        let text = |(name, script): (String, Json)| Some((name, script.as_str()?.to_owned()));
        Self(scripts.into_iter().filter_map(text).collect())
    }

    /// The words of the last command of the script `name`, to which a package manager appends arguments. What only a shell
    /// knows, such as variables, stays as it is.
    pub fn last_command(&self, name: &str) -> Option<Vec<String>> {
        let is_separator = |word: &String| matches!(word.as_str(), "&&" | "||" | ";" | "|" | "&");
        let words = words(self.0.get(name)?);
        words.split(is_separator).next_back().map(<[_]>::to_vec).filter(|last| !last.is_empty())
    }

    /// Whether there is a script of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The words of a line as a shell has them, without its operators of more than a word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut mark) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (mark, letter) {
            (Some(open), _) if letter == open => mark = None,
            (None, '"' | '\'') => {
                mark = Some(letter);
                word.get_or_insert_default();
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            (None, ';') => {
                words.extend(word.take());
                words.push(";".to_owned());
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_script_has_the_words_of_its_last_command() {
        let scripts = PackageScripts::parse(
            r#"{"scripts": {
                "dev": "tsc -b && vite --mode 'a b'",
                "semi": "cd x; next dev",
                "and": "vite & tsc",
                "empty": " ",
                "ends": "vite &&",
                "number": 1
            }}"#,
        );
        let last = |name: &str| scripts.last_command(name).map(|words| words.join("|"));
        assert_eq!(last("dev").as_deref(), Some("vite|--mode|a b"));
        assert_eq!(last("semi").as_deref(), Some("next|dev"));
        assert_eq!(last("and").as_deref(), Some("tsc"));
        for name in ["empty", "ends", "number", "absent"] {
            assert_eq!(last(name), None, "{name}");
        }
        assert!(scripts.has("dev") && !scripts.has("number"));
        for broken in ["", "[]", r#"{"scripts": []}"#, r#"{"scripts": {"#] {
            assert_eq!(PackageScripts::parse(broken), PackageScripts::default());
        }
    }

    #[test]
    fn the_file_is_that_of_the_folder_and_may_be_absent() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(PackageScripts::read(folder.path()), PackageScripts::default());
        let package = "\u{feff}{\"scripts\":{\"dev\":\"vite\"}}";
        std::fs::write(folder.path().join("package.json"), package).expect("written");
        assert!(PackageScripts::read(folder.path()).has("dev"));
    }
}
