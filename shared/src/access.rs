//! What the system does not let this process read or write, and what a person can do about it.

use std::{io, path::Path};

use crate::{
    message, next_command,
    os::{self, SocketTables, System},
};

/// The number of the user who may do everything.
pub const ROOT: u32 = 0;

/// The access that failed, which decides the command that [`repair`] advises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedAccess {
    /// To read a file.
    Read,
    /// To write a file, in place or by another one in its folder.
    Write,
    /// To make a folder, or files in it.
    Folder,
}

/// What a person can do about the error that an access to `path` ended with, with the command. `None` where neither
/// owner, mode, attributes and kind of what is there nor the limit of open files decide, as mostly for root and on
/// Windows.
pub fn repair(path: &Path, access: RefusedAccess, error: &io::Error) -> Option<String> {
    if os::is_out_of_files(error) {
        return Some(message!("now.more_files"));
    }
    if access != RefusedAccess::Read && os::is_unchangeable(error) {
        let file = next_command::quoted(unchangeable(path));
        return Some(message!("access.now_unchangeable", file));
    }
    match error.kind() {
        io::ErrorKind::NotADirectory => return Some(message!("now.home")),
        io::ErrorKind::PermissionDenied => {}
        _ => return None,
    }
    let ancestors = || path.ancestors().filter(|path| !path.as_os_str().is_empty());
    let refusing = match access {
        RefusedAccess::Read => ancestors().find(|path| path.metadata().is_ok()),
        RefusedAccess::Write | RefusedAccess::Folder => {
            let mut folders = ancestors().skip(usize::from(!path.is_dir()));
            folders.find(|path| path.exists()).filter(|folder| !os::may_write(folder))
        }
    };
    let refusing = refusing.unwrap_or(path);
    let about = refusing.metadata().ok()?;
    let rights = os::file_rights(&about)?;
    let account = os::own_account()?.user;
    let file = next_command::quoted(refusing);
    if account == ROOT {
        return None;
    }
    if rights.owner == account {
        let mode = match (access, rights.is_folder) {
            (RefusedAccess::Read, false) => "u+r",
            (RefusedAccess::Read, true) => "u+rx",
            (_, false) => "u+rw",
            (_, true) => "u+rwx",
        };
        return Some(message!("access.now_chmod", mode, file));
    }
    // A folder above those of this program may be anyone's, or the system's, and a device is.
    let is_ours = match access {
        RefusedAccess::Folder => refusing == path,
        _ => refusing == path || path.parent() == Some(refusing),
    };
    let (owner, user) = (user(rights.owner), user(account));
    let may_enter = || refusing.join(".").metadata().is_ok();
    match () {
        () if !about.is_dir() && !about.is_file() => None,
        () if is_ours => Some(message!("access.now_chown", owner, user, file)),
        () if may_enter() => Some(message!("access.now_write_elsewhere", owner, file, user)),
        () => Some(message!("access.now_enter_elsewhere", owner, file, user)),
    }
}

/// What has the attribute that forbids changes of `path`: itself, or the folder that it is in or would be made in.
fn unchangeable(path: &Path) -> &Path {
    let mut there = path.ancestors().filter(|path| path.exists()).take(2);
    there.find(|path| os::forbids_changes(path)).unwrap_or(path)
}

/// What a person can do about a file that this user may not run, with the command.
pub fn allow_execution(file: &Path) -> String {
    let owner = file.metadata().ok().and_then(|about| os::file_rights(&about)).map(|of| of.owner);
    let account = os::own_account().map(|account| account.user);
    let (mode, file) = ("a+x", next_command::quoted(file));
    match account == Some(ROOT) || owner == account {
        true => message!("access.now_chmod", mode, file),
        false => message!("access.now_sudo_chmod", mode, file),
    }
}

/// The name of a user, or the number of one without a name.
pub fn user(uid: u32) -> String {
    System::default().user_name(uid).unwrap_or_else(|| uid.to_string())
}
