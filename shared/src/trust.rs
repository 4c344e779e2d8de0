//! Which files and folders are believed: those that we or root own and that no other user may write.
//!
//! What another user could have written may name a program that we would run, or a secret that this user
//! knows. A group may write only if it is our own and has no other member, and there is no access list: with one the
//! bits of the group are what the users of the list may do at most. Of the folders above a file those
//! below the home count: who may write there could put another file in its place. Where a file system keeps no
//! modes, or nothing can be written, modes say nothing.
//!
//! Root reads and changes what is of any user, but for a credential that others may write, and starts only
//! what is root's.

use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
};

use crate::{
    access::{ROOT, user},
    app::AppName,
    message,
    next_command::quoted,
    os::{self, Account, FileRights, SocketTables, SpecialFile, System},
    paths::Folders,
};

/// What a file is read for, which decides whose files are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is shown or changed.
    Look,
    /// It proves who one is. Root accepts what another user owns and that user alone may write.
    Credential,
    /// A server is started by it.
    Launch,
}

/// Why a file or a folder is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It belongs to another user, and not to root.
    Foreign,
    /// Another user may write to it.
    Writable,
}

/// A file or a folder that is not believed. It may be the inner error of an [`io::Error`] of the kind
/// `InvalidData`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub struct Untrusted {
    /// Where it is; a link is followed.
    pub path: PathBuf,
    /// Which part of the rule it breaks.
    pub why: Distrust,
    rights: FileRights,
    account: u32,
}

/// Whether something with these rights is believed by a process of `account`; `has_access_list` is asked only where
/// a group may write.
///
/// # Errors
///
/// Why not.
pub fn check_rights(
    rights: FileRights,
    has_access_list: impl FnOnce() -> bool,
    account: &Account,
    purpose: Purpose,
) -> Result<(), Distrust> {
    if account.user == ROOT && purpose == Purpose::Look {
        return Ok(());
    }
    let is_of_any_user = account.user == ROOT && purpose == Purpose::Credential;
    if rights.owner != ROOT && rights.owner != account.user && !is_of_any_user {
        return Err(Distrust::Foreign);
    }
    // In a folder with the sticky bit a file can be replaced by its owner alone.
    if rights.is_folder && rights.mode & 0o1000 != 0 {
        return Ok(());
    }
    let is_of_own_group = || rights.group == account.group && (account.has_private_group)();
    let is_private = || !has_access_list() && is_of_own_group();
    match (rights.mode & 0o002 != 0, rights.mode & 0o020 != 0) {
        (true, _) => Err(Distrust::Writable),
        (false, true) if !is_private() => Err(Distrust::Writable),
        (false, _) => Ok(()),
    }
}

/// Whether what is open or was looked at is believed; `path` is for the message.
///
/// # Errors
///
/// [`Untrusted`] if not.
pub fn check(path: &Path, about: &Metadata, purpose: Purpose) -> Result<(), Untrusted> {
    let Some((untrusted, protection)) = look(path, about, purpose) else { return Ok(()) };
    match (untrusted.why, protection) {
        (Distrust::Writable, Protection::ReadOnly | Protection::NoModes) => Ok(()),
        (Distrust::Foreign, _) | (_, Protection::Modes) => Err(untrusted),
    }
}

/// What keeps others from writing, besides the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    Modes,
    ReadOnly,
    NoModes,
}

fn look(path: &Path, about: &Metadata, purpose: Purpose) -> Option<(Untrusted, Protection)> {
    let (rights, account) = (os::file_rights(about)?, os::own_account()?);
    let why = check_rights(rights, || os::has_access_list(path), &account, purpose).err()?;
    let kind = about.file_type();
    let is_odd = matches!(os::special_file(kind), Some(SpecialFile::Device | SpecialFile::Pipe));
    if why == Distrust::Writable && (is_odd || kind.is_symlink()) {
        // Who opens it says what it is; its mode is not to be changed.
        return None;
    }
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let protection = match () {
        () if os::is_read_only(&path) => Protection::ReadOnly,
        () if !os::keeps_modes(&path) => Protection::NoModes,
        () => Protection::Modes,
    };
    Some((Untrusted { path, why, rights, account: account.user }, protection))
}

