//! The paths of the programs that the tests run.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A program of this workspace, beside the test that asks for it.
///
/// # Panics
///
/// If it has not been built: `cargo test` builds the programs of the tested package alone.
#[track_caller]
pub fn program(name: &str) -> PathBuf {
    let path = profile().join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}

/// A copy of a program in `folder`, where it belongs to no checkout.
///
/// # Panics
///
/// If the program has not been built or cannot be copied.
#[track_caller]
pub fn installed(name: &str, folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).expect("a folder for the copy");
    let copy = folder.join(name);
    copy_program(name, &copy);
    copy
}

/// Copies a program of this workspace. Another process writes the copy: a file that this one has open for writing could
/// be inherited by a child of another test, and such a program cannot be started.
///
/// # Panics
///
/// If the program has not been built or cannot be copied.
#[track_caller]
pub fn copy_program(name: &str, copy: &Path) {
    let made = Command::new("cp").arg(program(name)).arg(copy).status();
    assert!(made.is_ok_and(|status| status.success()), "no copy at {}", copy.display());
}

/// Where cargo puts the programs of this build, such as `target/debug`.
fn profile() -> PathBuf {
    let own = env::current_exe().expect("a test knows what it runs from");
    let beside = own.parent().expect("a file is in a folder");
    match beside.ends_with("deps") {
        true => beside.parent().expect("`deps` is in the profile's folder").to_owned(),
        false => beside.to_owned(),
    }
}

/// The target folder of cargo.
pub(crate) fn target() -> PathBuf {
    profile().parent().expect("a profile is in the target's folder").to_owned()
}

/// Whether a tool of the system is on the `PATH`.
pub fn found(tool: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder: PathBuf| Path::is_file(&folder.join(tool)))
}
