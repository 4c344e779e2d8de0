//! The folder that an app was named for, in `state/<app>/folder.toml`.
//!
//! A program has the name of the folder that it is started in, and keeps it: the file is made where none is, so that of
//! two processes one takes the name. Without it the name is chosen anew, and the memory of the app stays.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    app::AppName,
    atomic, os,
    paths::Folders,
    regular_file::{self, Links},
};

/// The version of the file's format.
const SCHEMA: u32 = 1;

/// What the file says: where the folder is, and who chose the app's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppFolder {
    schema: u32,
    /// The whole path without links, for people.
    folder: String,
    /// The computer that the path is one of.
    machine: String,
    /// Whether a person gave the name. It is then not the name that the folder has by itself.
    #[serde(default)]
    given: bool,
    /// The path itself, where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exact: Option<OsString>,
}

impl AppFolder {
    /// The folder at `path`, which is canonical and one of this computer.
    pub fn new(path: &Path, given: bool) -> Self {
        Self {
            schema: SCHEMA,
            folder: path.to_string_lossy().into_owned(),
            machine: os::machine_name(),
            given,
            exact: path.to_str().is_none().then(|| path.as_os_str().to_owned()),
        }
    }

    /// Its canonical path.
    pub fn path(&self) -> &Path {
        self.exact.as_deref().map_or(Path::new(&self.folder), Path::new)
    }

    /// Whether a person gave the app its name.
    pub fn is_given(&self) -> bool {
        self.given
    }

    /// Whether the folder is known to exist no more. What another computer has is not seen from here.
    pub fn is_gone(&self) -> bool {
        use io::ErrorKind::{NotADirectory, NotFound};
        let found = self.path().symlink_metadata();
        let is_absent = found.is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory));
        is_absent && self.machine == os::machine_name()
    }

    /// Reads the folder of an app.
    ///
    /// # Errors
    ///
    /// Whatever reading fails with; [`io::ErrorKind::InvalidData`] if the file holds something else.
    pub fn load(file: &Path) -> io::Result<Self> {
        let text = regular_file::read_text(file, Links::Refused)?;
        toml_edit::de::from_str(&text).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    /// Writes the file where none is: of several processes that try, one does.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if there is one, or whatever writing fails with.
    pub fn create(&self, file: &Path) -> io::Result<()> {
        atomic::create(file, self.text()?.as_bytes())
    }

    /// Writes the file in place of the one that is there.
    ///
    /// # Errors
    ///
    /// Whatever writing fails with; the old file is then still there.
    pub fn replace(&self, file: &Path) -> io::Result<()> {
        let text = self.text()?;
        atomic::replace(file, |beside| fs::write(beside, text))
    }

    fn text(&self) -> io::Result<String> {
        toml_edit::ser::to_string(self).map_err(io::Error::other)
    }

    /// The apps of this user that have a folder. What cannot be read is left out.
    pub fn of_all_apps(folders: &Folders) -> BTreeMap<AppName, Self> {
        let entries = fs::read_dir(folders.state()).into_iter().flatten().flatten();
        let apps = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<AppName>().ok());
        apps.filter_map(|app| Some((Self::load(&folders.app_folder(&app)).ok()?, app)))
            .map(|(folder, app)| (app, folder))
            .collect()
    }

    /// Forgets the folder of `app`, and returns it if there was one.
    ///
    /// # Errors
    ///
    /// Whatever removing the file fails with.
    pub fn forget(folders: &Folders, app: &AppName) -> io::Result<Option<PathBuf>> {
        let file = folders.app_folder(app);
        let known = Self::load(&file).ok();
        match atomic::patiently(|| fs::remove_file(&file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(known.map(|known| known.path().to_owned())),
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_also_where_the_path_is_no_text() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("state").join("folder.toml");
        let made = [r#"{"Unix":[47,255]}"#, r#"{"Windows":[67,58,92,55296]}"#]
            .map(|units| serde_json::from_str::<OsString>(units).map(PathBuf::from));
        for path in made.into_iter().flatten().chain([home.path().join("a b")]) {
            let folder = AppFolder::new(&path, false);
            folder.replace(&file).expect("written");
            let read = AppFolder::load(&file).expect("read");
            assert_eq!((read.path(), &read), (path.as_path(), &folder));
            assert!(read.is_gone());
        }
        assert!(!AppFolder::new(home.path(), true).is_gone());
    }

    #[test]
    fn a_folder_of_another_computer_is_not_gone() {
        let home = tempfile::tempdir().expect("a folder");
        let absent = AppFolder::new(&home.path().join("absent"), false);
        assert!(absent.is_gone());
        let elsewhere = AppFolder { machine: "elsewhere.example".to_owned(), ..absent };
        assert!(!elsewhere.is_gone());
    }

    #[test]
    fn the_apps_with_a_folder_are_listed_and_one_is_forgotten() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let app = |name: &str| name.parse::<AppName>().expect("a name");
        let folder = AppFolder::new(home.path(), false);
        for name in ["a", "b"] {
            folder.create(&folders.app_folder(&app(name))).expect("made");
        }
        let again = folder.create(&folders.app_folder(&app("a"))).expect_err("there");
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        fs::create_dir_all(folders.state().join("c")).expect("made");
        fs::write(folders.app_folder(&app("c")), "folder = 1").expect("written");
        let broken = AppFolder::load(&folders.app_folder(&app("c"))).expect_err("no folder");
        assert_eq!(broken.kind(), io::ErrorKind::InvalidData);
        assert_eq!(
            AppFolder::of_all_apps(&folders).into_keys().collect::<Vec<_>>(),
            [app("a"), app("b")]
        );
        let forgotten = AppFolder::forget(&folders, &app("a")).expect("removed");
        assert_eq!(forgotten.as_deref(), Some(home.path()));
        assert_eq!(AppFolder::forget(&folders, &app("a")).expect("nothing to do"), None);
        assert_eq!(AppFolder::of_all_apps(&folders).len(), 1);
    }
}
