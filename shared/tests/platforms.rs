//! `docs/platforms.md` names tests that exist.

use std::{fs, path::Path};

/// The text of every source file below a folder of the repository.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().fold(String::new(), |text, path| match path.extension() {
        _ if path.is_dir() => text + &sources(path),
        Some(kind) if kind == "rs" => text + &fs::read_to_string(path).expect("a text"),
        _ => text,
    })
}

#[test]
fn every_case_of_the_matrix_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let all: String =
        ["shared/src", "e2e/tests"].map(|folder| sources(&root.join(folder))).concat();
    let page = fs::read_to_string(root.join("docs/platforms.md")).expect("the page");
    let (_, matrix) = page.split_once("## The test matrix").expect("a matrix");
    let rows = matrix.lines().filter(|line| line.starts_with('|'));
    for row in rows.skip(2) {
        let named: Vec<_> =
            row.split('`').skip(1).step_by(2).filter(|word| word.contains("::")).collect();
        let tests = named.iter().filter_map(|name| name.rsplit("::").next());
        // Addresses are in backquotes too.
        let tests: Vec<_> = tests.filter(|name| name.contains('_')).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            assert!(all.contains(&format!("fn {test}()")), "no test is called {test}");
        }
    }
}
