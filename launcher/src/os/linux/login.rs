//! What is started at login: one autostart file of the desktop for each entry.

use std::{
    io,
    path::{Path, PathBuf},
};

use etcetera::base_strategy::{BaseStrategy, Xdg};

use crate::os::unix::{self, login::no_home};

pub use crate::os::login_format::desktop_entry::{program_of, rendered};

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
    let folders = Xdg::new().map_err(|_| no_home())?;
    // One that depends on the folder that this was started in is none.
    let config =
        Some(folders.config_dir()).filter(|folder| folder.has_root()).ok_or_else(no_home)?;
    Ok(config.join(Path::new("autostart")).join(format!("{name}.desktop")))
}
