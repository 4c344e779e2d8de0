//! What is started at login: one file for each entry.

#[cfg(target_os = "macos")]
use std::env;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

#[cfg(target_os = "linux")]
use etcetera::base_strategy::{BaseStrategy, Xdg};
use shared::{atomic, message};

/// The text that is registered under `name`, if there is one.
///
/// # Errors
///
/// If it cannot be read.
pub fn read(name: &str) -> io::Result<Option<String>> {
    let file = file(name)?;
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(about(&file, &error)),
    }
}

/// Registers `text` under `name`.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(name: &str, text: &str) -> io::Result<()> {
    let write =
        |beside: &Path| File::options().write(true).open(beside)?.write_all(text.as_bytes());
    let file = file(name)?;
    atomic::replace(&file, write).map_err(|error| about(&file, &error))
}

/// Removes what is registered under `name`.
///
/// # Errors
///
/// If it is there and stays.
pub fn remove(name: &str) -> io::Result<()> {
    let file = file(name)?;
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(about(&file, &error)),
        _ => Ok(()),
    }
}

/// The error with the file, or with what is in its way and what to do about that.
fn about(file: &Path, error: &io::Error) -> io::Error {
    let in_the_way = file.ancestors().skip(1).find(|path| path.exists() && !path.is_dir());
    let text = match in_the_way {
        Some(path) => message!("login.in_the_way", file = path.display()),
        None => format!("{}: {error}", file.display()),
    };
    io::Error::new(error.kind(), text)
}

/// The autostart file, which the desktop reads.
#[cfg(target_os = "linux")]
fn file(name: &str) -> io::Result<PathBuf> {
    let folders = Xdg::new().map_err(|_| no_home())?;
    // One that depends on the folder that this was started in is none.
    let config =
        Some(folders.config_dir()).filter(|folder| folder.has_root()).ok_or_else(no_home)?;
    Ok(config.join("autostart").join(format!("{name}.desktop")))
}

/// The launch agent, which launchd reads.
#[cfg(target_os = "macos")]
fn file(name: &str) -> io::Result<PathBuf> {
    let home = env::home_dir().ok_or_else(no_home)?;
    Ok(home.join("Library/LaunchAgents").join(format!("{name}.plist")))
}

fn no_home() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the system has no folders for this user")
}
