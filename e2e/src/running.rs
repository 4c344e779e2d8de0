//! A running program and its output.

use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    WatchedProcess, captured_output::CapturedOutput, is_free, records, wait::wait_at_most,
    wait_for, wait_until, wine,
};

/// A program that runs. When this is dropped it ends, and so do the processes that it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    started: String,
    logs: PathBuf,
    /// Its home, if Wine runs it.
    in_wine: Option<PathBuf>,
    stdout: CapturedOutput,
    stderr: CapturedOutput,
    status: Option<ExitStatus>,
    /// The server's process, once [`Running::ready`] has read its id.
    server: Option<WatchedProcess>,
}

/// The `server_ready` line of a launcher, or of a server without one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReadyMessage {
    /// The app's name.
    pub app: String,
    /// The address for a browser.
    pub url: String,
    /// The server's port.
    pub port: u16,
    /// Where the choice of the port comes from, such as `last_good`.
    pub origin: String,
    /// The UUID that its records have.
    pub launch_id: String,
    /// The process id of the launcher; absent for a server without one.
    pub launcher_pid: Option<u32>,
    /// The process id of the server.
    pub server_pid: u32,
    /// Milliseconds since the start of the program.
    pub elapsed_ms: f64,
}

/// A program that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its exit code, if it exited.
    pub code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// As text; complete if `is_whole`.
    pub stdout: String,
    /// As text; complete if `is_whole`.
    pub stderr: String,
    /// Whether the output is complete: no child process holds its pipes any more.
    pub is_whole: bool,
}

/// How long the pipes of a program that has ended may stay open: the time that its child processes
/// may need to end.
const LAST_OUTPUT: Duration = Duration::from_secs(20);

impl Ended {
    /// The lines of JSON that it printed.
    ///
    /// # Panics
    ///
    /// If it printed anything else.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let line = |line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self:?}"))
        };
        self.stdout.lines().map(line).collect()
    }

    /// The first line with this event.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn line(&self, event: &str) -> Value {
        let line = self.lines().into_iter().find(|line| line["event"] == event);
        line.unwrap_or_else(|| panic!("no line about {event}: {self:?}"))
    }
}

impl Running {
    #[track_caller]
    pub(crate) fn new(mut command: Command, logs: &Path, in_wine: Option<&PathBuf>) -> Self {
        let started = format!("{command:?}");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{started}: {error}"));
        let (stdout, stderr) =
            (CapturedOutput::of(child.stdout.take()), CapturedOutput::of(child.stderr.take()));
        let (logs, in_wine) = (logs.to_owned(), in_wine.cloned());
        Self { child, started, logs, in_wine, stdout, stderr, status: None, server: None }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Its standard output so far, byte for byte.
    pub fn stdout_bytes(&self) -> Vec<u8> {
        self.stdout.bytes()
    }

    /// Its standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until it prints its `server_ready` line.
    ///
    /// # Panics
    ///
    /// If it ends first, or takes too long; the message contains its output.
    #[track_caller]
    pub fn ready(&mut self) -> ReadyMessage {
        let found = wait_for(|| {
            let has_ended = self.poll().is_some();
            let lines = self.stdout.text();
            let line = lines.lines().find(|line| line.contains("\"event\":\"server_ready\""));
            match line.map(serde_json::from_str::<ReadyMessage>) {
                Some(ready) => Some(Ok(ready.expect("a line as documented"))),
                None if has_ended && self.stdout.is_closed() => Some(Err("it ended first")),
                None => None,
            }
        });
        match found {
            Some(Ok(ready)) => {
                self.server = self.watch(&ready);
                ready
            }
            Some(Err(why)) => panic!("not ready, {why}: {}", self.describe()),
            None => panic!("not ready in time: {}", self.describe()),
        }
    }

    /// Waits until it prints a line with this event.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn line(&self, event: &str) -> Value {
        let found = wait_for(|| {
            let told = self.stdout.text();
            let lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.into_iter().find(|line| line["event"] == event)
        });
        found.unwrap_or_else(|| panic!("no line about {event}: {}", self.describe()))
    }

    /// The server's process.
    ///
    /// # Panics
    ///
    /// Unless [`Running::ready`] was called.
    #[track_caller]
    pub fn server(&self) -> &WatchedProcess {
        self.server.as_ref().expect("ready() was called")
    }

