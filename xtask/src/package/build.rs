//! The programs to be shipped: with optimisations, and with nothing in them of the machine that
//! builds.
//!
//! A compiler writes the paths of the source into panics and debug lines; here each folder that
//! differs from machine to machine gets a name of its own. Linkers of MinGW write the time.

use crate::{
    cargo,
    windows::{self, WindowsError},
};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The variable that dates everything in a package.
pub(super) const DATE: &str = "SOURCE_DATE_EPOCH";

/// The variable with flags for the compiler, which may contain spaces, and the separator of two
/// flags.
const FLAGS: (&str, &str) = ("CARGO_ENCODED_RUSTFLAGS", "\x1f");

/// `target/package`: the packages, and the folders that their programs are built in.
pub(super) fn folder() -> PathBuf {
    cargo::root().join("target").join("package")
}

/// Builds the programs for `system`; returns their folder.
pub(super) fn programs(system: &str, date: &str) -> Result<PathBuf, WindowsError> {
    let target_dir = folder().join("build");
    if system == env::consts::OS {
        let mut command = cargo::cargo(["build", "--locked", "--release", "-p", "launcher"]);
        command.args(["-p", "server", "--bins", "--target-dir"]).arg(&target_dir);
        prepare(&mut command, date, &[]);
        windows::finish(command)?;
        return Ok(target_dir.join("release"));
    }
    if system == "windows" {
        // Another compiler, so another folder: they would throw each other's work away.
        let target_dir = folder().join("build-windows");
        let untimed = ["-Clink-arg=-Wl,--no-insert-timestamp".to_owned()];
        return windows::build_to_ship(&target_dir, |command| prepare(command, date, &untimed));
    }
    Err(WindowsError::Failed(format!(
        "programs for {system} are not built here: build them there, and name their folder with \
         --programs"
    )))
}

/// Makes `command` build the same everywhere.
fn prepare(command: &mut Command, date: &str, flags: &[String]) {
    let remapped = remapped(&cargo_home(), &cargo::root());
    let flags = [&remapped[..], flags].concat().join(FLAGS.1);
    // The flags of a developer's own builds are not for shipping.
    command.env_remove("RUSTFLAGS").env(FLAGS.0, flags).env(DATE, date);
}

/// The later one wins, and the crates may lie inside the checkout.
fn remapped(cargo_home: &Path, root: &Path) -> [String; 2] {
    [(root, "/homeport"), (cargo_home, "/cargo")]
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()))
}

/// Where cargo keeps the sources of the crates.
fn cargo_home() -> PathBuf {
    let given = env::var_os("CARGO_HOME").map(PathBuf::from);
    given.or_else(|| Some(env::home_dir()?.join(".cargo"))).unwrap_or_default()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn the_folders_of_this_machine_get_names_that_every_machine_has() {
        let flags = remapped(Path::new("/home/me/.cargo"), Path::new("/src/a checkout"));
        assert_eq!(
            flags,
            [
                "--remap-path-prefix=/src/a checkout=/homeport",
                "--remap-path-prefix=/home/me/.cargo=/cargo",
            ]
        );
    }

    #[test]
    fn a_system_that_is_not_built_for_is_named_with_the_way_out() {
        let Err(WindowsError::Failed(why)) = programs("plan9", "0") else { panic!("built") };
        assert!(why.contains("plan9") && why.contains("--programs"), "{why}");
    }
}
