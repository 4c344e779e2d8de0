//! Files and folders, and what else the crate asks of every system.

use std::{
    env,
    fs::{self, File, FileType, Metadata, OpenOptions},
    io,
    os::windows::{fs::OpenOptionsExt, io::AsRawHandle},
    path::Path,
};

use windows_sys::Win32::{
    Foundation::{ERROR_LOCK_VIOLATION, ERROR_TOO_MANY_OPEN_FILES},
    Networking::WinSock::WSAEMFILE,
    Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, GetFileInformationByHandle,
        LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx,
    },
    System::IO::OVERLAPPED,
};

use crate::os::interface::{Account, FileIdentity, FileRights, SpecialFile};

/// The variables of the environment that decide where the files of a user are.
pub const FOLDER_VARIABLES: &str = "USERPROFILE, APPDATA, LOCALAPPDATA";

/// Whether two processes that append to one file need a lock, so that their lines stay whole. Here
/// nothing promises that moving to the end and writing are one step.
pub const APPENDING_NEEDS_A_LOCK: bool = true;

/// Whether this user may put files into a folder that is there. Only an attempt could show it, and an
/// attempt leaves a trace: the folder counts as writable.
pub fn may_write(folder: &Path) -> bool {
    folder.is_dir()
}

/// Whether this user may run this file: no mode forbids it.
pub fn may_execute(file: &Path) -> bool {
    file.is_file()
}

/// Makes a folder and its parents. Under the user's profile what a folder inherits already keeps
/// other users out.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Does nothing: what is made here inherits its rights from its folder.
pub fn give_to_owner_of_folder(_: &File, _: &Path) {}

/// Gives a file the attributes of another one; what it is open to, it inherits.
pub fn take_rights_of(other: &Metadata, file: &File) -> io::Result<()> {
    file.set_permissions(other.permissions())
}

/// Whether a file has another name, which would go on with the old content if it were replaced. The
/// standard library does not tell it here.
pub fn has_other_names(_: &Metadata) -> bool {
    false
}

/// Options that make a new file; its folder keeps other users out.
pub fn private_file() -> OpenOptions {
    OpenOptions::new()
}

/// Opens the path, and follows a link there.
pub fn open_plain(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// Opens what is at the path, or where a link there leads.
pub fn open_at_once(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// What a path names that is no file, no folder and no link: pipes and devices have a place of their own
/// here.
pub fn special_file(_: FileType) -> Option<SpecialFile> {
    None
}

/// Takes the lock of an open file, until it is closed; false if another process has it. A lock here keeps
/// others from reading what it covers, so it covers a byte far behind the content.
pub fn try_lock(file: &File) -> io::Result<bool> {
    let mut far_behind = OVERLAPPED::default();
    far_behind.Anonymous.Anonymous.OffsetHigh = u32::MAX >> 1;
    let flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    // SAFETY: the handle is open while the file is borrowed, and `far_behind` outlives the call, which
    // does not wait.
    let done = unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut far_behind) };
    if done != 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(ERROR_LOCK_VIOLATION.cast_signed()) => Ok(false),
        error => Err(error),
    }
}

/// Whether the error means that files here cannot be locked: every file system of Windows has locks.
pub fn has_no_locks(_: &io::Error) -> bool {
    false
}

/// Whether the error means that a file is kept from changes by an attribute of its own or of its folder.
pub fn is_unchangeable(_: &io::Error) -> bool {
    false
}

/// Whether the error means that this process may open no more files.
pub fn is_out_of_files(error: &io::Error) -> bool {
    let codes = [ERROR_TOO_MANY_OPEN_FILES.cast_signed(), WSAEMFILE];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// What tells this start of the system from every other: nothing does here.
pub fn boot_id() -> Option<String> {
    None
}

/// Whether other users may look into a file or a folder. Both inherit the rights of the user's
/// profile, and modes have no effect.
pub fn is_open_to_others(_: &Metadata) -> bool {
    false
}

/// Nothing: the folder that a file is in decides who may write it.
pub fn file_rights(_: &Metadata) -> Option<FileRights> {
    None
}

/// `None`: users of Windows have no numbers.
pub fn own_account() -> Option<Account> {
    None
}

/// Whether nothing can be written to the file system of the path. Only an attempt could show it.
pub fn is_read_only(_: &Path) -> bool {
    false
}

/// Whether a mode that is set stays. Modes have no effect here.
pub fn keeps_modes(_: &Path) -> bool {
    true
}

/// Which file an open one is, whatever its name.
pub fn file_identity(file: &File) -> io::Result<FileIdentity> {
    let found = about(file)?;
    let inode = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
    Ok(FileIdentity { device: found.dwVolumeSerialNumber.into(), inode })
}

fn about(file: &File) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open for as long as `file` is, and `found` has room for the answer.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut found) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(found)
}

/// Volume and index. A link is followed, because only an administrator can make one here.
pub fn plain_identity_at(path: &Path) -> io::Result<FileIdentity> {
    file_identity(&File::open(path)?)
}

/// Which folder is at the path, also behind a link.
pub fn folder_identity(path: &Path) -> io::Result<FileIdentity> {
    let mut options = OpenOptions::new();
    file_identity(&options.read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)?)
}

/// Whether an open file has no name any more: what is written into it is gone when it is closed.
pub fn is_deleted(file: &File) -> bool {
    about(file).is_ok_and(|found| found.nNumberOfLinks == 0)
}

/// Makes a link to a folder, which needs a right of its own here.
pub fn link_folder(to: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(to, link)
}

/// Makes a change of a folder's entries durable: nothing to do, because a folder cannot be flushed
/// here and NTFS keeps its entries in a journal.
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The variable `COMPUTERNAME`; empty if it is not set.
pub fn machine_name() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

/// Does nothing: Windows has no signals, no umask and no limit of file sizes.
pub fn reset_inherited() {}

/// Whether a process is stopped: Ctrl-Z does not exist here.
pub fn is_stopped(_: u32) -> bool {
    false
}
