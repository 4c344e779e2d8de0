//! The kinds of packages, and the system that each is for.

use clap::ValueEnum;
use std::env;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum PackageKind {
    /// For Debian and its relatives.
    Deb,
    /// For Windows, to unpack anywhere.
    Zip,
    /// For Windows, with a shortcut and an uninstaller.
    Installer,
    /// For macOS.
    App,
}

impl PackageKind {
    /// The operating system of the package's programs.
    pub(super) fn system(self) -> &'static str {
        match self {
            Self::Deb => "linux",
            Self::Zip | Self::Installer => "windows",
            Self::App => "macos",
        }
    }

    /// The packages that can be made on this system: Linux builds for Windows too.
    pub(super) fn of_this_system() -> &'static [Self] {
        match env::consts::OS {
            "linux" => &[Self::Deb, Self::Zip, Self::Installer],
            "windows" => &[Self::Zip, Self::Installer],
            "macos" => &[Self::App],
            _ => &[],
        }
    }

    /// The kind as it is typed on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
