//! Whether the last commit gives the same packages a second time: in another folder, from a fresh
//! clone, with nothing built before.

use super::{build::folder, kind::PackageKind};
use crate::{
    cargo, screen,
    windows::{WindowsError, finish},
};
use std::{fs, io, path::Path};

/// The list of all packages with their checksums.
const SUMS: &str = "SHA256SUMS";

/// Builds again, and compares with what lies in `target/package`.
pub(super) fn check(kinds: &[PackageKind]) -> Result<(), WindowsError> {
    let changed = cargo::answer(cargo::tool("git", ["status", "--porcelain"]));
    if changed.as_deref() != Some("") {
        let why = "the checkout has changes, and a clone would not have them: commit them first";
        return Err(WindowsError::Failed(why.to_owned()));
    }
    let again = folder().join("again");
    match fs::remove_dir_all(&again) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&again)(error)),
        _ => {}
    }
    let mut clone = cargo::tool("git", ["clone", "--quiet", "--no-local", "."]);
    clone.arg(&again);
    finish(clone)?;

    let kinds: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let mut package = cargo::cargo(["xtask", "package", "--only", &kinds.join(",")]);
    // Cargo's own variables speak of the checkout that we run from.
    package.current_dir(&again).env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_TARGET_DIR");
    finish(package)?;
    compare(&folder().join(SUMS), &again.join("target").join("package").join(SUMS))
}

fn compare(first: &Path, second: &Path) -> Result<(), WindowsError> {
    let read = |path: &Path| fs::read_to_string(path).map_err(failed(path));
    let (first, second) = (read(first)?, read(second)?);
    let differing = differing(&first, &second);
    if differing.is_empty() {
        screen::say(&format!("the same bytes a second time:\n{}", first.trim_end()));
        return Ok(());
    }
    Err(WindowsError::Failed(format!("not the same a second time: {}", differing.join(", "))))
}

/// The files whose sums are not in both lists.
fn differing<'a>(first: &'a str, second: &'a str) -> Vec<&'a str> {
    let only = |one: &'a str, other: &'a str| {
        let lines = one.lines().filter(move |line| !other.lines().any(|known| known == *line));
        lines.filter_map(|line| line.split_once("  ")).map(|(_, name)| name)
    };
    let mut names: Vec<_> = only(first, second).chain(only(second, first)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> WindowsError {
    move |error| WindowsError::Failed(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_file_differs_if_its_sum_does_or_if_one_side_lacks_it() {
        let (first, second) = ("11  a\n22  b\n33  c\n", "11  a\n23  b\n44  d\n");
        assert_eq!(differing(first, second), ["b", "c", "d"]);
        assert!(differing(first, first).is_empty());
    }
}
