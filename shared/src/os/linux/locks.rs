//! Locks of whole files.

use std::{fs::File, io, os::fd::AsRawFd};

use crate::os::unix;

/// Takes the lock of an open file, until it is closed; false if another process has it. Where `flock(2)`
/// is refused, it is a lock of the open file description (`F_OFD_SETLK`), which a network file system
/// may grant all the same.
///
/// # Errors
///
/// If the file cannot be locked in either way.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match unix::flock(file) {
        Err(error) if unix::has_no_locks(&error) => lock_description(file),
        settled => settled,
    }
}

fn lock_description(file: &File) -> io::Result<bool> {
    let whole = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    // SAFETY: the descriptor is open while the file is borrowed, and `whole` outlives the call.
    let failed =
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const whole) } == -1;
    if !failed {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        error if error.raw_os_error() == Some(libc::EACCES) => Ok(false),
        error => Err(error),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_description_is_locked_once() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let other = file.reopen().expect("opened");
        assert!(lock_description(file.as_file()).expect("lockable"));
        assert!(!lock_description(&other).expect("lockable"));
        drop(file.into_parts().0);
        assert!(lock_description(&other).expect("lockable"));
    }
}
