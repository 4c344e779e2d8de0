//! The same programs, the same bytes.

use std::path::Path;

use e2e::{Packages, found, program, skip, stripped};

#[test]
fn packages_of_the_same_programs_have_the_same_bytes() {
    let programs = stripped(&["launcher", "server"].map(program), "strip");
    assert_are_the_same(&["deb", "app"], programs.path());
}

/// What a package does with programs does not depend on what they are, so these are short.
#[test]
fn packages_for_windows_of_the_same_programs_have_the_same_bytes() {
    let programs = tempfile::tempdir().expect("a folder");
    for program in ["launcher.exe", "server.exe"] {
        std::fs::write(programs.path().join(program), program).expect("written");
    }
    if found("makensis") {
        assert_are_the_same(&["zip", "installer"], programs.path());
    } else {
        skip("makensis (nsis) is missing: the zip alone is compared");
        assert_are_the_same(&["zip"], programs.path());
    }
}

fn assert_are_the_same(kinds: &[&str], programs: &Path) {
    let sums = Packages::make(kinds, programs).sums();
    // The packages and the bill of materials.
    assert_eq!(sums.lines().count(), kinds.len() + 1, "{sums}");
    assert_eq!(Packages::make(kinds, programs).sums(), sums);
}
