//! A file or a folder that cannot be written, and what a person can do.

use std::{io, path::Path};

use shared::{access::RefusedAccess, message, regular_file};

/// What a person can do about the error with which the system refuses to write `file`.
pub(super) fn now(file: &Path, error: &io::Error) -> String {
    repair(file, RefusedAccess::Write, error)
}

/// What a person can do about the error with which the system refuses to make `folder`, or files in it.
pub(super) fn now_in_folder(folder: &Path, error: &io::Error) -> String {
    repair(folder, RefusedAccess::Folder, error)
}

fn repair(path: &Path, access: RefusedAccess, error: &io::Error) -> String {
    let repair = regular_file::repair(path, access, error);
    repair.unwrap_or_else(|| message!("doctor.now_folder"))
}
