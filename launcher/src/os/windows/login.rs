//! What is started at login: one value of a key of this user for each entry.

use std::io;

use windows_registry::CURRENT_USER;

pub use crate::os::login_format::run_command::{program_of, rendered};

/// Whose values are the commands that a user's login runs.
const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";

/// Where the task manager notes which of them the person has switched off.
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";

/// `ERROR_FILE_NOT_FOUND` as an `HRESULT`.
const ABSENT: i32 = 0x8007_0002_u32.cast_signed();

/// The command line that is registered under `name`, if there is one.
///
/// # Errors
///
/// If the registry cannot be read.
pub fn read(name: &str) -> io::Result<Option<String>> {
    let value = CURRENT_USER.open(RUN).and_then(|key| key.get_string(name));
    unless_absent(value.map(Some))
}

/// Registers a command line under `name`.
///
/// # Errors
///
/// If the registry refuses.
pub fn write(name: &str, command: &str) -> io::Result<()> {
    Ok(CURRENT_USER.create(RUN)?.set_string(name, command)?)
}

/// Removes what is registered under `name`.
///
/// # Errors
///
/// If it is there and stays.
pub fn remove(name: &str) -> io::Result<()> {
    for key in [RUN, APPROVED] {
        let open = CURRENT_USER.options().read().write().open(key);
        unless_absent(open.and_then(|key| key.remove_value(name)))?;
    }
    Ok(())
}

/// An absent key or value is nothing, and no error.
fn unless_absent<T: Default>(result: windows_registry::Result<T>) -> io::Result<T> {
    match result {
        Err(error) if error.code().0 == ABSENT => Ok(T::default()),
        other => Ok(other?),
    }
}
