//! Whose links lead to the folders that a command writes to.
//!
//! Root writes to the folders of every user, as by `sudo launcher settings set`. A link that a user has put in the
//! place of a folder, or above it, could have root write where that user may not. One that leads to a folder
//! of the same user, as programs make that keep settings in one place, and one of root's are followed.

use std::path::{Path, PathBuf};

use crate::{
    access::{ROOT, user},
    app::AppName,
    message,
    next_command::quoted,
    os,
    paths::Folders,
};

/// A link of a user to a folder of another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", message!("folder_link.refused", link = .link.display(), owner = user(*.owner), folder = .folder.display()))]
pub struct UntrustedLink {
    link: PathBuf,
    owner: u32,
    /// Where it leads.
    folder: PathBuf,
}

impl UntrustedLink {
    /// What a person can do, with the command.
    pub fn repair(&self) -> String {
        let (owner, link) = (user(self.owner), quoted(&self.link));
        message!("folder_link.now", owner, link)
    }
}

/// Whether this process may write to the folders of `app`. Only root is refused: any other user can write
/// through a link no more than the one whose link it is lets it.
///
/// # Errors
///
/// The first link that is not followed.
pub fn check(folders: &Folders, app: &AppName) -> Result<(), UntrustedLink> {
    if os::own_account().is_none_or(|account| account.user != ROOT) {
        return Ok(());
    }
    let files = [
        folders.settings(app),
        folders.lock(app),
        folders.history(),
        folders.program_log(app),
        folders.token(app),
    ];
    let mut above = files.iter().flat_map(|file| file.ancestors().skip(1));
    above.find_map(untrusted_link).map_or(Ok(()), Err)
}

/// The link at `path`, if one is there that is not followed. One that leads nowhere lets nothing be made.
fn untrusted_link(path: &Path) -> Option<UntrustedLink> {
    let link = path.symlink_metadata().ok().filter(std::fs::Metadata::is_symlink)?;
    let (link, folder) = (os::file_rights(&link)?, os::file_rights(&path.metadata().ok()?)?);
    (link.owner != ROOT && folder.owner != link.owner).then(|| UntrustedLink {
        link: path.to_owned(),
        owner: link.owner,
        folder: path.canonicalize().unwrap_or_else(|_| path.to_owned()),
    })
}