/// Whether a launch of `app` may rest on its folders. Root's rests on no folder and no file of
/// another user.
///
/// # Errors
///
/// The first that is not believed.
pub fn check_launch(folders: &Folders, app: &AppName) -> Result<(), Untrusted> {
    let check_there = |path: &Path| check_at(path, Purpose::Launch);
    let counted = folders.below_home(app);
    counted.iter().try_for_each(|folder| check_there(folder))?;
    if System::default().own_uid() != Some(ROOT) {
        return Ok(());
    }
    // What root makes in a folder of another user is that user's.
    for folder in counted.iter().filter_map(|folder| nearest(folder)) {
        not_foreign(check_there(folder))?;
    }
    check_there(&folders.settings(app))?;
    // What root owns of these and others may write is set aside or written anew, as for any user.
    let made_anew =
        [folders.assignment(app), folders.secret(), folders.token(app), folders.lock(app)];
    made_anew.iter().try_for_each(|file| not_foreign(check_there(file)))
}

fn not_foreign(checked: Result<(), Untrusted>) -> Result<(), Untrusted> {
    checked.or_else(|untrusted| match untrusted.why {
        Distrust::Foreign => Err(untrusted),
        Distrust::Writable => Ok(()),
    })
}

/// Whether a decision may rest on what stands in the port history: on its file, and on the folders that it is in.
///
/// # Errors
///
/// The first that is not believed.
pub fn check_history(folders: &Folders, purpose: Purpose) -> Result<(), Untrusted> {
    let counted = folders.logs_below_home();
    counted.iter().chain([&folders.history()]).try_for_each(|path| check_at(path, purpose))
}

/// Whether what is at `path` is believed; nothing is.
fn check_at(path: &Path, purpose: Purpose) -> Result<(), Untrusted> {
    path.metadata().map_or(Ok(()), |about| check(path, &about, purpose))
}

/// The folder that is there, of those that would be made for `folder`.
fn nearest(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.exists())
}

/// A folder that a launch of `app` rests on, or in which it will be made, whose file system keeps no
/// modes, although other users may write there, as far as can be seen.
pub fn unprotected(folders: &Folders, app: &AppName) -> Option<PathBuf> {
    let counted = folders.below_home(app);
    let is_unprotected = |folder: &&Path| {
        let looked = folder.metadata().ok().and_then(|about| look(folder, &about, Purpose::Launch));
        looked.is_some_and(|(untrusted, protection)| {
            untrusted.why == Distrust::Writable && protection == Protection::NoModes
        })
    };
    let there = counted.iter().filter_map(|folder| nearest(folder));
    there.filter(is_unprotected).map(Path::to_owned).next()
}

impl Untrusted {
    /// What `error` says of the file, if it says that the file is not believed.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    fn reason(&self) -> String {
        let (owner, mode) = (user(self.rights.owner), format!("{:04o}", self.rights.mode));
        match self.why {
            Distrust::Foreign => message!("untrusted.foreign", owner, mode),
            Distrust::Writable => message!("untrusted.writable", owner, mode),
        }
    }

    /// What a person can do, with the command.
    pub fn repair(&self) -> String {
        let file = quoted(&self.path);
        match self.why {
            Distrust::Foreign if self.account == ROOT => {
                message!("untrusted.now_start_as", owner = user(self.rights.owner), file)
            }
            Distrust::Foreign => message!("untrusted.now_chown", user = user(self.account), file),
            Distrust::Writable if [ROOT, self.rights.owner].contains(&self.account) => {
                message!("untrusted.now_chmod", file)
            }
            Distrust::Writable => {
                message!("untrusted.now_chown_and_chmod", user = user(self.account), file)
            }
        }
    }

    /// What a person can do with a file that the program makes anew, with the command.
    pub fn removal(&self) -> String {
        message!("untrusted.now_remove", file = quoted(&self.path))
    }
}

impl From<Untrusted> for io::Error {
    fn from(problem: Untrusted) -> Self {
        Self::new(io::ErrorKind::InvalidData, problem)
    }
}

#[cfg(test)]
mod test {
    use super::*;

    const US: u32 = 1000;
    const OTHER: u32 = 1001;

    fn verdict(owner: u32, group: u32, mode: u32, account: &Account) -> Result<(), Distrust> {
        let is_folder = mode & 0o1000 != 0;
        let rights = FileRights { owner, group, mode, is_folder };
        check_rights(rights, || false, account, Purpose::Launch)
    }

    fn account(user: u32, has_private_group: fn() -> bool) -> Account {
        Account { user, group: user, has_private_group }
    }

