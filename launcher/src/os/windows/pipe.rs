//! The named pipe that other commands ask the running launcher through.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use interprocess::{
    local_socket::{GenericNamespaced, Listener, ListenerOptions, Name, Stream, prelude::*},
    os::windows::{local_socket::ListenerOptionsExt, security_descriptor::SecurityDescriptor},
};
use sha2::{Digest, Sha256};
use widestring::U16CString;

use super::account;

/// How many digits of the hash a pipe is named with: enough that no two folders ever share a name.
const DIGITS: usize = 32;

/// Does nothing: a pipe is no file that could be lost, so its listener is never closed before the process
/// ends.
#[derive(Debug)]
pub struct ListenerCloser;

impl ListenerCloser {
    /// Keeps nothing of the listener.
    ///
    /// # Errors
    ///
    /// None here.
    pub fn of(_: &Listener) -> io::Result<Self> {
        Ok(Self)
    }

    /// Does nothing.
    pub fn close(&self) {}
}

/// Calls `act` with the name of the pipe that stands for a control socket at `path`.
///
/// Pipes have one space of names for the whole computer, and short ones: a path may be longer than
/// that. One folder has many spellings, so it is the hash of the one that the system knows it by.
///
/// # Errors
///
/// Those of `act`; also if the path cannot be a name.
pub fn with_socket_name<T>(
    path: &Path,
    act: impl FnOnce(Name<'_>) -> io::Result<T>,
) -> io::Result<T> {
    let folder = path.parent().unwrap_or(path);
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let known = path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name));
    let hash = Sha256::digest(known.to_string_lossy().to_lowercase());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).take(DIGITS / 2).collect();
    act(format!("homeport-{digits}").to_ns_name::<GenericNamespaced>()?)
}

/// Where the control socket is that cannot be at `path`: a pipe needs no other place.
pub fn substitute_socket(path: &Path) -> PathBuf {
    path.to_owned()
}

/// Does nothing: pipes are in no folder.
///
/// # Errors
///
/// Never here.
pub fn make_substitute_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Checks nothing: pipes are in no folder.
///
/// # Errors
///
/// Never here.
pub fn check_substitute_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What is named in place of the folder, the pipe.
pub fn substitute_folder(socket: &Path) -> &Path {
    socket
}

/// Whether the pipe is still there: only its process removes one.
pub fn is_listening_at(_: &Path) -> bool {
    true
}

/// Whether the client of a pipe is still there. A process cannot be stopped here as Ctrl-Z stops it, so
/// that no request is old.
pub fn is_connected(_: &Stream) -> bool {
    true
}

/// A listener that only this user can connect to. By default every user could read from a pipe.
///
/// # Errors
///
/// If the system does not give this user.
pub fn for_this_user_alone(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    // A list of one entry, protected from what would be inherited: to allow, all rights, to the user.
    let rights = format!("D:P(A;;GA;;;{})", account::user_sid()?);
    let rights = U16CString::from_str(rights).map_err(io::Error::other)?;
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(&rights)?))
}
