//! What `docs/security.md` promises is held by tests that exist.

use std::{fs, path::Path};

/// A table of promises: the heading above it, and whether some of it is beyond what a test can show.
const TABLES: [(&str, bool); 3] = [
    ("## Promises, and what guards them", false),
    ("## How a browser comes in", false),
    ("## What is not promised", true),
];

/// What stands in place of tests where there can be none.
const BEYOND_TESTS: &str = "–";

#[test]
fn every_sentence_names_tests_that_exist() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let text = fs::read_to_string(root.join("docs/security.md")).expect("it is there");
    for (heading, may_be_beyond) in TABLES {
        let (_, table) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
        let table = table.split("\n## ").next().unwrap_or_default();
        let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
        assert!(rows.len() >= 6, "{heading}: {rows:?}");
        for row in rows {
            let guards = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
            if !(may_be_beyond && guards.trim() == BEYOND_TESTS) {
                assert_names_tests(root, row, guards);
            }
        }
    }
}

/// A path of a test is the only code with `::`.
#[track_caller]
fn assert_names_tests(root: &Path, row: &str, guards: &str) {
    let code = guards.split('`').skip(1).step_by(2);
    let named: Vec<_> = code.filter_map(|code| code.rsplit_once("::")).collect();
    assert!(!named.is_empty(), "no test: {row}");
    for (file, test) in named {
        let source = fs::read_to_string(root.join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(&format!("fn {test}()")), "no {file}::{test}");
    }
}
