//! The lock of an app: the right to run it and to write what it remembers.
//!
//! The process that runs an app holds `state/<app>/lock` for as long as it lives; the system lets go of
//! it whatever the end, so a stale lock does not exist. The file has the [`LockOwner`], so that an app
//! is found when everything in `run/` is lost. A lock whose file is no longer the one at the path is
//! none: another process may have made the file anew and locked that.
//!
//! Version 0.1 locks `run/<app>.lock` alone. That file is locked after the other one, so that only one of
//! both versions runs an app.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    mem,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    app::AppName,
    atomic,
    os::{self, OpenFile, SocketTables, System},
    paths::{self, Folders},
    port::Port,
    regular_file::{self, Links},
    trust::{self, Distrust, Purpose},
};

/// The version of the file's format.
pub const SCHEMA: u32 = 1;

/// The most that is read of a lock's file, in bytes; ours has some 300.
const MAX_CONTENT: u64 = 64 * 1024;

/// How far two readings of the start of one process may be apart: the time at which the system
/// started, which they rest on, is adjusted with the clock.
const SAME_START: SignedDuration = SignedDuration::from_secs(2);

/// Who runs an app, as its lock's file has it. After the end of a launch the file is empty; one that
/// was killed leaves its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOwner {
    /// The version of the format.
    pub schema: u32,
    /// The process that holds the lock.
    pub pid: u32,
    /// When that process was started, which tells it from a later one with the same number.
    pub started_at: Option<Timestamp>,
    /// The start of the system that the process belongs to; `null` where the system has no such id.
    pub boot_id: Option<String>,
    /// The name of the computer or the container.
    pub machine: String,
    /// Where the process takes requests; `null` before it does.
    pub control: Option<PathBuf>,
    /// The port of the app; `null` before it has one.
    pub port: Option<Port>,
}

impl LockOwner {
    /// This process, before it has a port.
    fn of_this_process() -> Self {
        let pid = std::process::id();
        Self {
            schema: SCHEMA,
            pid,
            started_at: started_at(pid),
            boot_id: os::boot_id(),
            machine: os::machine_name(),
            control: None,
            port: None,
        }
    }

    /// Whether it is a process of another computer or container, of which nothing can be seen from here.
    pub fn is_elsewhere(&self) -> bool {
        self.machine != os::machine_name()
    }

    /// The process, if it can be seen from here: one of another computer or container has a number that is
    /// that of another process here, or of none.
    pub fn process_here(&self) -> Option<u32> {
        (self.is_alive() && !self.is_elsewhere()).then_some(self.pid)
    }

    /// Whether its process still exists; true for a process of another computer or container.
    pub fn is_alive(&self) -> bool {
        if self.is_elsewhere() {
            return true;
        }
        if self.boot_id != os::boot_id() {
            return false;
        }
        match (System::default().process(self.pid), self.started_at) {
            (None, _) => false,
            (Some(process), Some(then)) => process
                .holder
                .started_at
                .is_none_or(|now| now.duration_since(then).abs() <= SAME_START),
            (Some(_), None) => true,
        }
    }
}

fn started_at(pid: u32) -> Option<Timestamp> {
    System::default().process(pid)?.holder.started_at
}

/// The result of [`AppLock::try_hold`].
#[derive(Debug)]
pub enum LockOutcome {
    /// This process holds the lock until the value is dropped.
    Held(AppLock),
    /// Another process holds it; `None` if it has not yet said which, or is of version 0.1.
    Busy(Option<LockOwner>),
}

impl LockOutcome {
    /// Whether a process of another computer or container holds it.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Busy(Some(owner)) if owner.is_elsewhere())
    }

    /// The process of this computer that holds it, if the lock's file names one that is alive.
    pub fn process_here(&self) -> Option<u32> {
        let Self::Busy(Some(owner)) = self else { return None };
        owner.process_here()
    }
}

/// The right to run an app and to write what it remembers, until it is dropped.
#[derive(Debug)]
pub struct AppLock {
    file: File,
    path: PathBuf,
    /// Files of the lock that were renamed with their folder, and keep others from running the app there.
    renamed: Vec<File>,
    /// This process, as the file says.
    owner: LockOwner,
    /// What version 0.1 would lock, as far as it can be made.
    of_version_0_1: Vec<HeldFile>,
    /// What the last owner left, if it was killed or if the file was not there.
    remains: Remains,
}

/// A locked file, and where it was made.
#[derive(Debug)]
struct HeldFile {
    file: File,
    path: PathBuf,
}

/// What the lock's file said before it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remains {
    /// The last launch has ended, and emptied the file.
    Nothing,
    /// The last launch was killed.
    Owner(LockOwner),
    /// The file was not there: this is the first launch, or it was removed.
    NoFile,
}

