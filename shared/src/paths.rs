//! Where everything is kept.
//!
//! `HOMEPORT_HOME` (or `--home`) puts all of it under one folder. Otherwise it follows the system's
//! rules for per-user files, by way of the crate that confy uses, so that settings and state agree
//! on one scheme. The current folder is never used: a program started by double-click has any.

use std::{
    ffi::OsString,
    io,
    path::{Component, Path, PathBuf, Prefix},
};

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{app::AppName, checkout, message, one_line, os};

/// The environment variable that puts everything under one folder.
pub const HOME_VARIABLE: &str = "HOMEPORT_HOME";

/// The environment variable that moves the logs alone.
pub const LOG_DIR_VARIABLE: &str = "HOMEPORT_LOG_DIR";

/// How long a folder may be that is named in the ordinary way. Windows refuses paths of 260 characters
/// and more unless they are marked as verbatim; what we put into a folder is up to 130 long: the
/// longest name of an app, and the ending of a file that was set aside.
const LONG: usize = 130;

/// The four folders of one user. Nothing is made until it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    config: PathBuf,
    state: PathBuf,
    logs: PathBuf,
    logs_source: LogsSource,
    run: PathBuf,
    /// Where version 0.1 has what is in `run`, if that is elsewhere.
    runtime: Option<PathBuf>,
    /// The home: the folder for everything, or that of the user.
    home: Option<PathBuf>,
}

/// What decided where the logs are, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogsSource {
    /// A folder that was given for the logs alone.
    LogDir,
    /// A folder that was given for everything.
    Home,
    /// The checkout, by its root, that the running program was built in.
    Checkout(PathBuf),
    /// The system's rules for the files of one user.
    System,
}

/// The system has no folder for the files of this user, or one that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{}", message!("home_error.none", error = .0, variables = os::FOLDER_VARIABLES, variable = HOME_VARIABLE))]
pub struct NoHome(String);

/// Tells the folders of a user from a copy of them, which has the same secret: where on the disk `state/` is. It is
/// unknown if the folder is not there, if the system does not tell, and of version 0.1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HomeId(Option<String>);

impl HomeId {
    /// Whether it is not known.
    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    /// Whether both are known, and differ.
    pub fn is_other_than(&self, other: &Self) -> bool {
        self.0.as_ref().zip(other.0.as_ref()).is_some_and(|(own, other)| own != other)
    }
}

impl Folders {
    /// Finds the folders: all under `home` if given, the logs in `log_dir` if given. Without either,
    /// the logs of a program in its checkout are in the checkout, if this user may write there.
    ///
    /// # Errors
    ///
    /// [`NoHome`] if there is neither `home` nor a folder of the system.
    pub fn locate(home: Option<&Path>, log_dir: Option<&Path>) -> Result<Self, NoHome> {
        let mut folders = match home {
            Some(home) => Self::under(&absolute(home)),
            None => Self::of_user()?,
        };
        if let Some(log_dir) = log_dir {
            folders.logs = absolute(log_dir);
            folders.logs_source = LogsSource::LogDir;
        } else if home.is_none() {
            folders.keep_logs_in(checkout::of_this_program());
        }
        Ok(folders)
    }

    /// A checkout that this user may not write to, because it is another user's or on a medium that
    /// is read-only, keeps no logs.
    fn keep_logs_in(&mut self, checkout: Option<PathBuf>) {
        let Some(root) = checkout else { return };
        let logs = root.join("logs");
        if os::may_write(&logs) {
            self.logs = absolute(&logs);
            self.logs_source = LogsSource::Checkout(root);
        }
    }

    fn under(home: &Path) -> Self {
        Self {
            config: home.join("config"),
            state: home.join("state"),
            logs: home.join("logs"),
            logs_source: LogsSource::Home,
            run: home.join("run"),
            runtime: None,
            home: Some(home.to_owned()),
        }
    }

