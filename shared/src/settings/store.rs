//! Rewriting a settings file: one writer at a time, and whole or not at all.
//!
//! A writer reads the file, decides and writes it under one lock, so that of two writers
//! neither undoes what the other has done. It stays the person's file: root, too, changes its text alone. An editor knows nothing of the lock; what it saves in
//! between is not noticed, and neither is it by any other program.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    error::{SettingsError, SettingsProblem},
    table::Settings,
};
use crate::{
    app::AppName,
    atomic, message, os,
    paths::Folders,
    regular_file::{self, Links},
};

/// How long another process may take to rewrite the settings.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long it sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Why a settings file was not rewritten.
#[derive(Debug, thiserror::Error)]
pub enum StoreError<E> {
    /// It cannot be read, or is no text.
    #[error(transparent)]
    Unusable(#[from] SettingsError),
    /// The error that the change returned.
    #[error("{0}")]
    Refused(E),
    /// The file cannot be locked or written.
    #[error("{}", message!("set.unwritable", file = .file.display(), error = .source))]
    Unwritable {
        /// The settings file, or the lock beside it.
        file: PathBuf,
        /// The error of the system call that failed.
        source: io::Error,
    },
}

/// Rewrites the settings of `app`: `change` gets the text and returns the new one and a result for
/// the caller. A text that stays the same is not written.
///
/// # Errors
///
/// [`StoreError`]; the file is then as it was.
pub fn rewrite<T, E>(
    folders: &Folders,
    app: &AppName,
    change: impl FnOnce(&str) -> Result<(String, T), E>,
) -> Result<T, StoreError<E>> {
    let (file, lock) = (folders.settings(app), folders.settings_lock(app));
    let unwritable = |file: &Path, source| StoreError::Unwritable { file: file.to_owned(), source };
    // The lock goes with this handle.
    let _held = held(&lock).map_err(|error| unwritable(&lock, error))?;
    let text = Settings::text(&file)?;
    let (new, result) = change(&text).map_err(StoreError::Refused)?;
    if new.len() as u64 > regular_file::MAX_CONTENT {
        return Err(SettingsError { file, line: None, problem: SettingsProblem::TooLong }.into());
    }
    if new != text {
        write(&file, &text, &new).map_err(|error| unwritable(&file, error))?;
    }
    Ok(result)
}

/// The lock, once no other process has it. One that is stopped may have it for ever.
fn held(lock: &Path) -> io::Result<File> {
    let file = regular_file::open_lock(lock)?;
    let until = Instant::now() + PATIENCE;
    loop {
        match os::try_lock(&file) {
            Ok(false) if Instant::now() < until => thread::sleep(PAUSE),
            Ok(false) => {
                let seconds = PATIENCE.as_secs();
                let busy = match os::locking_process(lock) {
                    Some(pid) => message!("settings_error.busy_process", pid, seconds),
                    None => message!("settings_error.busy", seconds),
                };
                return Err(io::Error::new(io::ErrorKind::TimedOut, busy));
            }
            // Where nothing can be locked, two writers at the same time may undo each other.
            Err(error) if !os::has_no_locks(&error) => return Err(error),
            Ok(true) | Err(_) => return Ok(file),
        }
    }
}

/// Writes the file, which stays the person's: a link stays one, and owner, group and mode stay.
fn write(file: &Path, before: &str, text: &str) -> io::Result<()> {
    let Ok(target) = fs::canonicalize(file) else {
        return atomic::replace(file, |beside| fs::write(beside, text));
    };
    let about = target.metadata()?;
    if os::has_other_names(&about) {
        return write_in_place(&target, before, text);
    }
    let replaced = atomic::replace(&target, |beside| {
        fs::write(beside, text)?;
        os::take_rights_of(&about, &OpenOptions::new().write(true).open(beside)?)
    });
    use io::ErrorKind::{PermissionDenied, ResourceBusy};
    match replaced {
        // A single file that is mounted into a container, and a file that only its owner could make anew.
        Err(refused) if matches!(refused.kind(), PermissionDenied | ResourceBusy) => {
            write_in_place(&target, before, text).map_err(|error| match error.kind() {
                PermissionDenied => refused,
                _ => error,
            })
        }
        settled => settled,
    }
}

/// Writes into the file itself, where another would not be the same. If that fails half-way, what was
/// there is written again.
fn write_in_place(target: &Path, before: &str, text: &str) -> io::Result<()> {
    let mut file = regular_file::open(OpenOptions::new().write(true), target, Links::Followed)?;
    let mut put = |text: &str| {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)?;
        file.sync_all()
    };
    put(text).inspect_err(|_| {
        // The disk may be full; the old text has its place already.
        let _ = put(before);
    })
}

#[cfg(test)]
mod test {
    use std::thread;

    use super::*;
    use crate::settings::edit::{self, EditError};

    #[test]
    fn of_writers_at_the_same_time_none_is_undone() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let app = AppName::default();
        let count = |text: &str| -> Result<(String, ()), EditError> {
            let port = Settings::parse(text).map_err(EditError::Text)?.port;
            let next = port.map_or(1, |port| port.get() + 1).to_string();
            thread::yield_now();
            Ok((edit::set(text, "port", &next)?.text, ()))
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| rewrite(&folders, &app, count).expect("done")));
            }
        });
        let settings = Settings::load(&folders.settings(&app)).expect("right");
        assert_eq!(settings.port.map(crate::port::Port::get), Some(40));
    }

    #[test]
    fn what_is_refused_or_the_same_leaves_the_file_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let app = AppName::default();
        let refused = rewrite(&folders, &app, |_| Err::<(String, ()), _>("no"));
        assert!(matches!(refused, Err(StoreError::Refused("no"))));
        rewrite(&folders, &app, |text| Ok::<_, ()>((text.to_owned(), ()))).expect("nothing to do");
        assert!(!folders.settings(&app).exists());
    }
}
