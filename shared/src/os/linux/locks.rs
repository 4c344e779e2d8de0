//! Locks of whole files.

use std::{
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    path::Path,
};

use super::process::open_files;
use crate::os::{OpenFile, unix};

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

/// The process that has locked a file with `flock(2)`, if it can be seen from here; the one that has the file open if
/// that has ended and left the lock to it.
pub fn locking_process(file: &Path) -> Option<u32> {
    let about = file.metadata().ok()?;
    let (major, minor) = (rustix::fs::major(about.dev()), rustix::fs::minor(about.dev()));
    let wanted = format!("{major:02x}:{minor:02x}:{}", about.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let pid = locks.lines().find_map(|lock| locker(lock, &wanted))?;
    if Path::new(&format!("/proc/{pid}")).exists() {
        return Some(pid);
    }
    let (file, own) = (file.canonicalize().ok()?, std::process::id());
    let has_it_open = |open: &OpenFile| open.named == file && open.pid != own;
    open_files(|_| true).find(has_it_open).map(|open| open.pid)
}

/// The process of a line of `proc_locks(5)` about `file`, such as `1: FLOCK ADVISORY WRITE 812 08:01:54746 0 EOF`. One
/// that waits for a lock has an arrow.
fn locker(line: &str, file: &str) -> Option<u32> {
    match *line.split_ascii_whitespace().collect::<Vec<_>>() {
        [_, "FLOCK", _, _, pid, found, ..] if found == file => pid.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn who_has_locked_a_file_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(locking_process(file.path()), None);
        assert!(try_lock(file.as_file()).expect("lockable"));
        assert_eq!(locking_process(file.path()), Some(std::process::id()));
    }

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