    fn of_user() -> Result<Self, NoHome> {
        let strategy = choose_app_strategy(AppStrategyArgs {
            top_level_domain: "io.github".to_owned(),
            author: String::new(),
            app_name: "homeport".to_owned(),
        })
        .map_err(|error| NoHome(error.to_string()))?;
        // Where there is no folder for state, which is Windows, it is one beside the cache: that is
        // where files belong that must not follow the user to another computer, as a port must not.
        let beside_cache = || strategy.cache_dir().with_file_name("state");
        let state = strategy.state_dir().unwrap_or_else(beside_cache);
        let config = strategy.config_dir();
        if let Some(problem) = [&config, &state].into_iter().find_map(|path| folder_problem(path)) {
            return Err(NoHome(one_line::of(&problem)));
        }
        let state = absolute(&state);
        Ok(Self {
            config: absolute(&config),
            logs: state.join("logs"),
            logs_source: LogsSource::System,
            run: state.join("run"),
            runtime: strategy.runtime_dir().map(|folder| absolute(&folder)),
            state,
            home: etcetera::home_dir()
                .ok()
                .filter(|home| home.has_root())
                .map(|home| absolute(&home)),
        })
    }

    /// The settings file: `config/<app>.toml`.
    pub fn settings(&self, app: &AppName) -> PathBuf {
        self.config.join(format!("{app}.toml"))
    }

    /// Held while the settings are rewritten: `state/<app>/settings.lock`.
    pub fn settings_lock(&self, app: &AppName) -> PathBuf {
        self.state.join(app.as_str()).join("settings.lock")
    }

    /// What is remembered: `state/<app>/assignment.toml`.
    pub fn assignment(&self, app: &AppName) -> PathBuf {
        self.state.join(app.as_str()).join("assignment.toml")
    }

    /// The ports that the app is given beside what it remembers: `state/<app>/ports.toml`.
    pub fn allotted_ports(&self, app: &AppName) -> PathBuf {
        self.state.join(app.as_str()).join("ports.toml")
    }

    /// Held while ports are chosen for any app: `state/.ports.lock`. No app's name begins with a dot.
    pub fn ports_lock(&self) -> PathBuf {
        self.state.join(".ports.lock")
    }

    /// The folder that the app was named for: `state/<app>/folder.toml`.
    pub fn app_folder(&self, app: &AppName) -> PathBuf {
        self.state.join(app.as_str()).join("folder.toml")
    }

    /// Held while an app is named for a folder: `state/.names.lock`. No app's name begins with a dot.
    pub fn names_lock(&self) -> PathBuf {
        self.state.join(".names.lock")
    }

    /// The folder whose folders are the apps that remember something.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Which folders these are now.
    pub fn home_id(&self) -> HomeId {
        HomeId(os::folder_identity(&self.state).ok().map(|identity| identity.to_string()))
    }

    /// What proves that a server is this user's: `state/.secret`. No app's name begins with a dot.
    pub fn secret(&self) -> PathBuf {
        self.state.join(".secret")
    }

    /// The folder of what is there while something runs. What is in it is believed only after proof, and
    /// written anew when it is lost: a logout or a restart may remove the folder.
    pub fn run(&self) -> &Path {
        &self.run
    }

    /// [`run`](Self::run), and the folder in which version 0.1 keeps what is there if that is another: the
    /// one that a session has for such files. It depends on the environment, so that two launches of
    /// one user might not find each other.
    fn runs(&self) -> impl Iterator<Item = &Path> {
        let runtime = self.runtime.as_deref().filter(|folder| is_folder(folder));
        [self.run()].into_iter().chain(runtime)
    }

    /// Where version 0.1 keeps what is in [`run`](Self::run), in a session: `$XDG_RUNTIME_DIR/homeport`.
    pub fn run_of_version_0_1(&self) -> Option<&Path> {
        self.runtime.as_deref()
    }

    /// Where the running server is: `run/<app>.json`, the discovery file.
    pub fn discovery(&self, app: &AppName) -> PathBuf {
        self.run.join(format!("{app}.json"))
    }

    /// The discovery files of the app, also the one of a launcher of version 0.1.
    pub fn discoveries(&self, app: &AppName) -> impl Iterator<Item = PathBuf> {
        self.runs().map(move |run| run.join(format!("{app}.json")))
    }

    /// What lets one in: `run/<app>.token`.
    pub fn token(&self, app: &AppName) -> PathBuf {
        self.run.join(format!("{app}.token"))
    }

    /// The tickets that were used: `run/<app>.tickets/`, an empty file for each.
    pub fn tickets(&self, app: &AppName) -> PathBuf {
        self.run.join(format!("{app}.tickets"))
    }

    /// Where the running launcher takes requests: `run/<app>.sock`.
    pub fn control(&self, app: &AppName) -> PathBuf {
        self.run.join(format!("{app}.sock"))
    }

    /// Where the program of the app says that it is ready: `run/<app>.notify`.
    pub fn notify_socket(&self, app: &AppName) -> PathBuf {
        self.run.join(format!("{app}.notify"))
    }

