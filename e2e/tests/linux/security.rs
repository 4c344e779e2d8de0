//! What `docs/security.md` promises is held by tests that exist.

use std::{fs, path::Path};

/// A table: the heading above it, the fewest rows it has, and whether its last column has sentences too, and
/// some of it is beyond what a test can show.
const TABLES: [(&str, usize, bool); 3] = [
    ("## Promises, and what guards them", 15, false),
    ("## How a browser comes in", 6, false),
    ("## What is not promised", 9, true),
];

/// What stands in place of tests where there can be none.
const BEYOND_TESTS: &str = "–";

#[test]
fn every_sentence_names_tests_that_exist() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let text = fs::read_to_string(root.join("docs/security.md")).expect("it is there");
    for (heading, fewest, has_sentences) in TABLES {
        let (_, table) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
        let table = table.split("\n## ").next().unwrap_or_default();
        let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
        assert!(rows.len() >= fewest, "{heading}: {rows:?}");
        for row in rows {
            let guards = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
            if has_sentences && guards.trim() == BEYOND_TESTS {
                continue;
            }
            let code = guards.split('`').skip(1).step_by(2);
            let named: Vec<_> = code.filter(|code| !has_sentences || code.contains("::")).collect();
            assert_are_tests(root, row, &named);
        }
    }
}

#[track_caller]
fn assert_are_tests(root: &Path, row: &str, named: &[&str]) {
    assert!(!named.is_empty(), "no test: {row}");
    for name in named {
        let (file, test) = name.rsplit_once("::").unwrap_or_else(|| panic!("{name}"));
        let source = fs::read_to_string(root.join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(&format!("fn {test}()")), "no {name}");
    }
}
