//! Linked worktrees of Git: further checkouts of one repository, each with the same package in it.

use std::path::{Path, PathBuf};

use shared::regular_file;

/// The root of the linked worktree that `folder` is in; `None` in the main one, in a submodule and without Git. There `.git`
/// is a file that leads to a folder with `commondir`.
pub(super) fn linked(folder: &Path) -> Option<PathBuf> {
    let has_git = |folder: &&Path| folder.join(".git").symlink_metadata().is_ok();
    let root = folder.ancestors().find(has_git)?;
    let text = regular_file::read_untrusted_text(&root.join(".git")).ok()?;
    let folder_of_git = root.join(text.lines().next()?.strip_prefix("gitdir:")?.trim());
    folder_of_git.join("commondir").is_file().then(|| root.to_owned())
}
