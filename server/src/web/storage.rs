//! The files of the app, and cached values that are read from them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use shared::{
    app::AppName,
    assignment::Assignment,
    history::Writer,
    launch::LaunchInfo,
    paths::{Folders, HomeId},
    port::Port,
    settings::Settings,
};

use crate::web::launch_history::LaunchHistory;

/// The folders of an app, and the writer of its history.
#[derive(Clone)]
pub struct AppFiles {
    /// Those of this user, in which every app has files under its name.
    pub folders: Folders,
    /// The port history, to append to.
    pub history: Writer,
}

/// The app's files, and the values that the server reads from them often.
pub struct Storage {
    /// `None` for an application without files.
    pub files: Option<AppFiles>,
    /// The port of the settings; `None` also while they are wrong.
    pub home_port: CachedPort,
    /// The last good port, as it is remembered.
    pub last_good: CachedPort,
    /// What the records of this launch add up to.
    pub launch_history: LaunchHistory,
}

impl Storage {
    /// Reads nothing yet.
    pub fn new(files: Option<AppFiles>, launch: &LaunchInfo) -> Self {
        let history = files.as_ref().map(|files| files.folders.history());
        Self {
            home_port: CachedPort::home(files.as_ref(), &launch.app),
            last_good: CachedPort::last_good(files.as_ref(), &launch.app),
            launch_history: LaunchHistory::new(history, launch.launch_id),
            files,
        }
    }

    /// Which folders the files are in; unknown for an application without files.
    pub fn home_id(&self) -> HomeId {
        self.files.as_ref().map(|files| files.folders.home_id()).unwrap_or_default()
    }

    /// The file of the port history; `None` for an application without files.
    pub fn history_file(&self) -> Option<PathBuf> {
        self.files.as_ref().map(|files| files.folders.history())
    }
}

/// A port that a file names, which is read again when the file has changed.
#[derive(Debug)]
pub struct CachedPort {
    file: Option<PathBuf>,
    read: fn(&Path) -> Option<Port>,
    last: Mutex<(Stamp, Option<Port>)>,
}

/// The time and the size of a file, which change with its content; `None` if it is absent.
type Stamp = Option<(SystemTime, u64)>;

impl CachedPort {
    /// The home port in the settings of `app`; always `None` without files.
    pub fn home(files: Option<&AppFiles>, app: &AppName) -> Self {
        let read = |file: &Path| Settings::load(file).ok()?.port;
        let file = files.map(|files| files.folders.settings(app));
        Self { file, read, last: Mutex::default() }
    }

    /// The last good port in the assignment of `app`; always `None` without files.
    pub fn last_good(files: Option<&AppFiles>, app: &AppName) -> Self {
        let read = |file: &Path| Some(Assignment::load(file).ok()?.last_good?.port);
        let file = files.map(|files| files.folders.assignment(app));
        Self { file, read, last: Mutex::default() }
    }

    /// The port as the file has it now; `None` also if the file cannot be read.
    pub fn now(&self) -> Option<Port> {
        let file = self.file.as_ref()?;
        let stat = || -> io::Result<_> {
            let metadata = fs::metadata(file)?;
            Ok((metadata.modified()?, metadata.len()))
        };
        let stamp = stat().ok();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != stamp {
            *last = (stamp, (self.read)(file));
        }
        last.1
    }
}

#[cfg(test)]
mod test {
    use shared::{event::Process, history::Author};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_home_port_is_what_the_settings_say_now() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let app = AppName::default();
        let author = Author { app: &app, process: Process::Server, launch_id: Uuid::nil() };
        let files = AppFiles { history: Writer::new(&folders, &author), folders };
        let port = CachedPort::home(Some(&files), &app);
        assert_eq!(port.now(), None);
        let file = files.folders.settings(&app);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        for (text, wanted) in
            [("port = 3030", Port::new(3030)), ("port 1", None), ("port = 443", Port::new(443))]
        {
            fs::write(&file, text).expect("written");
            assert_eq!(port.now(), wanted, "{text}");
        }
        assert_eq!(CachedPort::home(None, &app).now(), None);
    }
}
