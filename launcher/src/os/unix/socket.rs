//! The control socket: a file that other commands ask the running launcher through.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder},
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{
            ffi::OsStrExt,
            fs::{DirBuilderExt, FileTypeExt, MetadataExt},
        },
    },
    path::{Path, PathBuf},
};

use interprocess::{
    local_socket::{GenericFilePath, Listener, ListenerOptions, Name, Stream, prelude::*},
    os::unix::local_socket::ListenerOptionsExt,
};
use rustix::net::{RecvFlags, Shutdown};
use sha2::{Digest, Sha256};
use shared::{access, message};

/// The longest path that a socket may have, in bytes: `sockaddr_un` has room for this many on macOS, and
/// on Linux for four more.
pub(crate) const MAX_PATH: usize = 103;

/// Calls `act` with the name of a control socket at `path`.
///
/// # Errors
///
/// Those of `act`; also if the path cannot be a name.
pub(crate) fn with_name<T>(
    path: &OsStr,
    act: impl FnOnce(Name<'_>) -> io::Result<T>,
) -> io::Result<T> {
    act(path.to_fs_name::<GenericFilePath>()?)
}

/// Has a thread that waits for the clients of a listener go on.
#[derive(Debug)]
pub struct ListenerCloser(OwnedFd);

impl ListenerCloser {
    /// The one of `listener`.
    ///
    /// # Errors
    ///
    /// If the system has no descriptors left.
    pub fn of(listener: &Listener) -> io::Result<Self> {
        let Listener::UdSocket(socket) = listener;
        Ok(Self(socket.as_fd().try_clone_to_owned()?))
    }

    /// Shuts the socket down, so that a thread that waits for a client goes on.
    pub fn close(&self) {
        // Where the system refuses it, the thread waits on; nothing can reach it.
        let _ = rustix::net::shutdown(&self.0, Shutdown::Both);
    }
}

/// Where the control socket is that cannot be at `path`, because that is too long or its folder cannot
/// be written: in a folder of this user alone, which no variable of the environment moves.
pub fn substitute_socket(path: &Path) -> PathBuf {
    let hash = Sha256::digest(path.as_os_str().as_bytes());
    let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let user = rustix::process::geteuid().as_raw();
    PathBuf::from(format!("/tmp/homeport-{user}")).join(format!("{digits}.sock"))
}

/// Makes the folder of a [`substitute_socket`], or checks that it is this user's alone.
///
/// # Errors
///
/// Those of [`check_substitute_folder`].
pub fn make_substitute_folder(socket: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(substitute_folder(socket)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            check_substitute_folder(socket)
        }
        made => made,
    }
}

/// Checks that the folder of a [`substitute_socket`] is this user's alone.
///
/// # Errors
///
/// If it is not there, or if another user owns it or may look into it.
pub fn check_substitute_folder(socket: &Path) -> io::Result<()> {
    let about = fs::symlink_metadata(substitute_folder(socket))?;
    let is_own = about.is_dir() && about.uid() == rustix::process::geteuid().as_raw();
    let mode = about.mode() & 0o7777;
    if is_own && mode & 0o077 == 0 {
        return Ok(());
    }
    let (owner, mode) = (access::user(about.uid()), format!("{mode:04o}"));
    let text = message!("control.folder_taken", owner, mode);
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

/// Where a [`substitute_socket`] is, directly below `/tmp`.
pub fn substitute_folder(socket: &Path) -> &Path {
    socket.parent().unwrap_or(socket)
}

/// Whether there still is a socket at `path`.
pub fn is_listening_at(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket())
}

/// Whether the client of a control socket is still there.
pub fn is_connected(client: &Stream) -> bool {
    let Stream::UdSocket(client) = client;
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    !matches!(rustix::net::recv(client.as_fd(), &mut [0; 1][..], flags), Ok((_, 0)))
}

/// A listener that only this user can connect to (0600).
///
/// # Errors
///
/// Never here.
pub fn for_this_user_alone(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    Ok(options.mode(0o600))
}
