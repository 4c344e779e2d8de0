//! What Linux and macOS have in common.

use std::{
    fs::{self, DirBuilder, File, FileType, Metadata, OpenOptions, TryLockError},
    io, mem,
    os::unix::fs::{
        DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown,
    },
    path::Path,
    ptr,
    sync::{Arc, atomic::AtomicBool},
};

use rustix::{
    fs::{Access, OFlags, StatVfsMountFlags},
    io::Errno,
};
use socket2::Socket;

use super::{
    bind_table::Sharing,
    interface::{Account, FileIdentity, FileRights, SpecialFile},
};
use crate::message;

/// The variables of the environment that decide where the files of a user are.
pub const FOLDER_VARIABLES: &str = "HOME, XDG_CONFIG_HOME, XDG_STATE_HOME";

/// Whether two processes that append to one file need a lock, so that their lines stay whole. Here
/// `write(2)` on an `O_APPEND` handle moves to the end and writes as one step.
pub const APPENDING_NEEDS_A_LOCK: bool = false;

/// Sets how a socket asks for its address, before it is bound. `SO_REUSEPORT` is never asked for:
/// with it any process of the same user could take connections from us.
pub fn set_sharing(socket: &Socket, sharing: Sharing) -> io::Result<()> {
    match sharing {
        Sharing::Default | Sharing::ReuseAfterBind => Ok(()),
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

/// Whether this user may run this file.
pub fn may_execute(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, Access::EXEC_OK).is_ok()
}

/// Makes a folder and its parents, for this user alone (0700). Those that root makes in a folder of
/// another user are that user's.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let make = || DirBuilder::new().recursive(true).mode(0o700).create(path);
    if own_uid() != 0 {
        return make();
    }
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<_> = path.ancestors().take_while(is_missing).collect();
    make()?;
    for folder in missing.into_iter().rev() {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
        give_to_owner_of_folder(&open_with(OpenOptions::new().read(true), folder, flags)?, folder);
    }
    Ok(())
}

