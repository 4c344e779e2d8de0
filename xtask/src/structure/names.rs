//! The names of modules and of public types: each word of them is a term of the lexicon or of the field,
//! and one name of a type means one thing.

use super::{floors::CRATES, sources};
use crate::{cargo, screen::say};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::PathBuf,
    process::ExitCode,
};

/// Terms of the field and words of plain English, one a line, that need no entry in the lexicon.
const STANDARD_TERMS: &str = include_str!("standard_terms.txt");

/// The names of the crates.
#[derive(Default)]
struct Defined {
    /// Each public type with the files that define it.
    types: BTreeMap<String, Vec<PathBuf>>,
    modules: BTreeSet<String>,
}

impl Defined {
    fn all(&self) -> impl Iterator<Item = &str> {
        self.types.keys().chain(&self.modules).map(String::as_str)
    }
}

/// Prints the names that several files define, and the words that no list has.
pub(crate) fn run() -> ExitCode {
    let (defined, unknown) = match defined().and_then(|defined| {
        let unknown = unknown_words(&defined, &lexicon()?);
        Ok((defined, unknown))
    }) {
        Ok(found) => found,
        Err(error) => {
            say(&format!("homeport: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let doubled = doubled(&defined);
    let (types, modules) = (defined.types.len(), defined.modules.len());
    say(&format!("{types} public type names, {} defined more than once", doubled.len()));
    for (name, files) in doubled {
        let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        say(&format!("  {name}: {}", files.join(" ")));
    }
    say(&format!(
        "{} words of them and of {modules} module names are neither in the lexicon nor standard",
        unknown.len()
    ));
    for (word, names) in &unknown {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        say(&format!("  {word}: {}", names.join(" ")));
    }
    if unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn defined() -> io::Result<Defined> {
    let mut defined = Defined::default();
    for name in CRATES.iter().filter(|name| cargo::root().join(name).is_dir()) {
        for source in sources::read(&cargo::root(), name)? {
            for (name, _) in source.types.into_iter().filter(|(_, is_public)| *is_public) {
                defined.types.entry(name).or_default().push(source.file.clone());
            }
            defined.modules.extend(source.children);
        }
    }
    Ok(defined)
}

/// The names that several files define, but for the twins of the operating systems.
fn doubled(defined: &Defined) -> Vec<(&str, &[PathBuf])> {
    let is_of_a_system = |file: &PathBuf| file.iter().any(|part| part == "os");
    defined
        .types
        .iter()
        .filter(|(_, files)| files.len() > 1 && !files.iter().all(is_of_a_system))
        .map(|(name, files)| (name.as_str(), &files[..]))
        .collect()
}

/// The words of the lexicon's entries, in lower case.
fn lexicon() -> io::Result<BTreeSet<String>> {
    let text = fs::read_to_string(cargo::root().join("docs/lexicon.md"))?;
    let entries = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let words = entries.flat_map(|entry| entry.split(|c: char| !c.is_alphanumeric()));
    Ok(words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect())
}

/// The words of the names that neither list has, each with the names that it is in.
fn unknown_words(
    defined: &Defined,
    lexicon: &BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let standard: BTreeSet<_> = STANDARD_TERMS.lines().collect();
    let mut unknown = BTreeMap::<_, BTreeSet<_>>::new();
    for name in defined.all() {
        for word in words(name) {
            let is_ours = lexicon.contains(&word) || lexicon.contains(word.trim_end_matches('s'));
            if !is_ours && !standard.contains(word.as_str()) {
                unknown.entry(word).or_default().insert(name.to_owned());
            }
        }
    }
    unknown
}

/// `PortHistoryReader` is `port`, `history` and `reader`, as is `port_history_reader`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter.is_uppercase() || letter == '_' {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter != '_') {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_word_of_a_public_name_is_in_the_lexicon_or_standard() {
        let unknown = unknown_words(&defined().unwrap(), &lexicon().unwrap());
        assert!(unknown.is_empty(), "{unknown:#?}");
    }

    #[test]
    fn a_name_means_one_thing() {
        let defined = defined().unwrap();
        let doubled = doubled(&defined);
        assert!(doubled.is_empty(), "{doubled:#?}");
    }

    #[test]
    fn no_standard_term_is_superfluous_and_they_are_sorted() {
        let defined = defined().unwrap();
        let used: BTreeSet<_> = defined.all().flat_map(words).collect();
        let lexicon = lexicon().unwrap();
        let terms: Vec<_> = STANDARD_TERMS.lines().collect();
        assert!(terms.is_sorted());
        let is_needed = |term: &str| used.contains(term) && !lexicon.contains(term);
        let superfluous: Vec<_> = terms.iter().filter(|term| !is_needed(term)).collect();
        assert!(superfluous.is_empty(), "{superfluous:?}");
    }

    #[test]
    fn a_name_is_taken_apart_at_its_capitals_and_underscores() {
        assert_eq!(words("PortHistoryReader"), ["port", "history", "reader"]);
        assert_eq!(words("port_history_reader"), words("PortHistoryReader"));
    }
}
