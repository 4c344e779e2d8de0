//! What Linux and macOS have in common.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use rustix::{
    fs::{Access, OFlags},
    io::Errno,
};
use socket2::Socket;

use super::{
    bind_table::Sharing,
    interface::{FileIdentity, FileKind},
};

/// Whether two processes that append to one file need a lock, so that their lines stay whole. Here
/// `write(2)` on an `O_APPEND` handle moves to the end and writes as one step.
pub const APPENDING_NEEDS_A_LOCK: bool = false;

/// Sets how a socket asks for its address, before it is bound. `SO_REUSEPORT` is never asked for:
/// with it any process of the same user could take connections from us.
pub fn set_sharing(socket: &Socket, sharing: Sharing) -> io::Result<()> {
    match sharing {
        Sharing::Default => Ok(()),
        Sharing::Reuse => socket.set_reuse_address(true),
        Sharing::ReusePort | Sharing::Exclusive => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Whether the error means that the kernel has no such address family.
pub fn is_unsupported_family(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
}

/// Whether this user may put files into a folder that is there.
pub fn may_write(folder: &Path) -> bool {
    folder.is_dir() && rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Makes a folder and its parents, for this user alone (0700).
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Options that make a new file for this user alone (0600).
pub fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Opens a file of ours: no link is followed, and a pipe or a device is not waited for.
pub fn open_plain(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

/// Opens a file that may be another's: a pipe or a device is not waited for.
pub fn open_at_once(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

/// What was found at a path.
pub fn file_kind(found: &Metadata) -> FileKind {
    let kind = found.file_type();
    match () {
        () if kind.is_file() => FileKind::Regular,
        () if kind.is_dir() => FileKind::Folder,
        () if kind.is_symlink() => FileKind::Link,
        () if kind.is_fifo() => FileKind::Pipe,
        () if kind.is_socket() => FileKind::Socket,
        () => FileKind::Device,
    }
}

/// Whether the error means that files here cannot be locked, as on some network and user-space file
/// systems.
pub fn has_no_locks(error: &io::Error) -> bool {
    let codes = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Takes `flock(2)`; false if another process has it.
pub(super) fn flock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether other users may look into a file or a folder.
pub fn is_open_to_others(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o077 != 0
}

/// Which file an open one is, whatever its name.
pub fn file_identity(file: &File) -> io::Result<FileIdentity> {
    file.metadata().map(|metadata| identity(&metadata))
}

/// Device and inode; a link is followed.
pub fn file_identity_at(path: &Path) -> io::Result<FileIdentity> {
    fs::metadata(path).map(|metadata| identity(&metadata))
}

/// Device and inode; a link is not followed, so that it is never a file that is open.
pub fn plain_identity_at(path: &Path) -> io::Result<FileIdentity> {
    fs::symlink_metadata(path).map(|metadata| identity(&metadata))
}

/// Whether an open file has no name any more: what is written into it is gone when it is closed.
pub fn is_deleted(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}

fn identity(metadata: &Metadata) -> FileIdentity {
    FileIdentity { device: metadata.dev(), inode: metadata.ino() }
}

/// Makes a link to a folder.
pub fn link_folder(to: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, link)
}

/// Makes a change of a folder's entries durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// The name of this computer.
pub fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Whether this process belongs to a terminal, wherever its output goes.
pub fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Turns "the file has reached its size limit" from a deadly signal (`SIGXFSZ`) into an error of
/// the write that hit it, like any full disk.
pub fn survive_file_size_limit() {
    let ignored = Arc::new(AtomicBool::new(false));
    // Without the handler the program still works wherever no such limit is set.
    drop(signal_hook::flag::register(signal_hook::consts::SIGXFSZ, ignored));
}

/// The user who asks.
pub(super) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(super) fn user_name(uid: u32) -> Option<String> {
    uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned())
}
