//! The checkout of Homeport that a program was built in.
//!
//! A program that lies in `target/debug` or `target/release` of a checkout keeps its logs in the
//! checkout, however it was started: by cargo, by its path or through a link. One that was built into a
//! folder elsewhere (`CARGO_TARGET_DIR`) does so if cargo starts it. One that was installed has no checkout.

use std::{
    env, fs,
    path::{self, Path, PathBuf},
};

/// The file that only a checkout of Homeport has: the description of its logs.
const MARK: &str = "logs/port-history.schema.json";

/// The variable by which cargo names the checkout to the programs that it runs (`.cargo/config.toml`).
pub const VARIABLE: &str = "HOMEPORT_CHECKOUT";

/// The checkout that this program was built in.
pub fn of_this_program() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    // If the system returns the path that was typed, it may be a link to the program.
    of(&program).or_else(|| of(&fs::canonicalize(&program).ok()?)).or_else(named_by_cargo)
}

fn named_by_cargo() -> Option<PathBuf> {
    let named = path::absolute(env::var_os(VARIABLE)?).ok()?;
    is_checkout(&named).then_some(named)
}

fn is_checkout(root: &Path) -> bool {
    root.join("Cargo.toml").is_file() && root.join(MARK).is_file()
}

/// The checkout of `program`: the folder with the `target` that it lies in.
pub fn of(program: &Path) -> Option<PathBuf> {
    let mut folder = program.parent()?;
    if folder.ends_with("examples") {
        folder = folder.parent()?;
    }
    if !(folder.ends_with("debug") || folder.ends_with("release")) {
        return None;
    }
    // `target/debug`, or `target/TRIPLE/debug` of a build for another system.
    let target = folder.ancestors().skip(1).take(2).find(|folder| folder.ends_with("target"))?;
    let root = target.parent()?;
    is_checkout(root).then(|| root.to_owned())
}

#[cfg(test)]
mod test {
    use super::*;

    fn checkout() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("logs")).expect("made");
        for file in ["Cargo.toml", MARK] {
            fs::write(root.path().join(file), "").expect("written");
        }
        root
    }

    #[test]
    fn a_build_of_a_checkout_belongs_to_it_and_an_installed_program_to_none() {
        let root = checkout();
        let of = |program: &str| of(&root.path().join(program));
        for built in [
            "target/debug/launcher",
            "target/release/homeport",
            "target/x86_64-pc-windows-gnu/debug/server.exe",
            "target/debug/examples/notes",
        ] {
            assert_eq!(of(built).as_deref(), Some(root.path()), "{built}");
        }
        for other in
            ["bin/launcher", "debug/launcher", "target/launcher", "target/debug/deps/shared-1"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn another_workspace_that_builds_us_is_no_checkout_of_ours() {
        let root = checkout();
        fs::remove_file(root.path().join(MARK)).expect("it was there");
        assert_eq!(of(&root.path().join("target/debug/launcher")), None);
    }
}