impl Remains {
    /// The port of a launch that was killed.
    pub fn port(&self) -> Option<Port> {
        match self {
            Self::Owner(owner) => owner.port,
            Self::Nothing | Self::NoFile => None,
        }
    }
}

impl AppLock {
    /// Takes the lock of `app`, unless another process holds it. Where the memory cannot be written, it is the
    /// one of version 0.1.
    ///
    /// # Errors
    ///
    /// If the lock's file can be neither opened nor made, or is not a file.
    pub fn try_hold(folders: &Folders, app: &AppName) -> io::Result<LockOutcome> {
        let usual = Self::try_hold_at(folders.lock(app), folders, app);
        usual.or_else(|error| {
            let mut substitutes = folders.locks_of_version_0_1(app);
            let substitute = substitutes.next().map(|path| Self::try_hold_at(path, folders, app));
            substitute.and_then(Result::ok).ok_or(error)
        })
    }

    fn try_hold_at(path: PathBuf, folders: &Folders, app: &AppName) -> io::Result<LockOutcome> {
        loop {
            let existed = path.symlink_metadata().is_ok();
            let mut file = open(&path)?;
            let left = read(&mut file);
            if !lock(&file, left.as_ref())? {
                return Ok(LockOutcome::Busy(left));
            }
            if !is_at(&file, &path) {
                continue;
            }
            share_run_folder(folders);
            let others = folders.locks_of_version_0_1(app).filter(|other| *other != path);
            let of_version_0_1 = hold_for_version_0_1(others);
            let Some(of_version_0_1) = of_version_0_1 else {
                return Ok(LockOutcome::Busy(None));
            };
            let remains = match (existed, left) {
                (false, _) => Remains::NoFile,
                (true, None) => Remains::Nothing,
                (true, Some(owner)) => Remains::Owner(owner),
            };
            let owner = LockOwner::of_this_process();
            let renamed = Vec::new();
            let mut held = Self { file, path, renamed, owner, of_version_0_1, remains };
            held.publish_owner(None, None);
            return Ok(LockOutcome::Held(held));
        }
    }

    /// Who holds the lock of `app`, if another process does.
    pub fn holder(folders: &Folders, app: &AppName) -> Option<LockOutcome> {
        lock_files(folders, app).find_map(|path| holder_of(&path))
    }

    /// The process that has a lock of the app without saying so in it: another program, a launch that has only begun,
    /// or a launcher of version 0.1. `None` where the system does not tell.
    pub fn locking_process(folders: &Folders, app: &AppName) -> Option<u32> {
        lock_files(folders, app).find_map(|path| os::locking_process(&path))
    }

    /// The app that a process of this computer runs, as the content of the app's lock says. This process, which knows
    /// what it runs, is none.
    pub fn app_of_process(folders: &Folders, pid: u32) -> Option<AppName> {
        let entries = fs::read_dir(folders.state()).into_iter().flatten().flatten();
        let mut apps = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_its = |app: &AppName| {
            let owner = lock_files(folders, app).find_map(|path| content_at(&path));
            owner.is_some_and(|owner| owner.pid == pid && owner.process_here().is_some())
        };
        if pid == std::process::id() { None } else { apps.find(is_its) }
    }

    /// What the processes of some programs say in locks that they hold although no path leads to them any more: after
    /// a removal of the whole state folder they are all that is left. Where the system does not tell, there are none.
    pub fn lost_owners(
        folders: &Folders,
        app: &AppName,
        is_wanted: impl Fn(&Path) -> bool,
    ) -> impl Iterator<Item = LockOwner> {
        let names = lock_files(folders, app).filter_map(|path| Some(path.file_name()?.to_owned()));
        let names: BTreeSet<_> = names.collect();
        let is_lock = move |found: &OpenFile| {
            found.named.file_name().is_some_and(|name| names.contains(name))
        };
        os::open_files(is_wanted).filter(is_lock).filter_map(|found| {
            let mut options = OpenOptions::new();
            let mut file =
                regular_file::open(options.read(true), &found.link, Links::Followed).ok()?;
            let owner = read(&mut file).filter(|owner| os::has_number(found.pid, owner.pid))?;
            Some(LockOwner { pid: found.pid, ..owner })
        })
    }

    /// The lock's files that are lost while a launcher runs `app`: its own one, if no process holds what is at
    /// its path, and the one of version 0.1.
    pub fn missing(folders: &Folders, app: &AppName) -> Vec<PathBuf> {
        let own = folders.lock(app);
        let of_version_0_1 = folders.run().join(format!("{app}.lock"));
        let own = Some(own).filter(|path| holder_of(path).is_none());
        // Where the system has no locks, this one has no content that could name its holder.
        own.into_iter().chain(Some(of_version_0_1).filter(|path| !path.exists())).collect()
    }

