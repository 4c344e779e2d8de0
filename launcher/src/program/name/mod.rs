//! The name of the app that a program in a folder is.
//!
//! A name once taken for a folder stays that folder's. The first time it is the plain name, which the folder has by itself, or that
//! with a number where another folder has the name. A name is taken by making the app's file of its folder, so that of
//! two processes one gets it; the lock only keeps two of them from taking the name of a folder that is gone.

mod folder_name;
mod worktree;

mod source;

#[cfg(test)]
mod test;

use std::{
    fs::{self, File},
    io, iter,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use shared::{
    app::{AppName, MAX_NAME},
    app_folder::AppFolder,
    app_lock::AppLock,
    atomic, message, os,
    paths::Folders,
    regular_file,
};

use self::folder_name::FolderName;
pub use self::source::{NameReason, NameSource};

/// How long to wait for another process that takes a name. It needs some milliseconds; one that is stopped may keep
/// the lock for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// The name of the app that belongs to a folder.
#[derive(Debug)]
pub struct NameChoice {
    /// The plain name of the folder, or that with a number.
    pub app: AppName,
    /// The folder, as a path without links.
    pub folder: PathBuf,
    /// Where the name comes from.
    pub source: NameSource,
    /// Why it is not the one of its source, in the order in which that changed it.
    pub reasons: Vec<NameReason>,
    /// Why it could not be kept: the next run may come to another name.
    pub unsaved: Option<io::Error>,
}

impl NameChoice {
    /// The name and where it comes from, with the reasons: a sentence for a person.
    pub fn in_words(&self) -> String {
        let source = self.source.in_words();
        let mut said = message!("app_name.is", app = self.app, source);
        for reason in &self.reasons {
            said = message!("app_name.and", said, reason = reason.in_words());
        }
        said
    }
}

/// Takes the name of the app that belongs to `folder`, which exists.
///
/// # Errors
///
/// If the system does not give the folder's path. That the name cannot be kept is no error.
pub fn take(folders: &Folders, folder: &Path) -> io::Result<NameChoice> {
    let folder = fs::canonicalize(folder)?;
    // Without the lock, two processes could take the name of the same folder that is gone.
    let _held = lock(folders).ok();
    Ok(take_for(folders, folder))
}

/// Keeps that a person gave the program in `folder` the name `app`, unless another folder has it.
///
/// # Errors
///
/// If the system does not give the folder's path, or the file cannot be written.
pub fn give(folders: &Folders, app: &AppName, folder: &Path) -> io::Result<NameOutcome> {
    let folder = fs::canonicalize(folder)?;
    let _held = lock(folders).ok();
    match claim(folders, app, &AppFolder::new(&folder, true)) {
        Claimed::Ours | Claimed::From(_) => Ok(NameOutcome::Kept),
        Claimed::Not(Some(other)) => Ok(NameOutcome::InUse(other)),
        Claimed::Not(None) => Err(io::ErrorKind::InvalidData.into()),
        Claimed::Unsaved(error) => Err(error),
    }
}

/// Whether an app has the name that a person gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameOutcome {
    /// The name is this folder's.
    Kept,
    /// It is that of another folder, which exists.
    InUse(PathBuf),
}

fn take_for(folders: &Folders, folder: PathBuf) -> NameChoice {
    if let Some(app) = earlier(folders, &folder) {
        let (source, reasons) = (NameSource::Earlier, Vec::new());
        return NameChoice { app, folder, source, reasons, unsaved: None };
    }
    let FolderName { name, source, mut reasons } = FolderName::of(&folder);
    let wanted = AppFolder::new(&folder, false);
    for (number, numbered) in (1_u32..).zip(numbered(&name)) {
        let is_first = number == 1;
        let app = numbered.parse::<AppName>().ok().filter(|app| !is_reserved(app));
        let Some(app) = app else {
            reasons.extend(is_first.then_some(NameReason::Reserved(numbered)));
            continue;
        };
        let unsaved = match claim(folders, &app, &wanted) {
            Claimed::Ours => None,
            Claimed::From(other) => {
                reasons.push(NameReason::TakenOver(other));
                None
            }
            Claimed::Unsaved(error) => Some(error),
            Claimed::Not(folder) => {
                reasons.extend(is_first.then_some(NameReason::InUse { name: app, folder }));
                continue;
            }
        };
        return NameChoice { app, folder, source, reasons, unsaved };
    }
    unreachable!("there are more numbers than folders")
}

/// The name that was taken for `folder` before, and not given by a person.
fn earlier(folders: &Folders, folder: &Path) -> Option<AppName> {
    let known = AppFolder::of_all_apps(folders).into_iter();
    let mut ours = known.filter(|(_, known)| known.path() == folder && !known.is_given());
    ours.next().map(|(app, _)| app)
}

/// `web`, `web-2`, `web-3` and so on, each of [`MAX_NAME`] bytes at most.
fn numbered(name: &str) -> impl Iterator<Item = String> {
    let with_number = move |number: u32| {
        let ending = format!("-{number}");
        format!("{}{ending}", &name[..name.len().min(MAX_NAME - ending.len())])
    };
    iter::once(name.to_owned()).chain((2..).map(with_number))
}

/// The name of our own server.
fn is_reserved(app: &AppName) -> bool {
    app.as_str().eq_ignore_ascii_case(AppName::default().as_str())
}

/// The result of claiming a name for a folder.
enum Claimed {
    Ours,
    /// It was that of a folder which is gone.
    From(PathBuf),
    /// Another folder has it.
    Not(Option<PathBuf>),
    /// No other folder has it, and this could not be written down.
    Unsaved(io::Error),
}

fn claim(folders: &Folders, app: &AppName, wanted: &AppFolder) -> Claimed {
    let file = folders.app_folder(app);
    let created = wanted.create(&file);
    let known = match (created, AppFolder::load(&file)) {
        (Ok(()), _) => return Claimed::Ours,
        (Err(_), Ok(known)) => known,
        (Err(error), Err(_)) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Claimed::Unsaved(error);
        }
        (Err(_), Err(broken)) if broken.kind() == io::ErrorKind::InvalidData => {
            let made = atomic::set_aside(&file).and_then(|_| wanted.create(&file));
            return made.map_or(Claimed::Not(None), |()| Claimed::Ours);
        }
        (Err(_), Err(_)) => return Claimed::Not(None),
    };
    let written = |taken| wanted.replace(&file).map_or_else(Claimed::Unsaved, |()| taken);
    let other = known.path();
    if other == wanted.path() {
        // A name that was given and is also the plain one is the folder's own from now on.
        let is_new = known.is_given() && !wanted.is_given();
        return if is_new { written(Claimed::Ours) } else { Claimed::Ours };
    }
    match known.is_gone() && AppLock::holder(folders, app).is_none() {
        true => written(Claimed::From(other.to_owned())),
        false => Claimed::Not(Some(other.to_owned())),
    }
}

/// The lock of all names, once no other process has it.
fn lock(folders: &Folders) -> io::Result<File> {
    let file = regular_file::open_lock(&folders.names_lock())?;
    let until = Instant::now() + PATIENCE;
    while !os::try_lock(&file)? {
        if Instant::now() >= until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(PAUSE);
    }
    Ok(file)
}