/// Gives a file or folder that root has just made to the owner of the folder that it is in, where the file
/// system allows it. What has another name as well may be a file of root's from elsewhere.
pub fn give_to_owner_of_folder(made: &File, path: &Path) {
    if own_uid() != 0 {
        return;
    }
    let (Ok(about), Ok(folder)) = (made.metadata(), folder_of(path).metadata()) else { return };
    let is_ours = about.uid() == 0 && (about.is_dir() || about.nlink() == 1);
    if is_ours && folder.uid() != 0 {
        // On some network file systems root may not, and what it makes there is not root's anyway.
        let _ = fchown(made, Some(folder.uid()), Some(folder.gid()));
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Gives a file the owner, the group and the mode of another one.
///
/// # Errors
///
/// If this user may not give it away.
pub fn take_rights_of(other: &Metadata, file: &File) -> io::Result<()> {
    let own = file.metadata()?;
    let differs = |wanted: u32, has: u32| (wanted != has).then_some(wanted);
    let (user, group) = (differs(other.uid(), own.uid()), differs(other.gid(), own.gid()));
    if user.is_some() || group.is_some() {
        fchown(file, user, group).map_err(|error| cannot_give(other.uid(), other.gid(), &error))?;
    }
    file.set_permissions(other.permissions())
}

fn cannot_give(user: u32, group: u32, error: &io::Error) -> io::Error {
    let user = user_name(user).unwrap_or_else(|| user.to_string());
    let text = message!("set.not_given", user, group, error);
    io::Error::new(error.kind(), text)
}

/// Whether a file has another name, which would go on with the old content if it were replaced.
pub fn has_other_names(about: &Metadata) -> bool {
    about.nlink() > 1
}

/// Options that make a new file for this user alone (0600).
pub fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Opens a file of ours: no link is followed, and a pipe or a device is not waited for.
pub fn open_plain(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    open_with(options, path, OFlags::NOFOLLOW | AT_ONCE)
}

/// Opens what is at the path, or where a link there leads: a pipe or a device is not waited for.
pub fn open_at_once(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    open_with(options, path, AT_ONCE)
}

/// A pipe without a writer does not block, and a terminal does not become ours. Both flags mean nothing for
/// files.
const AT_ONCE: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

fn open_with(options: &mut OpenOptions, path: &Path, flags: OFlags) -> io::Result<File> {
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

/// What a path names that is no file, no folder and no link.
pub fn special_file(found: FileType) -> Option<SpecialFile> {
    match found {
        found if found.is_fifo() => Some(SpecialFile::Pipe),
        found if found.is_socket() => Some(SpecialFile::Socket),
        found if found.is_char_device() || found.is_block_device() => Some(SpecialFile::Device),
        _ => None,
    }
}

/// Whether the error means that files here cannot be locked, as on some network and user-space file
/// systems.
pub fn has_no_locks(error: &io::Error) -> bool {
    let codes = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Whether the error means that a file is kept from changes by an attribute of its own or of its folder, from root too.
pub fn is_unchangeable(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::PERM.raw_os_error())
}

/// Whether the error means that this process, or the system, may open no more files.
pub fn is_out_of_files(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE]
        .iter()
        .any(|code| error.raw_os_error() == Some(code.raw_os_error()))
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

/// Who owns a file or a folder, and what others may do with it.
pub fn file_rights(about: &Metadata) -> Option<FileRights> {
    let (owner, group, mode) = (about.uid(), about.gid(), about.mode() & 0o7777);
    Some(FileRights { owner, group, mode, is_folder: about.is_dir() })
}

/// The user and the group of this process.
pub(super) fn account(has_private_group: fn() -> bool) -> Account {
    Account { user: own_uid(), group: own_gid(), has_private_group }
}

/// Whether the group has the name of the user, as where each user has a group.
pub(super) fn is_own_group_by_name() -> bool {
    let group = uzers::get_group_by_gid(own_gid());
    let user = uzers::get_user_by_uid(own_uid());
    group.zip(user).is_some_and(|(group, user)| group.name() == user.name())
}

/// Whether nothing can be written to the file system of the path.
pub fn is_read_only(path: &Path) -> bool {
    let about = rustix::fs::statvfs(path);
    about.is_ok_and(|about| about.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// Which file an open one is, whatever its name.
pub fn file_identity(file: &File) -> io::Result<FileIdentity> {
    file.metadata().map(|metadata| identity(&metadata))
}

/// Device and inode; a link is not followed, so that it is never a file that is open.
pub fn plain_identity_at(path: &Path) -> io::Result<FileIdentity> {
    fs::symlink_metadata(path).map(|metadata| identity(&metadata))
}

/// Which folder is at the path, also behind a link.
pub fn folder_identity(path: &Path) -> io::Result<FileIdentity> {
    fs::metadata(path).map(|metadata| identity(&metadata))
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

/// As `uname -n` prints it.
pub fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Whether this process belongs to a terminal, wherever its output goes.
pub fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Puts right what a parent may have passed on that a program of ours could not work with: signals, a umask, and the
/// deadly end of a write at the limit of file sizes.
pub fn reset_inherited() {
    reset_signals();
    survive_file_size_limit();
    keep_rights_of_owner();
}

/// Turns "the file has reached its size limit" from a deadly signal (`SIGXFSZ`) into an error of
/// the write that hit it, like any full disk.
fn survive_file_size_limit() {
    let ignored = Arc::new(AtomicBool::new(false));
    // Without the handler the program still works wherever no such limit is set.
    drop(signal_hook::flag::register(signal_hook::consts::SIGXFSZ, ignored));
}

/// Takes out of the inherited umask what it takes from the owner: what this user cannot read, or a folder that it cannot
/// enter, would be lost to every command.
fn keep_rights_of_owner() {
    let inherited = rustix::process::umask(rustix::fs::Mode::empty());
    rustix::process::umask(inherited - rustix::fs::Mode::RWXU);
}

/// Lets every signal in, and has the system keep the exit code of each child until it is read. A program that blocks
/// signals or ignores SIGCHLD, and starts this one, passes that on.
fn reset_signals() {
    // SAFETY: a signal set is plain data, for which zeroes are valid.
    let mut none: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: it writes to `none` alone.
    unsafe { libc::sigemptyset(&raw mut none) };
    // SAFETY: it reads `none`, and writes nothing where the last argument is null.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()) };
    // SAFETY: no function is set that could be called.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

pub(super) fn own_gid() -> u32 {
    rustix::process::getegid().as_raw()
}

/// The user who asks.
pub(super) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(super) fn user_name(uid: u32) -> Option<String> {
    uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned())
}

#[cfg(test)]
mod test {
    use std::{
        os::unix::{fs::symlink, net::UnixListener},
        process::Command,
    };

    use super::*;
    use crate::regular_file::{self, Links, NotReadable};

    #[test]
    fn what_is_no_file_is_named_and_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let made = Command::new("mkfifo").arg(at("pipe")).status().expect("it is part of POSIX");
        assert!(made.success());
        let _socket = UnixListener::bind(at("socket")).expect("bound");
        symlink(at("pipe"), at("link")).expect("linked");
        for (name, links, wanted) in [
            ("pipe", Links::Followed, NotReadable::Pipe),
            ("pipe", Links::Refused, NotReadable::Pipe),
            ("link", Links::Followed, NotReadable::Pipe),
            ("link", Links::Refused, NotReadable::Link),
            ("socket", Links::Followed, NotReadable::Socket),
        ] {
            let refused = regular_file::read(&at(name), links).expect_err(name);
            assert_eq!(NotReadable::of(&refused), Some(wanted), "{name}");
        }
        let refused = regular_file::read(Path::new("/dev/null"), Links::Followed);
        assert_eq!(NotReadable::of(&refused.expect_err("a device")), Some(NotReadable::Device));
        open_at_once(OpenOptions::new().read(true), &at("pipe")).expect("nothing is waited for");
    }
}
