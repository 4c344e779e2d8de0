//! What `docs/security.md` promises is held by tests that exist.

use std::{fs, path::Path};

/// The promises begin at this heading and end at the next.
const PROMISES: &str = "## Promises, and what guards them";

#[test]
fn every_promise_names_tests_that_exist() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let text = fs::read_to_string(root.join("docs/security.md")).expect("it is there");
    let (_, promises) = text.split_once(PROMISES).expect("the promises");
    let promises = promises.split("\n## ").next().unwrap_or_default();
    let rows: Vec<_> = promises.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() >= 15, "{rows:?}");
    for row in rows {
        let guards = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
        let named: Vec<_> = guards.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for name in named {
            let (file, test) = name.rsplit_once("::").unwrap_or_else(|| panic!("{name}"));
            let source = fs::read_to_string(root.join(file));
            let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(source.contains(&format!("fn {test}()")), "no {name}");
        }
    }
}
