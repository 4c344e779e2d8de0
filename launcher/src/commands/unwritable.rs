//! A file that cannot be written, and what a person can do.

use std::{io, path::Path};

use shared::{message, os};

/// What a person can do about the error with which the system refuses to write `file`.
pub(super) fn now(file: &Path, error: &io::Error) -> String {
    match os::is_unchangeable(error) {
        true => message!("doctor.now_unchangeable", file = file.display()),
        false => message!("doctor.now_folder"),
    }
}
