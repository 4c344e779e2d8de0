//! `cargo xtask package`: from a clean checkout to packages in `target/package`.
//!
//! [`build`] makes the programs, the same on every machine; the crate `packaging` puts them into
//! packages; [`reproducible`] does both a second time elsewhere and compares.

mod build;
mod reproducible;

use crate::{cargo, report::Outcome, screen, windows::WindowsError};
use clap::ValueEnum;
use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The variable that dates everything in a package.
const DATE: &str = "SOURCE_DATE_EPOCH";

/// What to package, and whether to check it.
#[derive(Debug, clap::Args)]
pub(crate) struct PackageArgs {
    /// These packages alone [default: those that this system can make]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND")]
    only: Vec<Kind>,
    /// Package the launcher and the server of this folder instead of building them
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Do it again in a fresh clone of the last commit, and compare the bytes
    #[arg(long, conflicts_with = "programs")]
    check_reproducible: bool,
}

/// A package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Kind {
    /// For Debian and its relatives.
    Deb,
    /// For Windows, to unpack anywhere.
    Zip,
    /// For Windows, with a shortcut and an uninstaller.
    Installer,
    /// For macOS.
    App,
}

impl Kind {
    /// What the programs of a package run on.
    fn system(self) -> &'static str {
        match self {
            Self::Deb => "linux",
            Self::Zip | Self::Installer => "windows",
            Self::App => "macos",
        }
    }

    /// The packages that can be made of what is built here: Linux builds for Windows too.
    fn of_this_system() -> &'static [Self] {
        match env::consts::OS {
            "linux" => &[Self::Deb, Self::Zip, Self::Installer],
            "windows" => &[Self::Zip, Self::Installer],
            "macos" => &[Self::App],
            _ => &[],
        }
    }
}

/// Where the packages are put.
fn folder() -> PathBuf {
    cargo::root().join("target").join("package")
}

/// Makes the packages, and says where they are.
pub(crate) fn run(args: &PackageArgs) -> ExitCode {
    let kinds = if args.only.is_empty() { Kind::of_this_system() } else { &args.only };
    let made = package(kinds, args.programs.as_deref());
    let checked = made.and_then(|()| match args.check_reproducible {
        true => reproducible::check(kinds),
        false => Ok(()),
    });
    match checked {
        Ok(()) => return ExitCode::SUCCESS,
        Err(WindowsError::Missing(missing)) => missing.iter().for_each(|line| screen::say(line)),
        Err(WindowsError::Failed(why)) => screen::say(&format!("no packages: {why}")),
    }
    ExitCode::FAILURE
}

fn package(kinds: &[Kind], programs: Option<&Path>) -> Result<(), WindowsError> {
    let date = date()?;
    let mut packaging = cargo::cargo(["run", "--quiet", "--locked", "-p", "packaging", "--"]);
    packaging.env(DATE, &date).arg("--out").arg(folder());
    let systems: BTreeSet<_> = kinds.iter().map(|kind| kind.system()).collect();
    for system in systems {
        let programs = match programs {
            Some(programs) => programs.to_owned(),
            None => build::programs(system, &date)?,
        };
        for kind in kinds.iter().filter(|kind| kind.system() == system) {
            packaging.arg(format!("--{}", name(*kind))).arg(&programs);
        }
    }
    match cargo::outcome(packaging) {
        Outcome::Ok => Ok(()),
        Outcome::Failed(why) | Outcome::Skipped(why) => Err(WindowsError::Failed(why)),
    }
}

/// A kind as it is typed.
fn name(kind: Kind) -> String {
    kind.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// When the last commit was made, unless the caller says otherwise.
fn date() -> Result<String, WindowsError> {
    let given = env::var(DATE).ok().filter(|date| !date.is_empty());
    let commit = || cargo::answer(cargo::tool("git", ["log", "-1", "--format=%ct"]));
    given.or_else(commit).ok_or_else(|| {
        WindowsError::Failed(format!(
            "this is no checkout of git; set {DATE} to seconds since 1970"
        ))
    })
}

#[cfg(test)]
mod test {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        args: PackageArgs,
    }

    #[test]
    fn the_kinds_are_typed_as_a_list() {
        let typed = Typed::try_parse_from(["package", "--only", "deb,installer"]).unwrap();
        assert_eq!(typed.args.only, [Kind::Deb, Kind::Installer]);
        assert!(Typed::try_parse_from(["package", "--only", "rpm"]).is_err());
    }

    #[test]
    fn what_is_not_built_cannot_be_built_twice() {
        let typed = ["package", "--programs", "there", "--check-reproducible"];
        assert!(Typed::try_parse_from(typed).is_err());
    }
}