    /// What went wrong, for a person with a browser and nothing else: `run/<app>.error.html`.
    pub fn error_page(&self, app: &AppName) -> PathBuf {
        self.run.join(format!("{app}.error.html"))
    }

    /// The lock that the running launch of the app holds, beside what it remembers:
    /// `state/<app>/lock`.
    pub fn lock(&self, app: &AppName) -> PathBuf {
        self.state.join(app.as_str()).join("lock")
    }

    /// The locks of version 0.1: `<app>.lock` in every folder that it may take for `run`.
    pub fn locks_of_version_0_1(&self, app: &AppName) -> impl Iterator<Item = PathBuf> {
        self.runs().map(move |run| run.join(format!("{app}.lock")))
    }

    /// The folders with what a launch of `app` rests on, each once: the settings, the memory, and what is
    /// there while it runs. Those above them are among them as far as they are below the home.
    pub fn below_home(&self, app: &AppName) -> Vec<PathBuf> {
        let state = self.state.join(app.as_str());
        self.with_those_above(&[&self.config, &self.state, &state, &self.run])
    }

    /// The same for what is read of the port history: the folder of the logs.
    pub fn logs_below_home(&self) -> Vec<PathBuf> {
        self.with_those_above(&[&self.logs])
    }

    fn with_those_above(&self, folders: &[&Path]) -> Vec<PathBuf> {
        let is_below = |folder: &Path| {
            self.home.as_deref().is_some_and(|home| folder != home && folder.starts_with(home))
        };
        let mut counted: Vec<PathBuf> = Vec::new();
        for folder in folders {
            let above = folder.ancestors().skip(1).take_while(|above| is_below(above));
            counted.extend([*folder].into_iter().chain(above).map(Path::to_owned));
        }
        counted.sort();
        counted.dedup();
        counted
    }

    /// The folder of the port history and of the diagnostics.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// What decided where the logs are.
    pub fn logs_source(&self) -> &LogsSource {
        &self.logs_source
    }

    /// The audit trail of all apps: `logs/port-history.jsonl`.
    pub fn history(&self) -> PathBuf {
        self.logs.join("port-history.jsonl")
    }

    /// The folder of what programs write: `logs/programs`.
    pub fn programs(&self) -> PathBuf {
        self.logs.join("programs")
    }

    /// The output of an app, a line of JSON each: `logs/programs/<app>.jsonl`.
    pub fn program_log(&self, app: &AppName) -> PathBuf {
        self.programs().join(format!("{app}.jsonl"))
    }

    /// The output of an app as it came: `logs/programs/<app>.log`.
    pub fn plain_program_log(&self, app: &AppName) -> PathBuf {
        self.programs().join(format!("{app}.log"))
    }
}

/// Makes the folder that holds `file`, for this user alone (0700), if it is not there.
///
/// # Errors
///
/// Whatever the system refuses it with.
pub fn make_parent(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), os::make_private_folder)
}

/// The path of a file that is put aside now: `<file>.<what><time>`, with the time in UTC.
pub fn put_aside(file: &Path, what: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{what}{}", Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ")));
    name.into()
}

/// A folder itself, and no link to one.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_dir())
}

/// The whole path of a folder that was typed, which is named from the current one.
///
/// # Errors
///
/// Why there is none, in a sentence.
pub fn typed_home(typed: &Path) -> Result<PathBuf, String> {
    let folder = typed.display();
    std::path::absolute(typed)
        .map_err(|error| message!("settings_error.no_folder_name", folder, error))
}

/// Why a folder that a variable names cannot be used: it depends on the folder that a program is started in, or
/// is no name that the system takes.
pub(crate) fn folder_problem(folder: &Path) -> Option<String> {
    let name = folder.display();
    if !folder.has_root() {
        return Some(message!("settings_error.relative_folder", folder = name));
    }
    let error = folder.symlink_metadata().err()?;
    let is_invalid = error.kind() == io::ErrorKind::InvalidFilename;
    is_invalid.then(|| message!("settings_error.no_folder_name", folder = name, error))
}

