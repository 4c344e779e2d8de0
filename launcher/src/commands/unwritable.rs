//! A file that cannot be written, and what a person can do.

use std::{io, path::Path};

use shared::{
    access::{self, RefusedAccess},
    message, os,
};

/// What a person can do about the error with which the system refuses to write `file`.
pub(super) fn now(file: &Path, error: &io::Error) -> String {
    if os::is_unchangeable(error) {
        return message!("doctor.now_unchangeable", file = file.display());
    }
    let is_refused = error.kind() == io::ErrorKind::PermissionDenied;
    let repair = is_refused.then(|| access::repair(file, RefusedAccess::Write)).flatten();
    repair.unwrap_or_else(|| message!("doctor.now_folder"))
}
