//! `docs/platforms.md` names tests that exist, in the file that it says.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where the tests are that it names.
const FOLDERS: [&str; 3] = ["shared/src", "launcher/src", "e2e/tests"];

/// Every source file below a folder of the repository, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let sources = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(kind) if kind == "rs" => {
            let text = fs::read_to_string(&path).expect("a text");
            vec![(path, text)]
        }
        _ => vec![],
    };
    paths.flat_map(sources).collect()
}

#[test]
fn every_case_of_the_matrix_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let all: Vec<_> = FOLDERS.iter().flat_map(|folder| sources(&root.join(folder))).collect();
    let page = fs::read_to_string(root.join("docs/platforms.md")).expect("the page");
    let (_, matrix) = page.split_once("## The test matrix").expect("a matrix");
    let rows = matrix.lines().filter(|line| line.starts_with('|'));
    for row in rows.skip(2) {
        let named = row.split('`').skip(1).step_by(2).filter_map(|word| word.split_once("::"));
        // Addresses are in backquotes too.
        let tests: Vec<_> = named.filter(|(_, name)| name.contains('_')).collect();
        assert!(!tests.is_empty(), "{row}");
        for (file, test) in tests {
            let is_it = |(path, text): &(PathBuf, String)| {
                let path = path.with_extension("");
                let is_there = path.components().any(|part| part.as_os_str() == file);
                is_there && text.contains(&format!("fn {test}()"))
            };
            assert!(all.iter().any(is_it), "no test is called {file}::{test}");
        }
    }
}