    /// Does not wait.
    pub fn has_ended(&mut self) -> bool {
        self.poll().is_some()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// If it has ended.
    #[track_caller]
    pub fn signal(&mut self, signal: Signal) {
        assert!(self.poll().is_none(), "it has ended: {}", self.describe());
        WatchedProcess::of(self.child.id()).expect("it was not waited for").signal(signal);
    }

    /// Asks it to end, and waits. Windows has no SIGTERM; Wine makes Ctrl-C of a SIGINT.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[track_caller]
    pub fn stop(mut self) -> Ended {
        self.signal(if self.in_wine.is_some() { Signal::INT } else { Signal::TERM });
        self.exit()
    }

    /// The servers that it has started and that live. Under Wine, those of its home.
    pub fn servers(&self) -> Vec<WatchedProcess> {
        match &self.in_wine {
            Some(home) => wine::servers_in(home, ""),
            None => WatchedProcess::children_of(self.child.id()),
        }
    }

    /// Ends it at once, without its server.
    #[track_caller]
    pub fn kill(mut self) -> Ended {
        self.signal(Signal::KILL);
        self.exit()
    }

    /// Checks that its server has ended and its port is free. Under Wine the process that Linux
    /// sees lasts a moment longer than the process of Windows, whose end alone a Windows program
    /// can wait for.
    ///
    /// # Panics
    ///
    /// If that is not so, or [`Running::ready`] was not called.
    #[track_caller]
    pub fn assert_is_gone(&self, port: u16) {
        let is_gone = || self.server().has_ended() && is_free(port);
        match self.in_wine {
            Some(_) => wait_until("the server is gone and its port free", is_gone),
            None => assert!(is_gone(), "{}", self.describe()),
        }
    }

    /// I9: it is killed, and its server is gone within two seconds and `port` is free.
    ///
    /// # Panics
    ///
    /// If the server lives on, or [`Running::ready`] was not called.
    #[track_caller]
    pub fn assert_leaves_nothing_behind(mut self, port: u16) {
        let killed = Instant::now();
        self.signal(Signal::KILL);
        let gone = wait_for(|| self.server().has_ended().then(|| killed.elapsed()));
        assert!(gone.is_some_and(|after| after < Duration::from_secs(2)), "{gone:?}");
        wait_until("the port is free", || is_free(port));
    }

    /// Ends it and its server at once.
    ///
    /// # Panics
    ///
    /// Unless [`Running::ready`] was called.
    #[track_caller]
    pub fn kill_both(mut self) -> Ended {
        self.signal(Signal::STOP);
        self.server().kill();
        self.signal(Signal::KILL);
        self.exit()
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[track_caller]
    pub fn exit(mut self) -> Ended {
        let status = wait_for(|| self.poll());
        let Some(status) = status else { panic!("it did not end: {}", self.describe()) };
        // A server that outlives the launcher may hold the pipe: do not wait for its output.
        let is_whole = || self.stdout.is_closed() && self.stderr.is_closed();
        let waited = wait_at_most(LAST_OUTPUT, || is_whole().then_some(()));
        Ended {
            is_whole: waited.is_some(),
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    /// The server's process, if it is this program or a child of it. Windows has process ids
    /// of its own, so under Wine a server is found by its port.
    fn watch(&self, ready: &ReadyMessage) -> Option<WatchedProcess> {
        let own = self.child.id();
        if let Some(home) = &self.in_wine {
            return wine::servers_in(home, &format!("--port {} ", ready.port)).pop();
        }
        match ready.server_pid == own {
            true => WatchedProcess::of(own),
            false => self.servers().into_iter().find(|child| child.pid() == ready.server_pid),
        }
    }

    fn poll(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().expect("it is our own child");
        }
        self.status
    }

    fn describe(&self) -> String {
        let log = records::excerpt(&self.logs.join("launcher.jsonl"));
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        let Self { started, status, .. } = self;
        format!(
            "{started}, {status:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n--- launcher.jsonl\n{log}"
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Found before the launcher ends, while they still descend from it. Under Wine they are no
        // children of it; what Windows does not end ends with the prefix.
        let mut started = WatchedProcess::below(self.child.id());
        if self.poll().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        started.extend(self.server.take());
        for process in started {
            process.kill();
            let _ = wait_for(|| process.has_ended().then_some(()));
        }
    }
}
