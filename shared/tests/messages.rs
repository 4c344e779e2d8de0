//! The catalogue of sentences and the sources agree: every key that is used exists, every key is
//! used, and each call gives values to the placeholders of its sentence.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use shared::messages::Language;

/// What is scanned, relative to the workspace.
const SOURCES: [&str; 4] = ["launcher/src", "server/src", "server/assets/script", "shared/src"];

/// The calls that begin with a key.
const CALLS: [&str; 5] = ["message!(", ".message(", ".fill(", "say(", "button("];

fn sources(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "js") {
            let text = fs::read_to_string(&path).expect("a source");
            // Examples in documentation are no uses.
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            into.push((path, code.collect::<Vec<_>>().join("\n")));
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let mut found = Vec::new();
    SOURCES.iter().for_each(|folder| sources(&workspace.join(folder), &mut found));
    found
}

/// The English catalogue: the console's part and the terminal's.
fn catalogue() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/messages");
    let read = |name| -> BTreeMap<String, String> {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).expect(name)).expect(name)
    };
    ["en.json", "terminal.en.json"].into_iter().flat_map(read).collect()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

/// What a call has after its opening bracket, up to the closing one.
fn arguments(rest: &str) -> &str {
    let (mut depth, mut in_string, mut escaped) = (1, false, false);
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '(' | '[' | '{' if !in_string => depth += 1,
            ')' | ']' | '}' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..at];
        }
    }
    rest
}

/// Every call with a literal key: the key and the arguments after it.
fn calls<'a>(source: &'a str, call: &str) -> Vec<(&'a str, &'a str)> {
    let parsed = |rest: &'a str| {
        let arguments = arguments(rest).trim_start();
        let (key, after) = arguments.strip_prefix('"')?.split_once('"')?;
        key.contains('.').then_some((key, after))
    };
    source.split(call).skip(1).filter_map(parsed).collect()
}

#[test]
fn every_key_that_is_used_exists() {
    let (catalogue, mut found) = (catalogue(), 0);
    for (path, source) in all_sources() {
        for (key, _) in CALLS.iter().flat_map(|call| calls(&source, call)) {
            found += 1;
            assert!(catalogue.contains_key(key), "{key} of {} does not exist", path.display());
        }
    }
    assert!(found > 100, "only {found} calls were found");
}

/// The texts between quotation marks of one kind, and some of those in between.
fn quoted(source: &str, mark: char) -> impl Iterator<Item = &str> {
    source.split(mark)
}

#[test]
fn every_key_is_used() {
    let sources = all_sources();
    let literals: BTreeSet<&str> = sources
        .iter()
        .flat_map(|(_, source)| quoted(source, '"').chain(quoted(source, '`')))
        .collect();
    // A key that is put together: `"event.{name}"` in Rust, `event.${name}` in a script.
    let starts: BTreeSet<&str> = literals
        .iter()
        .filter_map(|literal| Some(literal.split_once('{')?.0))
        .map(|start| start.trim_end_matches('$'))
        .collect();
    let is_put_together =
        |key: &str| key.match_indices('.').any(|(at, _)| starts.contains(&key[..=at]));
    let catalogue = catalogue();
    let unused: Vec<_> = catalogue
        .keys()
        .filter(|key| !literals.contains(key.as_str()) && !is_put_together(key))
        .collect();
    assert!(unused.is_empty(), "no source uses {unused:?}");
}

#[test]
fn every_call_gives_values_to_the_placeholders_of_its_sentence() {
    let catalogue = catalogue();
    for (path, source) in all_sources() {
        for (key, after) in calls(&source, "message!(") {
            let names: BTreeSet<_> = top_level(after)
                .into_iter()
                .map(|argument| argument.split_once('=').map_or(argument, |(name, _)| name).trim())
                .filter(|name| !name.is_empty())
                .collect();
            assert_eq!(names, placeholders(&catalogue[key]), "{key} of {}", path.display());
        }
        for (key, after) in calls(&source, ".fill(") {
            let names: BTreeSet<_> =
                after.split("(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let wanted = placeholders(&catalogue[key]);
            // What a variable holds cannot be read here.
            assert!(names.is_subset(&wanted), "{key} of {}: {names:?}", path.display());
        }
    }
}

/// The arguments of a call, split at the commas that are in no bracket and no string.
fn top_level(arguments: &str) -> Vec<&str> {
    let (mut depth, mut in_string, mut start, mut found) = (0, false, 0, Vec::new());
    for (at, c) in arguments.char_indices() {
        match c {
            '"' => in_string = !in_string,
            '(' | '[' | '{' if !in_string => depth += 1,
            ')' | ']' | '}' if !in_string => depth -= 1,
            ',' if depth == 0 && !in_string => {
                found.push(&arguments[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&arguments[start..]);
    found
}

#[test]
fn no_sentence_says_nothing() {
    for language in Language::ALL {
        for key in catalogue().keys() {
            let text = language.messages().find(key);
            assert!(text.is_none_or(|text| !text.trim().is_empty()), "{key} in {language}");
        }
    }
}