    #[test]
    fn believed_is_what_we_or_root_own_and_no_other_user_may_write() {
        use Distrust::{Foreign, Writable};
        let (private, shared) = (account(US, || true), account(US, || false));
        for (owner, group, mode, in_private_group, in_shared_group) in [
            (US, US, 0o600, Ok(()), Ok(())),
            (US, US, 0o644, Ok(()), Ok(())),
            // A umask of 002, where each user has a group.
            (US, US, 0o664, Ok(()), Err(Writable)),
            (US, US, 0o2775, Ok(()), Err(Writable)),
            // Another group, of which we may be a member too.
            (US, 50, 0o660, Err(Writable), Err(Writable)),
            (US, 50, 0o640, Ok(()), Ok(())),
            (US, US, 0o666, Err(Writable), Err(Writable)),
            (US, US, 0o602, Err(Writable), Err(Writable)),
            // A store of packages, a file of the administrator's.
            (ROOT, ROOT, 0o444, Ok(()), Ok(())),
            (ROOT, ROOT, 0o644, Ok(()), Ok(())),
            (ROOT, ROOT, 0o664, Err(Writable), Err(Writable)),
            (ROOT, US, 0o664, Ok(()), Err(Writable)),
            // Another user, a user namespace without a number for the owner.
            (OTHER, US, 0o600, Err(Foreign), Err(Foreign)),
            (OTHER, OTHER, 0o444, Err(Foreign), Err(Foreign)),
            (65_534, 65_534, 0o400, Err(Foreign), Err(Foreign)),
            // Folders like /tmp.
            (ROOT, ROOT, 0o1777, Ok(()), Ok(())),
            (US, US, 0o1777, Ok(()), Ok(())),
            (OTHER, OTHER, 0o1777, Err(Foreign), Err(Foreign)),
        ] {
            let of = format!("{owner}:{group} {mode:o}");
            assert_eq!(verdict(owner, group, mode, &private), in_private_group, "{of}");
            assert_eq!(verdict(owner, group, mode, &shared), in_shared_group, "{of}");
        }
    }

    #[test]
    fn root_looks_at_the_files_of_all_and_starts_by_its_own_alone() {
        let root = account(ROOT, || true);
        let writable = Err(Distrust::Writable);
        for (owner, mode, credential, launch) in [
            (ROOT, 0o600, Ok(()), Ok(())),
            (ROOT, 0o664, Ok(()), Ok(())),
            (ROOT, 0o666, writable, writable),
            (US, 0o600, Ok(()), Err(Distrust::Foreign)),
            (US, 0o666, writable, Err(Distrust::Foreign)),
        ] {
            let rights = FileRights { owner, group: owner, mode, is_folder: false };
            let check = |purpose| check_rights(rights, || false, &root, purpose);
            assert_eq!(check(Purpose::Look), Ok(()));
            assert_eq!(check(Purpose::Credential), credential, "{owner} {mode:o}");
            assert_eq!(check(Purpose::Launch), launch, "{owner} {mode:o}");
        }
    }

    #[test]
    fn the_repair_is_a_command_that_this_user_may_carry_out() {
        let repair = |owner, account| {
            let rights = FileRights { owner, group: owner, mode: 0o666, is_folder: false };
            let (path, why) = (PathBuf::from("/f"), Distrust::Writable);
            Untrusted { path, why, rights, account }.repair()
        };
        for (owner, account) in [(US, US), (ROOT, ROOT), (US, ROOT)] {
            assert!(repair(owner, account).ends_with("`chmod go-w /f`"), "{owner} {account}");
        }
        let of_root = repair(ROOT, 987_654);
        assert!(of_root.ends_with("`sudo chown 987654 /f && chmod go-w /f`"), "{of_root}");
    }

    #[test]
    fn a_sticky_file_is_a_file_like_others() {
        let rights = FileRights { owner: US, group: US, mode: 0o1666, is_folder: false };
        let checked = check_rights(rights, || false, &account(US, || true), Purpose::Launch);
        assert_eq!(checked, Err(Distrust::Writable));
    }

    #[test]
    fn what_a_group_may_write_is_not_private_where_there_is_an_access_list() {
        let writable = Err(Distrust::Writable);
        for (mode, is_folder, wanted) in [
            (0o660, false, writable),
            (0o775, true, writable),
            // The mask of the list, which `chmod go-w` takes away, lets none of its users write.
            (0o640, false, Ok(())),
            (0o1770, true, Ok(())),
        ] {
            let rights = FileRights { owner: US, group: US, mode, is_folder };
            let checked = check_rights(rights, || true, &account(US, || true), Purpose::Launch);
            assert_eq!(checked, wanted, "{mode:o}");
        }
    }
}
