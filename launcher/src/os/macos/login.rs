//! What is started at login: one file that launchd reads for each entry.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use crate::os::unix::{self, login::no_home};

pub use crate::os::login_format::launch_agent::{program_of, rendered};

/// The text that is registered under `name`, if there is one.
///
/// # Errors
///
/// If it cannot be read.
pub fn read(name: &str) -> io::Result<Option<String>> {
    unix::login::read(&file(name)?)
}

/// Registers `text` under `name`.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(name: &str, text: &str) -> io::Result<()> {
    unix::login::write(&file(name)?, text)
}

/// Removes what is registered under `name`.
///
/// # Errors
///
/// If it is there and stays.
pub fn remove(name: &str) -> io::Result<()> {
    unix::login::remove(&file(name)?)
}

fn file(name: &str) -> io::Result<PathBuf> {
    let home = env::home_dir().ok_or_else(no_home)?;
    Ok(home.join(Path::new("Library/LaunchAgents")).join(format!("{name}.plist")))
}
