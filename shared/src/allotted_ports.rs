//! The ports that an app is given beside its assignment, in `state/<app>/ports.toml`: the further ports of its program
//! by their names, and the port that another app was given for it before its first start.
//!
//! Any launch may give a port to any app of its user, because a program may refer to an app that has not run yet. So the
//! files are written under one lock for all apps, and of two launches both take what the first has written. A file of
//! its own, because version 0.1 would drop what it does not know of an assignment.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    app::AppName,
    atomic, os,
    paths::Folders,
    port::Port,
    regular_file::{self, Links},
};

/// The version of the file's format.
pub const SCHEMA: u32 = 1;

/// How long to wait for another process that chooses ports. It needs some milliseconds; one that is stopped may keep
/// the lock for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// What an app is given beside its assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllottedPorts {
    /// The version of the format.
    schema: u32,
    /// The first choice of the app, which another app may have been given for it. It counts as long as the app has no
    /// last good port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_choice: Option<Port>,
    /// The further ports of the app's program by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<AppName, Port>,
}

impl Default for AllottedPorts {
    fn default() -> Self {
        Self { schema: SCHEMA, first_choice: None, ports: BTreeMap::new() }
    }
}

/// The right to write the files of all apps, until it is dropped.
#[derive(Debug)]
pub struct AllotmentLock {
    _file: File,
}

impl AllotmentLock {
    /// Takes the lock, once no other process has it.
    ///
    /// # Errors
    ///
    /// If the file cannot be made or locked, and [`io::ErrorKind::TimedOut`] if another process keeps the lock.
    pub fn take(folders: &Folders) -> io::Result<Self> {
        let file = regular_file::open_lock(&folders.ports_lock())?;
        let until = Instant::now() + PATIENCE;
        while !os::try_lock(&file)? {
            if Instant::now() >= until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(PAUSE);
        }
        Ok(Self { _file: file })
    }
}

impl AllottedPorts {
    /// Reads the ports of `app`. What cannot be read, or is of a newer version, gives none.
    pub fn of(folders: &Folders, app: &AppName) -> Self {
        Self::load(&folders.allotted_ports(app)).unwrap_or_default()
    }

    /// Reads a file; that there is none is no error.
    ///
    /// # Errors
    ///
    /// Whatever reading fails with; [`io::ErrorKind::InvalidData`] if the file holds something else.
    pub fn load(file: &Path) -> io::Result<Self> {
        let text = match regular_file::read_text(file, Links::Refused) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text?,
        };
        let read: Self = toml_edit::de::from_str(&text).map_err(|_| io::ErrorKind::InvalidData)?;
        if read.schema == SCHEMA { Ok(read) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Reads a file that is to be written next. One that holds something else is put aside; where it is then is also
    /// returned.
    ///
    /// # Errors
    ///
    /// Whatever reading it or putting it aside fails with.
    pub fn load_or_set_aside(
        file: &Path,
        _held: &AllotmentLock,
    ) -> io::Result<(Self, Option<PathBuf>)> {
        match Self::load(file) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok((Self::default(), Some(atomic::set_aside(file)?)))
            }
            loaded => Ok((loaded?, None)),
        }
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    ///
    /// Whatever the disk refuses it with; the old file is then still there.
    pub fn commit(&self, file: &Path, _held: &AllotmentLock) -> io::Result<()> {
        let text = toml_edit::ser::to_string(self).map_err(io::Error::other)?;
        atomic::replace(file, |beside| fs::write(beside, text))
    }

    /// Forgets the ports of `app`, and returns what they were.
    ///
    /// # Errors
    ///
    /// Whatever removing the file fails with.
    pub fn forget(folders: &Folders, app: &AppName) -> io::Result<Self> {
        let file = folders.allotted_ports(app);
        let known = Self::of(folders, app);
        match atomic::patiently(|| fs::remove_file(&file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(known),
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn port(number: u16) -> Port {
        Port::new(number).expect("not 0")
    }

    fn name(name: &str) -> AppName {
        name.parse().expect("a name")
    }

    #[test]
    fn what_is_written_is_read_again_and_forgotten() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let (app, lock) = (name("shop"), AllotmentLock::take(&folders).expect("free"));
        let file = folders.allotted_ports(&app);
        assert_eq!(AllottedPorts::load(&file).expect("none"), AllottedPorts::default());
        let ports = BTreeMap::from([(name("metrics"), port(17343)), (name("a.b"), port(17344))]);
        let written =
            AllottedPorts { first_choice: Some(port(17342)), ports, ..Default::default() };
        written.commit(&file, &lock).expect("written");
        assert_eq!(AllottedPorts::load(&file).expect("read"), written);
        assert_eq!(AllottedPorts::forget(&folders, &app).expect("removed"), written);
        assert_eq!(AllottedPorts::forget(&folders, &app).expect("none"), AllottedPorts::default());
    }

    #[test]
    fn a_file_that_holds_something_else_gives_no_ports_and_is_put_aside_before_one_is_written() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let (app, lock) = (name("shop"), AllotmentLock::take(&folders).expect("free"));
        let file = folders.allotted_ports(&app);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        for text in ["", "schema = 2\n", "schema = 1\n[ports]\nmetrics = 0\n", "schema"] {
            fs::write(&file, text).expect("written");
            assert_eq!(AllottedPorts::of(&folders, &app), AllottedPorts::default());
            let (read, aside) = AllottedPorts::load_or_set_aside(&file, &lock).expect("moved");
            assert_eq!(read, AllottedPorts::default());
            assert_eq!(fs::read_to_string(aside.expect("put aside")).expect("there"), text);
            assert!(!file.exists());
        }
    }

    #[test]
    fn one_process_at_a_time_writes() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let held = AllotmentLock::take(&folders).expect("free");
        let error = AllotmentLock::take(&folders).expect_err("held");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(held);
        AllotmentLock::take(&folders).expect("free again");
    }
}
