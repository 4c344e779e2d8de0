//! The command line: which packages, and where the programs for each of them are.

use crate::{
    checksums,
    date::Date,
    installer, linux, macos,
    problem::{PackagingError, write},
    sbom, screen, windows,
};
use clap::Parser;
use std::{collections::BTreeMap, path::PathBuf};

/// Makes packages of programs that have been built.
#[derive(Debug, Parser)]
#[command(name = "packaging")]
pub(crate) struct PackagingArgs {
    /// The folder for the packages
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Make the Debian package of the programs in this folder
    #[arg(long, value_name = "DIR")]
    deb: Option<PathBuf>,
    /// Make the zip for Windows of the programs in this folder
    #[arg(long, value_name = "DIR")]
    zip: Option<PathBuf>,
    /// Make the installer for Windows of the programs in this folder
    #[arg(long, value_name = "DIR")]
    installer: Option<PathBuf>,
    /// Make the zip with Homeport.app of the programs in this folder
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
}

impl PackagingArgs {
    /// Makes what was asked for, the bill of materials and the checksums, and prints the files.
    pub(crate) fn run(self) -> Result<(), PackagingError> {
        let date = Date::of_source()?;
        let mut made = BTreeMap::from([(sbom::name(), sbom::make()?.into_bytes())]);
        if let Some(programs) = &self.deb {
            made.extend([linux::package(programs, date)?]);
        }
        if let Some(programs) = &self.zip {
            made.extend([windows::zip(programs, date)?]);
        }
        if let Some(programs) = &self.installer {
            made.extend([installer::make(programs)?]);
        }
        if let Some(programs) = &self.app {
            made.extend([macos::zip(programs, date)?]);
        }
        let list = checksums::list(&made);
        made.insert(checksums::NAME.to_owned(), list.into_bytes());
        for (name, bytes) in &made {
            let path = self.out.join(name);
            write(&path, bytes)?;
            screen::print(&format!("{}  {:.1} MB", path.display(), bytes.len() as f64 / 1e6));
        }
        Ok(())
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        PackagingArgs::command().debug_assert();
    }
}
