//! Where the name of an app comes from, and what has changed it.

use std::path::PathBuf;

use shared::{app::AppName, message};

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameSource {
    /// An earlier run in this folder.
    Earlier,
    /// `name` of `package.json`.
    PackageJson,
    /// `name` of `[project]` or `[tool.poetry]` in `pyproject.toml`.
    Pyproject,
    /// `name` of `[package]` in `Cargo.toml`.
    CargoToml,
    /// The folder itself.
    Folder,
}

impl NameSource {
    /// For a sentence: "the name in package.json".
    pub fn in_words(self) -> String {
        match self {
            Self::Earlier => message!("app_name.earlier"),
            Self::PackageJson => message!("app_name.in_file", file = "package.json"),
            Self::Pyproject => message!("app_name.in_file", file = "pyproject.toml"),
            Self::CargoToml => message!("app_name.in_file", file = "Cargo.toml"),
            Self::Folder => message!("app_name.of_folder"),
        }
    }
}

/// Why a name is not the one that its source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameReason {
    /// The source has this text, which no app can be named.
    Adapted(String),
    /// The folder is in a linked worktree of Git, at this path.
    Worktree(PathBuf),
    /// Homeport has something of its own under this name.
    Reserved(String),
    /// Another folder has the name.
    InUse {
        /// The plain name.
        name: AppName,
        /// The folder that has it; `None` if it cannot be read.
        folder: Option<PathBuf>,
    },
    /// The name was that of this folder, which is gone. The memory of the app stays with the name.
    TakenOver(PathBuf),
}

impl NameReason {
    /// As a sentence, without a full stop.
    pub fn in_words(&self) -> String {
        match self {
            Self::Adapted(written) => message!("app_name.adapted", written),
            Self::Worktree(folder) => message!("app_name.worktree", folder = folder.display()),
            Self::Reserved(name) => message!("app_name.reserved", name),
            Self::InUse { name, folder: Some(folder) } => {
                message!("app_name.in_use", name, folder = folder.display())
            }
            Self::InUse { name, folder: None } => message!("app_name.in_unknown_use", name),
            Self::TakenOver(folder) => message!("app_name.taken_over", folder = folder.display()),
        }
    }
}
