//! A comment says what the name cannot: no doc comment has only the words of what it stands at.

use super::floors::CRATES;
use crate::cargo;
use std::{collections::BTreeSet, fs, path::Path};

/// Words that say nothing of their own.
const FILLERS: &str = "a an and are as at be by for from has if in is it its no not of on one or our \
                       that the this to was were what where whether which who with";

/// Endings in which two forms of a word differ.
const ENDINGS: [&str; 5] = ["ing", "ed", "es", "er", "s"];

/// The doc comments of one line that have no word beyond those of the item: `line: comment`.
fn repetitions(source: &str) -> Vec<String> {
    let lines: Vec<_> = source.lines().map(str::trim_start).collect();
    let is_doc = |at: usize| lines.get(at).is_some_and(|line| line.starts_with("///"));
    let is_alone = |at: usize| is_doc(at) && !is_doc(at + 1) && (at == 0 || !is_doc(at - 1));
    let repeats = |at: &usize| {
        let item = words(&item_at(&lines[at + 1..]));
        let comment = words(lines[*at]);
        !comment.is_empty() && comment.is_subset(&item)
    };
    (0..lines.len())
        .filter(|at| is_alone(*at))
        .filter(repeats)
        .map(|at| format!("{}: {}", at + 1, lines[at]))
        .collect()
}

/// The beginning of the item at the start of `lines`, without its attributes: up to its body or its end.
fn item_at(lines: &[&str]) -> String {
    let mut item = String::new();
    let mut is_attribute = false;
    for line in lines {
        is_attribute |= line.starts_with("#[");
        if is_attribute {
            is_attribute = !line.ends_with(']');
            continue;
        }
        item.extend([" ", line]);
        let is_whole = item.matches('(').count() == item.matches(')').count();
        if line.contains('{') || line.ends_with([';', ',']) && is_whole {
            break;
        }
    }
    item
}

/// The stems of the words of a text, those of its names among them, without the fillers.
fn words(text: &str) -> BTreeSet<String> {
    let (mut spaced, mut was_small) = (String::new(), false);
    for letter in text.chars() {
        // `ReadyNotice` is two words and `VERSION` is one.
        if letter.is_uppercase() && was_small {
            spaced.push(' ');
        }
        spaced.push(if letter.is_alphabetic() { letter.to_ascii_lowercase() } else { ' ' });
        was_small = letter.is_lowercase();
    }
    let fillers: BTreeSet<_> = FILLERS.split_whitespace().collect();
    spaced.split_whitespace().filter(|word| !fillers.contains(word)).map(stem).collect()
}

fn stem(word: &str) -> String {
    let stem = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending));
    stem.filter(|stem| stem.len() > 2).unwrap_or(word).to_owned()
}

/// Every Rust source below a folder, but for what was built there.
fn each_source(folder: &Path, check: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            each_source(&path, check);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            check(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn no_comment_only_repeats_a_name() {
    let mut found = Vec::new();
    for name in CRATES {
        each_source(&cargo::root().join(name), &mut |file, source| {
            found.extend(repetitions(source).iter().map(|at| format!("{}:{at}", file.display())));
        });
    }
    assert!(found.is_empty(), "delete them, or say what the name cannot:\n{}", found.join("\n"));
}

#[test]
fn what_the_name_has_already_is_a_repetition() {
    let source = "/// The ports.\n#[serde(default)]\npub ports: Vec<Port>,\n";
    assert_eq!(repetitions(source), ["1: /// The ports."]);
    assert_eq!(repetitions("/// The version.\npub const VERSION: &str = \"1\";\n").len(), 1);
    assert_eq!(repetitions("/// The file identity.\nstruct FileIdentity;\n").len(), 1);
    let long = "/// The port of a server.\n#[expect(\n    dead_code\n)]\npub fn port_of(\n    server: &Server,\n) {}\n";
    assert_eq!(repetitions(long).len(), 1);
    assert!(repetitions("/// In bytes.\npub size: u64,\n").is_empty());
    assert!(repetitions("/// The size,\n/// in bytes.\npub size: u64,\n").is_empty());
}
