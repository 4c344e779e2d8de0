//! What the system does not let this process read or write, and what a person can do about it.

use std::path::Path;

use crate::{
    message, next_command,
    os::{self, SocketTables, System},
};

/// The number of the user who may do everything.
pub const ROOT: u32 = 0;

/// What the system refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedAccess {
    /// To read a file.
    Read,
    /// To write a file, in place or by another one in its folder; to make a file in a folder.
    Write,
}

/// What a person can do about a refused access, with the command. `None` where owner and mode do not decide, as for
/// root and on Windows.
pub fn repair(path: &Path, access: RefusedAccess) -> Option<String> {
    let ancestors = || path.ancestors().filter(|path| !path.as_os_str().is_empty());
    let refusing = match access {
        RefusedAccess::Read => ancestors().find(|path| path.metadata().is_ok()),
        RefusedAccess::Write => {
            let mut folders = ancestors().skip(usize::from(!path.is_dir()));
            folders.find(|path| path.exists()).filter(|folder| !os::may_write(folder))
        }
    };
    let refusing = refusing.unwrap_or(path);
    let rights = os::file_rights(&refusing.metadata().ok()?)?;
    let account = os::own_account()?.user;
    let file = next_command::quoted(refusing);
    if account == ROOT {
        return None;
    }
    if rights.owner == account {
        let mode = match (access, rights.is_folder) {
            (RefusedAccess::Read, false) => "u+r",
            (RefusedAccess::Read, true) => "u+rx",
            (RefusedAccess::Write, false) => "u+rw",
            (RefusedAccess::Write, true) => "u+rwx",
        };
        return Some(message!("access.now_chmod", mode, file));
    }
    let (owner, user) = (user(rights.owner), user(account));
    Some(message!("access.now_chown", owner, user, file))
}

/// The name of a user, or the number of one without a name.
pub fn user(uid: u32) -> String {
    System::default().user_name(uid).unwrap_or_else(|| uid.to_string())
}
