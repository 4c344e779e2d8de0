//! Tests that could not run, recorded by themselves at run time.
//!
//! libtest knows no such thing: a test that finds nothing to run on returns early and counts as
//! passed. So a test that skips itself appends one line, `name<TAB>reason`, to the file that
//! [`VARIABLE`] names, and the counts are put right from it.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

/// The environment variable that names the file.
pub(crate) const VARIABLE: &str = "HOMEPORT_SKIPS";

/// A test or stage that did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) name: String,
    /// The reason, for people.
    pub(crate) reason: String,
}

/// The file of one test run.
#[derive(Debug)]
pub(crate) struct SkipFile(PathBuf);

impl SkipFile {
    /// Empties the file, so that skips of an earlier run do not count for this one.
    pub(crate) fn create(path: PathBuf) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, "").map(|()| Self(path))
    }

    pub(crate) fn path(&self) -> &PathBuf {
        &self.0
    }

    /// The skips that the tests have written.
    pub(crate) fn read(&self) -> io::Result<Vec<Skip>> {
        fs::read(&self.0).map(|text| parse(&String::from_utf8_lossy(&text)))
    }
}

/// Reads the lines, one [`Skip`] for each test: a test that gave two reasons is still one test.
fn parse(text: &str) -> Vec<Skip> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, reason) = line.split_once('\t').unwrap_or((line, "no reason given"));
        let known = reasons.entry(name.trim()).or_default();
        if !known.contains(&reason.trim()) {
            known.push(reason.trim());
        }
    }
    reasons
        .into_iter()
        .map(|(name, reasons)| Skip { name: name.to_owned(), reason: reasons.join("; ") })
        .collect()
}

#[cfg(test)]
mod test {
    use super::*;
    use std::io::Write;

    #[test]
    fn each_test_is_listed_once_with_all_its_reasons() {
        let skips = parse("b\tno wine\n\na\tno IPv6\nb\tno wine\nb\tnot root\r\nc\n");
        let expected = [("a", "no IPv6"), ("b", "no wine; not root"), ("c", "no reason given")];
        assert_eq!(skips.len(), expected.len());
        for (skip, (name, reason)) in skips.iter().zip(expected) {
            assert_eq!((skip.name.as_str(), skip.reason.as_str()), (name, reason));
        }
    }

    #[test]
    fn a_new_file_forgets_the_last_run_and_keeps_what_is_appended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target").join("skips.tsv");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "old\tgone\n").unwrap();

        let file = SkipFile::create(path.clone()).unwrap();
        assert_eq!(file.read().unwrap(), []);
        let mut appended = fs::OpenOptions::new().append(true).open(&path).unwrap();
        appended.write_all(b"new\treason\n").unwrap();

        assert_eq!(file.read().unwrap()[0].name, "new");
    }
}
