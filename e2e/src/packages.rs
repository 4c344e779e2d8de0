//! Packages of the programs of this build.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::program;

/// A folder with packages.
#[derive(Debug)]
pub struct Packages(TempDir);

impl Packages {
    /// Has packages of these `kinds` made of `programs`.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[track_caller]
    pub fn make(kinds: &[&str], programs: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut packaging = Command::new(program("packaging"));
        packaging.env("SOURCE_DATE_EPOCH", "1795348800").arg("--out").arg(folder.path());
        for kind in kinds {
            packaging.arg(format!("--{kind}")).arg(programs);
        }
        let made = packaging.output().expect("it starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        Self(folder)
    }

    /// The package whose name ends with `end`.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn file(&self, end: &str) -> PathBuf {
        let files = fs::read_dir(self.0.path()).expect("a folder").map(|file| file.unwrap().path());
        let ends_so = |path: &PathBuf| path.to_string_lossy().ends_with(end);
        files.into_iter().find(ends_so).unwrap_or_else(|| panic!("no {end} has been made"))
    }

    /// The list of all of them, with their checksums.
    pub fn sums(&self) -> String {
        fs::read_to_string(self.file("SHA256SUMS")).expect("text")
    }
}

/// Copies of programs without what only a debugger reads, as they are shipped: packing that takes
/// longer than everything else.
///
/// # Panics
///
/// If they cannot be copied.
pub fn stripped(programs: &[PathBuf], strip: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for program in programs {
        let copy = folder.path().join(program.file_name().expect("a file"));
        fs::copy(program, &copy).expect("copied");
        // A larger package does as well.
        let _ = Command::new(strip).arg(&copy).status();
    }
    folder
}