/// The same path from the root on, and marked as verbatim if it is long and on a drive of Windows.
fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let on_drive = match path.components().next() {
        Some(Component::Prefix(prefix)) => matches!(prefix.kind(), Prefix::Disk(_)),
        _ => false,
    };
    if !on_drive || path.as_os_str().len() <= LONG {
        return path;
    }
    let mut verbatim = OsString::from(r"\\?\");
    verbatim.push(path);
    verbatim.into()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_folder_is_whole_and_has_a_name_that_the_system_takes() {
        let problem = |folder: &str| folder_problem(Path::new(folder));
        assert_eq!(problem("/nowhere/at/all"), None);
        assert!(problem("data").is_some_and(|problem| problem.contains("`data`")));
        assert!(problem(&format!("/{}", "x".repeat(100_000))).is_some());
    }

    #[test]
    fn one_variable_puts_everything_under_one_folder_and_another_moves_the_logs() {
        let app: AppName = "notes".parse().expect("a name");
        let home = std::path::absolute("/tmp/h").expect("absolute");
        let folders = Folders::locate(Some(&home), None).expect("given");
        assert_eq!(folders.settings(&app), home.join("config").join("notes.toml"));
        assert_eq!(
            folders.assignment(&app),
            home.join("state").join("notes").join("assignment.toml")
        );
        assert_eq!(folders.discovery(&app), home.join("run").join("notes.json"));
        assert_eq!(folders.history(), home.join("logs").join("port-history.jsonl"));
        let elsewhere = home.join("elsewhere");
        let folders = Folders::locate(Some(&home), Some(&elsewhere)).expect("given");
        assert_eq!(folders.history(), elsewhere.join("port-history.jsonl"));
        assert_eq!(folders.lock(&app), home.join("state").join("notes").join("lock"));
    }

    #[test]
    fn of_the_folders_above_those_below_the_home_count() {
        let app = AppName::default();
        let home = std::path::absolute("/srv/all/h").expect("absolute");
        let folders = Folders::locate(Some(&home), None).expect("given");
        let named = ["config", "run", "state", "state/server"].map(|name| home.join(name));
        assert_eq!(folders.below_home(&app), named);
        assert_eq!(folders.logs_below_home(), [home.join("logs")]);
        let user = std::path::absolute("/home/ada").expect("absolute");
        let folders = Folders {
            config: user.join(".config/homeport"),
            state: std::path::absolute("/srv/state/homeport").expect("absolute"),
            home: Some(user.clone()),
            ..folders
        };
        let counted = folders.below_home(&app);
        let counts = |path: &str| counted.contains(&user.join(path));
        assert!(counts(".config") && counts(".config/homeport"), "{counted:?}");
        assert!(!counts("") && !counted.contains(&"/srv/state".into()), "{counted:?}");
    }

    #[test]
    fn what_was_given_decides_before_the_checkout_and_that_before_the_system() {
        let (home, logs) = (Path::new("/h"), Path::new("/l"));
        let source = |home, logs| Folders::locate(home, logs).expect("given").logs_source;
        assert_eq!(source(Some(home), Some(logs)), LogsSource::LogDir);
        assert_eq!(source(None, Some(logs)), LogsSource::LogDir);
        assert_eq!(source(Some(home), None), LogsSource::Home);
        // Cargo names its checkout to a test.
        let undecided = source(None, None);
        assert!(matches!(undecided, LogsSource::System | LogsSource::Checkout(_)), "{undecided:?}");

        let checkout = tempfile::tempdir().expect("a folder");
        let mut folders = Folders::of_user().expect("a home");
        let system = folders.logs.clone();
        folders.keep_logs_in(Some(checkout.path().join("gone")));
        assert_eq!(
            (folders.logs(), folders.logs_source()),
            (system.as_path(), &LogsSource::System)
        );
        std::fs::create_dir(checkout.path().join("logs")).expect("made");
        folders.keep_logs_in(Some(checkout.path().to_owned()));
        assert_eq!(folders.logs(), checkout.path().join("logs"));
        assert_eq!(folders.logs_source, LogsSource::Checkout(checkout.path().to_owned()));
    }

    #[test]
    fn a_long_path_on_a_drive_is_marked_as_verbatim_and_no_other() {
        let root = if cfg!(windows) { r"C:\" } else { "/" };
        let (short, long) = (format!("{root}h"), format!("{root}{}", "h".repeat(LONG)));
        assert_eq!(absolute(short.as_ref()), Path::new(&short));
        let marked = if cfg!(windows) { format!(r"\\?\{long}") } else { long.clone() };
        assert_eq!(absolute(long.as_ref()), Path::new(&marked));
        assert_eq!(absolute(marked.as_ref()), Path::new(&marked), "once");
    }
}