    /// What the lock's file said before this process took the lock.
    pub fn remains(&self) -> &Remains {
        &self.remains
    }

    /// Writes into the file who holds the lock: this process, which takes requests at `control` and has the
    /// app on `port`, as far as it has them by now. Who cannot write it may run the app all the same:
    /// what the file says is a help, not the lock.
    pub fn publish_owner(&mut self, control: Option<&Path>, port: Option<Port>) {
        self.owner.control = control.map(Path::to_owned);
        self.owner.port = port;
        let _ = self.write_owner();
    }

    fn write_owner(&mut self) -> io::Result<()> {
        let mut text = serde_json::to_vec(&self.owner)?;
        text.push(b'\n');
        for file in self.renamed.iter_mut().chain([&mut self.file]) {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&text)?;
            file.set_len(text.len() as u64)?;
        }
        Ok(())
    }

    /// Whether the home was renamed, with all its files: they lead to this process there.
    pub fn is_in_renamed_home(&self, folders: &Folders) -> bool {
        let home = folders.state().parent();
        home.is_some_and(|home| !home.exists()) && !os::is_deleted(&self.file)
    }

    /// Releases a lock that was taken although the app runs, and removes its file, which would say that
    /// the app has ended.
    pub fn give_up(self) {
        if is_at(&self.file, &self.path) {
            // What stays looks like the end of a launch; the port of the app still shows that it runs.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Makes the lock's files anew that are no longer at their paths. False if another process has made
    /// the app's own.
    ///
    /// # Errors
    ///
    /// If it can be neither opened nor made.
    pub fn renew(&mut self, folders: &Folders, app: &AppName) -> io::Result<bool> {
        self.leave_substitute(folders.lock(app));
        if !is_at(&self.file, &self.path) {
            let file = open(&self.path)?;
            if !lock(&file, None)? {
                return Ok(false);
            }
            let lost = mem::replace(&mut self.file, file);
            self.renamed.extend(Some(lost).filter(|lost| !os::is_deleted(lost)));
            let _ = self.write_owner();
        }
        let are_in_place = self.of_version_0_1.iter().all(|held| is_at(&held.file, &held.path));
        if !are_in_place || self.of_version_0_1.is_empty() {
            self.of_version_0_1.retain(|held| is_at(&held.file, &held.path));
            let kept: Vec<_> = self.of_version_0_1.iter().map(|held| held.path.clone()).collect();
            let lost = folders.locks_of_version_0_1(app);
            let lost = lost.filter(|path| !kept.contains(path) && *path != self.path);
            self.of_version_0_1.extend(hold_for_version_0_1(lost).unwrap_or_default());
        }
        Ok(true)
    }

    /// Takes the lock at its `usual` path, if it could not be there and can by now.
    fn leave_substitute(&mut self, usual: PathBuf) {
        if self.path == usual {
            return;
        }
        let Ok(file) = open(&usual) else { return };
        if lock(&file, None).unwrap_or(false) {
            let file = mem::replace(&mut self.file, file);
            let path = mem::replace(&mut self.path, usual);
            let _ = file.set_len(0);
            self.of_version_0_1.push(HeldFile { file, path });
            let _ = self.write_owner();
        }
    }
}

/// Empties the file, which says that the launch has ended as it should.
impl Drop for AppLock {
    fn drop(&mut self) {
        for file in self.renamed.iter().chain([&self.file]) {
            // Who finds the content all the same asks whether the process is alive.
            let _ = file.set_len(0);
        }
    }
}

/// The app's own lock, and then those of version 0.1.
fn lock_files(folders: &Folders, app: &AppName) -> impl Iterator<Item = PathBuf> {
    [folders.lock(app)].into_iter().chain(folders.locks_of_version_0_1(app))
}

/// What the lock at `path` says, without a look at whether it is held: after the end of a launch it says nothing.
fn content_at(path: &Path) -> Option<LockOwner> {
    let mut file = regular_file::open(OpenOptions::new().read(true), path, Links::Refused).ok()?;
    let about = file.metadata().ok()?;
    if is_foreign(&about, path) { None } else { read(&mut file) }
}

/// What the lock at `path` says of its holder, if another process holds it.
fn holder_of(path: &Path) -> Option<LockOutcome> {
    let open = |write| {
        let mut options = OpenOptions::new();
        regular_file::open(options.read(true).write(write), path, Links::Refused).ok()
    };
    // Some locks need a file that may be written, and some homes are read-only.
    let file = open(true).or_else(|| open(false))?;
    let about = file.metadata().ok()?;
    let mut file = Some(file).filter(|_| !is_foreign(&about, path))?;
    let left = read(&mut file);
    let is_ours = lock(&file, left.as_ref()).unwrap_or(true);
    (!is_ours).then_some(LockOutcome::Busy(left))
}

fn open(path: &Path) -> io::Result<File> {
    paths::make_parent(path)?;
    let open = || {
        let mut options = os::private_file();
        options.read(true).write(true).create(true).truncate(false);
        regular_file::open(&mut options, path, Links::Refused).or_else(|error| {
            // A home may be read-only; what is there can be locked all the same.
            let there = regular_file::open(OpenOptions::new().read(true), path, Links::Refused);
            there.map_err(|_| error)
        })
    };
    let opened = open();
    let about = match &opened {
        Ok(file) => file.metadata(),
        Err(_) => path.symlink_metadata(),
    };
    match about {
        Ok(about) if is_foreign(&about, path) => atomic::set_aside(path).and_then(|_| open()),
        _ => opened,
    }
}

/// Whether it is a file of another user, who could hold the lock for ever. What others may write to does no harm:
/// what it says is believed after proof.
fn is_foreign(about: &Metadata, path: &Path) -> bool {
    let checked = trust::check(path, about, Purpose::Look);
    checked.is_err_and(|untrusted| untrusted.why == Distrust::Foreign)
}

/// What the file says, if it says something.
fn read(file: &mut File) -> Option<LockOwner> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    Read::take(file, MAX_CONTENT).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Whether the lock is ours now. Where the system has no locks on this file, the process that the file
/// names holds it for as long as it lives.
fn lock(file: &File, left: Option<&LockOwner>) -> io::Result<bool> {
    match os::try_lock(file) {
        Err(error) if os::has_no_locks(&error) => {
            Ok(!left.is_some_and(|owner| owner.pid != std::process::id() && owner.is_alive()))
        }
        settled => settled,
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    match (os::file_identity(file), os::plain_identity_at(path)) {
        (Ok(ours), Ok(there)) => ours == there,
        _ => false,
    }
}

/// Makes the folder that version 0.1 takes for `run/` in a session a link to `run/`, so that both versions
/// find each other's files. If a launcher of that version runs there, if anything else is in it, or if the system
/// refuses the link, that version is kept out by its locks and not led here.
fn share_run_folder(folders: &Folders) {
    let Some(link) = folders.run_of_version_0_1() else { return };
    let _ = os::make_private_folder(folders.run());
    if os::link_folder(folders.run(), link).is_ok() {
        return;
    }
    let is_folder = link.symlink_metadata().is_ok_and(|found| found.is_dir());
    let entries = fs::read_dir(link).into_iter().flatten().flatten().map(|entry| entry.path());
    let files: Vec<_> = entries.collect();
    if is_folder && files.iter().all(|file| is_left_by_version_0_1(file)) {
        let is_empty = files.iter().all(|file| fs::remove_file(file).is_ok());
        if is_empty && fs::remove_dir(link).is_ok() {
            let _ = os::link_folder(folders.run(), link);
        }
    }
}

/// Whether it is a file that version 0.1 made and writes anew, and that no process holds: beside each there is the lock
/// of its app. It is neither the token of a server without a launcher, nor what a person has put there.
fn is_left_by_version_0_1(path: &Path) -> bool {
    let is_free =
        |lock_file: &Path| open(lock_file).is_ok_and(|file| lock(&file, None).unwrap_or(false));
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let app = ["lock", "json", "sock", "error.html"]
        .iter()
        .find_map(|end| name.strip_suffix(end)?.strip_suffix('.')?.parse::<AppName>().ok());
    let lock_file = app.map(|app| path.with_file_name(format!("{app}.lock")));
    !path.is_dir() && lock_file.is_some_and(|file| file.is_file() && is_free(&file))
}

/// Takes what version 0.1 would lock; `None` if a launcher of that version has it. Where such a file
/// cannot be made, that version could not make it either.
fn hold_for_version_0_1(paths: impl Iterator<Item = PathBuf>) -> Option<Vec<HeldFile>> {
    let mut held = Vec::new();
    for path in paths {
        let Ok(file) = open(&path) else { continue };
        match file.try_lock() {
            Ok(()) => held.push(HeldFile { file, path }),
            Err(fs::TryLockError::WouldBlock) => return None,
            Err(fs::TryLockError::Error(_)) => {}
        }
    }
    Some(held)
}
