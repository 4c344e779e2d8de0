//! The folder in which the programs of one test keep their files.

use std::{
    fs, io,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::Value;
use shared::{app::AppName, assignment::Assignment, paths::Folders};
use tempfile::TempDir;

use crate::{
    Ended, HeldFile, Invocation, NOBODY, WatchedProcess, program, records, run_context,
    wine::{self, Wine},
};

/// A `HOMEPORT_HOME`. When it is dropped its whole port history is checked.
#[derive(Debug)]
pub struct Home {
    _folder: TempDir,
    path: PathBuf,
    folders: Folders,
    may_lose_records: AtomicBool,
    wine: Option<Wine>,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty home for the Linux programs.
    ///
    /// # Panics
    ///
    /// If the folder cannot be made.
    pub fn new() -> Self {
        Self::called("", None)
    }

    /// One in which a launch on each of these ports has begun and ended, one after the other.
    ///
    /// # Panics
    ///
    /// If one of them fails.
    #[track_caller]
    pub fn remembering(ports: &[u16]) -> Self {
        let home = Self::new();
        for port in ports {
            let mut running = home.launcher().port(*port).start();
            running.ready();
            assert_eq!(running.stop().code, Some(0));
        }
        home
    }

    /// An empty one for the Windows programs, in the Wine prefix that all tests share; `None`, and
    /// the test is skipped, where Wine or the Windows programs are missing.
    ///
    /// # Panics
    ///
    /// If Wine does not start.
    pub fn in_wine() -> Option<Self> {
        Some(Self::called("", Some(Wine::shared()?)))
    }

    /// An empty one for the Windows programs, in a Wine prefix of its own. Everything in it runs
    /// where the first program is started, such as in a [`Netns`](crate::Netns).
    ///
    /// # Panics
    ///
    /// If the folder cannot be made.
    pub fn in_own_wine() -> Option<Self> {
        Some(Self::called("", Some(Wine::alone()?)))
    }

    fn called(name: &str, wine: Option<Wine>) -> Self {
        let folder = tempfile::Builder::new().prefix("homeport-").tempdir().expect("a folder");
        let path = match name {
            "" => folder.path().to_owned(),
            name => folder.path().join(name),
        };
        fs::create_dir_all(&path).expect("made");
        let folders = Folders::locate(Some(&path), None).expect("given");
        Self { _folder: folder, path, folders, may_lose_records: AtomicBool::new(false), wine }
    }

    /// Another empty home for the same programs, whose path ends with `name`.
    pub fn another(&self, name: &str) -> Self {
        Self::called(name, self.wine.clone())
    }

    /// The path of one of our programs, for the system of this home.
    #[track_caller]
    pub fn program(&self, name: &str) -> PathBuf {
        self.wine.as_ref().map_or_else(|| program(name), |wine| wine.program(name))
    }

    /// Crashes the process with this id (of Windows in a home of Windows): by SIGKILL, or by an
    /// access violation of Windows.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn crash(&self, pid: u32) {
        match &self.wine {
            Some(wine) => wine.crash(pid),
            None => WatchedProcess::of(pid).expect("it runs").kill(),
        }
    }

    /// Opens a file for `time` so that no Windows program can open it.
    ///
    /// # Panics
    ///
    /// If it cannot, or this home is not of Windows.
    #[track_caller]
    pub fn hold(&self, file: &Path, time: Duration) -> HeldFile {
        self.wine.as_ref().expect("Windows alone has files like this").hold(file, time)
    }

    /// The folder of the Windows user that programs run as.
    ///
    /// # Panics
    ///
    /// If this home is not of Windows.
    #[track_caller]
    pub fn user(&self) -> PathBuf {
        self.wine.as_ref().expect("users of Windows alone have one").user()
    }

    /// The processes of a Windows program in this home that live, as Linux sees them.
    pub fn processes(&self, program: &str) -> Vec<WatchedProcess> {
        wine::processes_in(&self.path, program, "")
    }

    /// A path as the programs of this home see it.
    ///
    /// # Panics
    ///
    /// If it is no text.
    pub fn seen(&self, path: &Path) -> String {
        match self.wine {
            Some(_) => wine::windows_path(path),
            None => path.to_str().expect("a path of text").to_owned(),
        }
    }

    /// The folder that `HOMEPORT_HOME` names.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its folders, as the programs see them.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// The launcher, to be started in this home.
    #[track_caller]
    pub fn launcher(&self) -> Invocation {
        self.invocation("launcher").arg("--no-open").arg("--json")
    }

    /// `run`, with `--json`. Its options follow, and then [its command](Invocation::runs).
    #[track_caller]
    pub fn run(&self) -> Invocation {
        self.invocation("launcher").args(["run", "--json"])
    }

    /// A command of the launcher that starts nothing, and prints for people unless `--json` is
    /// added. Its words are separated by spaces.
    #[track_caller]
    pub fn command(&self, words: &str) -> Invocation {
        let launch = self.launcher().without("--no-open").without("--json");
        words.split_whitespace().fold(launch, Invocation::arg)
    }

    /// Runs a command with `--json` to its end.
    #[track_caller]
    pub fn ask(&self, words: &str) -> Ended {
        self.command(words).arg("--json").run()
    }

    /// The server without a launcher, to be started in this home.
    #[track_caller]
    pub fn server(&self) -> Invocation {
        self.invocation("server").arg("--json")
    }

    #[track_caller]
    fn invocation(&self, program: &str) -> Invocation {
        Invocation::new(self.program(program), &self.path, &self.folders, self.wine.as_ref())
    }

    /// Writes the settings of `app`.
    ///
    /// # Panics
    ///
    /// If they cannot be written.
    pub fn set(&self, app: &str, settings: impl AsRef<[u8]>) {
        let file = self.folders.settings(&name(app));
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, settings).expect("written");
    }

    /// The file that remembers the ports of `app`.
    pub fn assignment_file(&self, app: &str) -> PathBuf {
        self.folders.assignment(&name(app))
    }

    /// The remembered ports of the app `server`.
    ///
    /// # Panics
    ///
    /// If the file is there and cannot be read.
    #[track_caller]
    pub fn assignment(&self) -> Option<Assignment> {
        let file = self.assignment_file("server");
        file.exists().then(|| Assignment::load(&file).expect("an assignment"))
    }

    /// The last good port of the app `server`.
    #[track_caller]
    pub fn last_good(&self) -> Option<u16> {
        Some(self.assignment()?.last_good?.port.get())
    }

    /// The port history, oldest record first.
    ///
    /// # Panics
    ///
    /// If a line is not a record of the schema.
    #[track_caller]
    pub fn history(&self) -> Vec<Value> {
        records::read(&self.folders.history())
    }

    /// How many records of one event there are by now. While a launcher runs, the last line may not be whole.
    pub fn count(&self, event: &str) -> usize {
        let text = fs::read_to_string(self.folders.history()).unwrap_or_default();
        let wanted = format!("\"event\":\"{event}\"");
        text.split_inclusive('\n').filter(|it| it.ends_with('\n') && it.contains(&wanted)).count()
    }

    /// The records of one event.
    #[track_caller]
    pub fn events(&self, event: &str) -> Vec<Value> {
        self.history().into_iter().filter(|record| record["event"] == event).collect()
    }

    /// The last record of one event.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn last(&self, event: &str) -> Value {
        let last = self.events(event).pop();
        last.unwrap_or_else(|| panic!("no record of {event}:\n{}", self.describe()))
    }

    /// The record of the last conflict over `port`. There may be conflicts over other ports: tests
    /// that run at the same time choose from the same range.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn conflict_over(&self, port: u16) -> Value {
        let conflict = self.events("port_conflict").into_iter().rfind(|c| c["port"] == port);
        conflict.unwrap_or_else(|| panic!("no conflict over {port}:\n{}", self.describe()))
    }

    /// Changes the owner of all files in it to the user of
    /// [`RunContext::as_plain_user`](crate::RunContext::as_plain_user).
    ///
    /// # Panics
    ///
    /// If root may not do everything.
    pub fn give_to_plain_user(&self) {
        if run_context::is_root() {
            give(self.path()).expect("root may give");
        }
    }

    /// Allows records to be missing: where the disk is full they are dropped.
    pub fn may_lose_records(&self) {
        self.may_lose_records.store(true, Ordering::Relaxed);
    }

    /// The beginnings of the logs, printed with a failed test.
    pub fn describe(&self) -> String {
        let logs = ["port-history.jsonl", "launcher.jsonl", "server.jsonl"];
        let told = |log| format!("--- {log}\n{}", records::excerpt(&self.folders.logs().join(log)));
        logs.map(told).concat()
    }
}

/// Prints to stderr, which libtest shows for failed tests only.
#[expect(clippy::print_stderr, reason = "only the macros are kept with the test they come from")]
fn show(text: &str) {
    eprint!("{text}");
}

fn name(app: &str) -> AppName {
    app.parse().expect("a name")
}

fn give(path: &Path) -> io::Result<()> {
    chown(path, Some(NOBODY), Some(NOBODY))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path())?;
        }
    }
    Ok(())
}

impl Drop for Home {
    fn drop(&mut self) {
        if thread::panicking() {
            return show(&self.describe());
        }
        let history = self.history();
        if !self.may_lose_records.load(Ordering::Relaxed) {
            records::assert_none_is_lost(&history);
        }
    }
}
