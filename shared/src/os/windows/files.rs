//! Files and folders, and what else the crate asks of every system.

use std::{
    env,
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::windows::io::AsRawHandle,
    path::Path,
};

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle,
};

use crate::os::interface::FileIdentity;

/// Whether two processes that append to one file need a lock, so that their lines stay whole. Here
/// nothing promises that moving to the end and writing are one step.
pub const APPENDING_NEEDS_A_LOCK: bool = true;

/// Whether this user may put files into a folder that is there. Only an attempt could show it, and an
/// attempt leaves a trace: the folder counts as writable.
pub fn may_write(folder: &Path) -> bool {
    folder.is_dir()
}

/// Makes a folder and its parents. Under the user's profile what a folder inherits already keeps
/// other users out.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Options that make a new file; its folder keeps other users out.
pub fn private_file() -> OpenOptions {
    OpenOptions::new()
}

/// Whether other users may look into a file or a folder. Both inherit the rights of the user's
/// profile, and modes have no effect.
pub fn is_open_to_others(_: &Metadata) -> bool {
    false
}

/// Which file an open one is, whatever its name.
pub fn file_identity(file: &File) -> io::Result<FileIdentity> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open for as long as `file` is, and `found` has room for the answer.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut found) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let inode = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
    Ok(FileIdentity { device: found.dwVolumeSerialNumber.into(), inode })
}

/// Volume and index; a link is followed.
pub fn file_identity_at(path: &Path) -> io::Result<FileIdentity> {
    file_identity(&File::open(path)?)
}

/// Makes a change of a folder's entries durable: nothing to do, because a folder cannot be flushed
/// here and NTFS keeps its entries in a journal.
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The name of this computer.
pub fn machine_name() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

/// Files have no size limit here that would end a process.
pub fn survive_file_size_limit() {}
