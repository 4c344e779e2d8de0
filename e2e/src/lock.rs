//! Locks between test programs that run at the same time: a file that one process alone has locked,
//! and that is free again when that process is gone.

use std::{
    fs::{self, File},
    path::Path,
};

/// Waits until this process has the lock. It is given back when the file is dropped.
///
/// # Panics
///
/// If the file cannot be made or locked.
pub fn lock(path: &Path) -> File {
    let file = open(path);
    file.lock().expect("files can be locked here");
    file
}

/// The lock, unless another process has it.
pub(crate) fn try_lock(path: &Path) -> Option<File> {
    let file = open(path);
    file.try_lock().ok().map(|()| file)
}

fn open(path: &Path) -> File {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("made");
    File::options().create(true).append(true).open(path).expect("a file to lock")
}
