//! `cargo xtask windows`: launcher.exe and server.exe, built away from Windows.
//!
//! They get a target folder of their own, so that two compilers do not throw each other's work
//! away. Beside them lies a stand-in for one system library that older versions of Wine lack; it is
//! test equipment and no part of the product.

use crate::{
    cargo, needs,
    report::Outcome,
    screen, windows_node,
    windows_toolchain::{self as toolchain, GCC, TARGET, Toolchain},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const PROGRAMS: [&str; 2] = ["launcher.exe", "server.exe"];

/// The stand-in for Wine, and its source.
const STAND_IN: [&str; 2] = ["bcryptprimitives.dll", "xtask/assets/bcryptprimitives.c"];

/// Why the programs could not be built.
#[derive(Debug)]
pub(crate) enum WindowsError {
    /// Tools are missing; each with the command to get it.
    Missing(Vec<String>),
    /// The build failed; the reason.
    Failed(String),
}

/// Builds the programs and prints their paths.
pub(crate) fn run(release: bool) -> ExitCode {
    match build(release) {
        Ok(_) => return ExitCode::SUCCESS,
        Err(WindowsError::Missing(missing)) => missing.iter().for_each(|line| screen::say(line)),
        Err(WindowsError::Failed(why)) => screen::say(&format!("the build failed: {why}")),
    }
    ExitCode::FAILURE
}

/// Builds the programs, prints their paths and sizes, and returns their folder.
pub(crate) fn build(release: bool) -> Result<PathBuf, WindowsError> {
    let toolchain = toolchain()?;
    let target_dir = cargo::root().join("target").join("windows");
    finish(command(toolchain, &target_dir, release))?;
    let folder = folder(&target_dir, release);
    let [stand_in, source] = STAND_IN;
    let dll = folder.join(stand_in);
    let mut gcc = cargo::tool(GCC, ["-shared", "-O1", "-Wall", "-Werror", source]);
    gcc.arg("-o").arg(&dll).arg("-ladvapi32");
    finish(gcc)?;

    for program in PROGRAMS {
        screen::say(&line(&folder.join(program), "")?);
    }
    screen::say(&line(&dll, ", for tests under Wine only, never shipped")?);
    // The tests that need it are skipped without it.
    windows_node::fetch().iter().for_each(|missing| screen::say(missing));
    Ok(folder)
}

/// Builds the programs to be shipped, with nothing beside them, and returns their folder.
pub(crate) fn build_to_ship(
    target_dir: &Path,
    prepare: impl FnOnce(&mut Command),
) -> Result<PathBuf, WindowsError> {
    let mut command = command(toolchain()?, target_dir, true);
    prepare(&mut command);
    finish(command)?;
    Ok(folder(target_dir, true))
}

/// The toolchain that builds for the target here.
fn toolchain() -> Result<Toolchain, WindowsError> {
    let missing = needs::missing(&[needs::WINDOWS_RUSTC, GCC]);
    toolchain::find().filter(|_| missing.is_empty()).ok_or(WindowsError::Missing(missing))
}

/// The folder of the built programs.
fn folder(target_dir: &Path, release: bool) -> PathBuf {
    target_dir.join(TARGET).join(if release { "release" } else { "debug" })
}

/// The cargo command that builds with `toolchain`.
fn command(toolchain: Toolchain, target_dir: &Path, release: bool) -> Command {
    let mut command = cargo::cargo(["build", "--locked", "-p", "launcher", "-p", "server"]);
    command.args(["--bins", "--target", TARGET, "--target-dir"]).arg(target_dir);
    if release {
        command.arg("--release");
    }
    if toolchain == Toolchain::Debian {
        // Building `std` is still an unstable option of cargo; the variable allows it on stable.
        command.args(["-Z", "build-std=std,panic_unwind"]);
        command.env("RUSTC", toolchain::DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
    }
    command
}

pub(crate) fn finish(command: Command) -> Result<(), WindowsError> {
    match cargo::outcome(command) {
        Outcome::Ok => Ok(()),
        Outcome::Failed(why) | Outcome::Skipped(why) => Err(WindowsError::Failed(why)),
    }
}

/// `PATH  3.2 MB`
fn line(file: &Path, remark: &str) -> Result<String, WindowsError> {
    let path = file.display();
    let size =
        fs::metadata(file).map_err(|error| WindowsError::Failed(format!("{path}: {error}")))?.len();
    Ok(format!("{path}  {:.1} MB{remark}", size as f64 / 1e6))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn std_is_built_only_where_the_ordinary_toolchain_has_no_target() {
        let words = |toolchain| {
            let command = command(toolchain, Path::new("target/windows"), true);
            let args: Vec<_> = command.get_args().map(|a| a.to_str().unwrap().to_owned()).collect();
            (args.join(" "), command.get_envs().count())
        };
        let plain = "build --locked -p launcher -p server --bins --target x86_64-pc-windows-gnu \
                     --target-dir target/windows --release";
        assert_eq!(words(Toolchain::Ordinary), (plain.to_owned(), 0));
        let from_source = format!("{plain} -Z build-std=std,panic_unwind");
        assert_eq!(words(Toolchain::Debian), (from_source, 2));
    }
}
