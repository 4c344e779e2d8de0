//! A program to be started: its arguments, environment, settings and context.

use std::{
    env,
    ffi::OsString,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use serde_json::json;
use shared::paths::Folders;

use crate::{
    Ended, RunContext, Running, program,
    wine::{self, Wine},
};

/// The variables that a program inherits: the folders of tools and temporary files. Every other
/// would make a test depend on the user who runs it, `HOMEPORT_CHECKOUT` above all, which cargo
/// sets.
const KEPT: [&str; 4] = ["PATH", "TZ", "TMPDIR", "LD_LIBRARY_PATH"];

/// A program to be started in a [`Home`](crate::Home).
#[derive(Debug, Clone)]
pub struct Invocation {
    home: PathBuf,
    program: PathBuf,
    context: RunContext,
    app: Option<String>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    settings: Vec<String>,
    settings_file: PathBuf,
    stdin: Option<Arc<OwnedFd>>,
    stdout: Option<Arc<OwnedFd>>,
    stderr: Option<Arc<OwnedFd>>,
    is_silent: bool,
    folder: PathBuf,
    wine: Option<Wine>,
}

impl Invocation {
    /// `program`, started by Wine if there is one, with its files in the folder `home`.
    pub(crate) fn new(
        program: PathBuf,
        home: &Path,
        folders: &Folders,
        wine: Option<&Wine>,
    ) -> Self {
        Self {
            home: home.to_owned(),
            program,
            context: RunContext::direct(),
            app: None,
            arguments: Vec::new(),
            environment: Vec::new(),
            settings: Vec::new(),
            settings_file: folders.settings(&Default::default()),
            stdin: None,
            stdout: None,
            stderr: None,
            is_silent: false,
            folder: PathBuf::from("/"),
            wine: wine.cloned(),
        }
    }

    /// Another program than the one that was built, or another copy of it.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// As the user, and in the namespaces, of `context`.
    #[must_use]
    pub fn at(mut self, context: &RunContext) -> Self {
        self.context = context.clone();
        self
    }

    /// Appended to those that are there.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Each is appended to those that are there.
    #[must_use]
    pub fn args<const N: usize>(self, arguments: [&str; N]) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Removes an argument that was added before.
    #[must_use]
    pub fn without(mut self, argument: &str) -> Self {
        self.arguments.retain(|given| given != argument);
        self
    }

    /// In this folder instead of `/`.
    #[must_use]
    pub fn cwd(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// With `words` as the command that `run` starts. Its options are added before.
    #[must_use]
    pub fn runs<S: Into<OsString>>(self, words: impl IntoIterator<Item = S>) -> Self {
        words.into_iter().fold(self.arg("--"), Self::arg)
    }

    /// Under the name of another app than `server`.
    #[must_use]
    pub fn app(mut self, name: &str) -> Self {
        self.settings_file.set_file_name(format!("{name}.toml"));
        self.app = Some(name.to_owned());
        self.arg("--app").arg(name)
    }

    /// `--port N`.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.arg("--port").arg(port.to_string())
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Adds a line to its settings file, which is written from these lines at the start.
    #[must_use]
    pub fn setting(mut self, line: impl Into<String>) -> Self {
        self.settings.push(line.into());
        self
    }

    /// With `port = N` in its settings: the home port.
    #[must_use]
    pub fn home_port(self, port: u16) -> Self {
        self.setting(format!("port = {port}"))
    }

    /// With the fake server and these arguments (see `src/bin/fake_server.rs`) instead of the real
    /// one.
    #[must_use]
    pub fn fake(self, orders: &[&str]) -> Self {
        let fake = program("fake_server");
        let fake = fake.to_str().expect("a path of text");
        let words: Vec<_> = [fake].into_iter().chain(orders.iter().copied()).collect();
        // A list of strings is written alike in JSON and in TOML.
        self.setting(format!("command = {}", json!(words)))
    }

    /// With a clock that is this far ahead or behind, such as `+1d`; `None` if the system has no library for
    /// that (the Debian package `faketime`).
    #[must_use]
    pub fn with_clock(self, offset: &str) -> Option<Self> {
        let libraries = std::fs::read_dir("/usr/lib").ok()?.flatten();
        let libraries = libraries.map(|entry| entry.path().join("faketime/libfaketime.so.1"));
        let library = libraries.into_iter().find(|library| library.is_file())?;
        // Who sets the clock does not touch the one that never goes back.
        let monotonic = "FAKETIME_DONT_FAKE_MONOTONIC";
        Some(self.env("LD_PRELOAD", library).env("FAKETIME", offset).env(monotonic, "1"))
    }

    /// Sets its stdin, which is `/dev/null` by default.
    #[must_use]
    pub fn stdin(mut self, stdin: impl Into<OwnedFd>) -> Self {
        self.stdin = Some(Arc::new(stdin.into()));
        self
    }

    /// Sets its stdout, which the test reads by default.
    #[must_use]
    pub fn stdout(mut self, stdout: impl Into<OwnedFd>) -> Self {
        self.stdout = Some(Arc::new(stdout.into()));
        self
    }

    /// Sets its stderr, which the test reads by default.
    #[must_use]
    pub fn stderr(mut self, stderr: impl Into<OwnedFd>) -> Self {
        self.stderr = Some(Arc::new(stderr.into()));
        self
    }

    /// As a desktop starts it: with a display, without a terminal, and with its output discarded.
    #[must_use]
    pub fn double_clicked(mut self) -> Self {
        self.is_silent = true;
        self.context = self.context.through(["/usr/bin/setsid"]);
        // No such display exists, so that a program that connects to it fails.
        self.env("DISPLAY", ":homeport")
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn start(&self) -> Running {
        if !self.settings.is_empty() {
            let folder = self.settings_file.parent().expect("a folder");
            std::fs::create_dir_all(folder).expect("made");
            std::fs::write(&self.settings_file, self.settings.join("\n")).expect("written");
        }
        let mut command = self.command();
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let given = |fd: &Option<Arc<OwnedFd>>| {
            fd.as_ref().map(|fd| Stdio::from(fd.try_clone().expect("descriptors are left")))
        };
        command.stdin(given(&self.stdin).unwrap_or_else(Stdio::null)).current_dir(&self.folder);
        let said = || if self.is_silent { Stdio::null() } else { Stdio::piped() };
        command.stdout(given(&self.stdout).unwrap_or_else(said));
        command.stderr(given(&self.stderr).unwrap_or_else(said));
        Running::new(command, &self.home.join("logs"), self.wine.is_some().then_some(&self.home))
    }

    /// The command without arguments: the context, the program, and the variables of the home.
    fn command(&self) -> Command {
        let kept = KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?)));
        let Some(wine) = &self.wine else {
            let mut command = self.context.command(&self.program);
            command.env_clear().envs(kept);
            command.env("HOME", &self.home).env("HOMEPORT_HOME", &self.home);
            return command;
        };
        let mut command = wine.at(self.context.clone()).command(&self.program);
        command.env_clear().envs(kept).envs(wine.environment());
        command.env("HOME", &self.home).env("HOMEPORT_HOME", wine::windows_path(&self.home));
        command
    }

    /// Starts it and waits for its end.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[track_caller]
    pub fn run(&self) -> Ended {
        self.start().exit()
    }
}
