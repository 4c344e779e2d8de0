//! `cargo xtask package`: from a clean checkout to packages in `target/package`.
//!
//! [`build`] makes the programs, the same on every machine; the crate `packaging` puts them into
//! packages; [`reproducible`] does both a second time elsewhere and compares. It stands above
//! `build` and `kind`, which name nothing of this file.

mod reproducible;

mod build;
mod kind;

use self::{
    build::{DATE, folder},
    kind::PackageKind,
};
use crate::{cargo, report::Outcome, screen, windows::WindowsError};
use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What to package, and whether to check it.
#[derive(Debug, clap::Args)]
pub(crate) struct PackageArgs {
    /// These packages alone [default: those that this system can make]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND")]
    only: Vec<PackageKind>,
    /// Package the launcher and the server of this folder instead of building them
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Do it again in a fresh clone of the last commit, and compare the bytes
    #[arg(long, conflicts_with = "programs")]
    check_reproducible: bool,
}

/// Makes the packages, and prints their paths.
pub(crate) fn run(args: &PackageArgs) -> ExitCode {
    let kinds = if args.only.is_empty() { PackageKind::of_this_system() } else { &args.only };
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

fn package(kinds: &[PackageKind], programs: Option<&Path>) -> Result<(), WindowsError> {
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
            packaging.arg(format!("--{}", kind.name())).arg(&programs);
        }
    }
    match cargo::outcome(packaging) {
        Outcome::Ok => Ok(()),
        Outcome::Failed(why) | Outcome::Skipped(why) => Err(WindowsError::Failed(why)),
    }
}

/// The time of the last commit in seconds since 1970, unless [`DATE`] is set.
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
        assert_eq!(typed.args.only, [PackageKind::Deb, PackageKind::Installer]);
        assert!(Typed::try_parse_from(["package", "--only", "rpm"]).is_err());
    }

    #[test]
    fn what_is_not_built_cannot_be_built_twice() {
        let typed = ["package", "--programs", "there", "--check-reproducible"];
        assert!(Typed::try_parse_from(typed).is_err());
    }
}
