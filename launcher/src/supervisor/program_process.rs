//! A program's processes as the launcher has them: the sitter, with threads that read its reports and what the
//! program writes.

use std::{
    convert::Infallible,
    ffi::OsString,
    io::{self, BufReader, Read, Write},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use shared::wire;

use super::{
    event::{ProgramEvent, SupervisorEvent},
    state::ServerEvent,
};
use crate::{
    os::{
        self,
        sitter::{OrderWriter, SitterProcess, StartedSitter},
    },
    sitter::{
        self,
        messages::{MainEnd, ProgramStart, SitterOrder, SitterReport},
    },
};

/// How long the launcher waits for what a program that has ended wrote, on all its streams.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How many lines a failure quotes.
const LAST_LINES: usize = 5;

/// How long a sitter may take to kill the tree that it has, before it is killed itself.
const KILL_TIMEOUT: Duration = Duration::from_secs(6);

/// A program that runs, or has ended and was not reaped yet.
#[derive(Debug)]
pub struct ProgramProcess {
    sitter: SitterProcess,
    orders: Option<OrderWriter>,
    /// Closed when all that the program wrote is passed on.
    output: Vec<Receiver<Infallible>>,
    /// How main has ended.
    exit: Option<MainEnd>,
    /// What the program wrote last.
    last_lines: Arc<Mutex<Vec<String>>>,
    /// Whether the sitter has said that no process is left.
    is_tree_empty: bool,
    /// A process that does not take our signals.
    refused: Option<u32>,
}

impl ProgramProcess {
    /// Reports what the sitter and its program do to `events`, from threads of their own, until they have ended.
    ///
    /// # Errors
    ///
    /// If the system has no threads left.
    pub fn monitor(
        started: StartedSitter,
        start: ProgramStart,
        attempt: u32,
        is_output_shown: bool,
        events: &SyncSender<SupervisorEvent>,
    ) -> io::Result<Self> {
        let StartedSitter { process: mut sitter, relayed_stdout } = started;
        let mut orders = sitter.stdin.take();
        let mut output = Vec::new();
        let last_lines = Arc::new(Mutex::new(vec![]));
        if let Some(stderr) = sitter.stderr.take() {
            let to = is_output_shown.then(io::stderr);
            output.push(pass_on(stderr, to)?);
        }
        let to = is_output_shown.then(io::stdout);
        output.push(pass_on(relayed_stdout, to)?);
        if let Some(reports) = sitter.stdout.take() {
            let events = events.clone();
            let (until_end, ended) = channel();
            output.push(ended);
            let kept = Arc::clone(&last_lines);
            thread::Builder::new().name("sitter".to_owned()).spawn(move || {
                let _until_the_end: Sender<Infallible> = until_end;
                let mut lines = BufReader::new(reports);
                // The sitter is of this very version: each line is a report.
                while let Ok(Some(report)) = wire::read_message::<SitterReport>(&mut lines) {
                    if let SitterReport::Exited(exit) = &report {
                        *kept.lock().unwrap_or_else(PoisonError::into_inner) =
                            exit.last_lines.clone();
                    }
                    let event = ProgramEvent::Reported(report);
                    if events.send(SupervisorEvent::Program { attempt, event }).is_err() {
                        return;
                    }
                }
                // Its end comes after all that it has reported.
                let _ = events.send(SupervisorEvent::ProcessEnded { attempt });
            })?;
        }
        if let Some(orders) = &mut orders {
            // One that has ended by now is about to be reaped.
            let _ = wire::write_message(orders, &SitterOrder::Start(start));
        }
        let (exit, is_tree_empty, refused) = (None, false, None);
        Ok(Self { sitter, orders, output, exit, last_lines, is_tree_empty, refused })
    }

    /// The process id of the sitter, from which the tree descends.
    pub fn sitter_pid(&self) -> u32 {
        self.sitter.id()
    }

    /// Takes note of what the sitter has reported.
    pub fn heard(&mut self, report: &SitterReport) {
        match report {
            SitterReport::Exited(exit) => self.exit = Some(exit.clone()),
            SitterReport::TreeEmpty => self.is_tree_empty = true,
            SitterReport::Refused { pid } => self.refused = Some(*pid),
            SitterReport::Started { .. }
            | SitterReport::NotStarted { .. }
            | SitterReport::LineMatched => {}
        }
    }

    /// Whether it has ended by the Ctrl-C that was typed into its terminal.
    pub fn is_interrupted(&self) -> bool {
        self.exit.as_ref().is_some_and(|exit| exit.is_interrupted)
    }

    /// The last lines that a program has written which has ended, the oldest first.
    pub fn last_lines(&self) -> Vec<String> {
        let lines = self.last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines[lines.len().saturating_sub(LAST_LINES)..].to_vec()
    }

    /// Gives the sitter an order. One that has closed its stdin is about to end.
    pub fn order(&mut self, order: &SitterOrder) {
        if let Some(orders) = &mut self.orders {
            let _ = wire::write_message(orders, order);
        }
    }

    /// Kills the whole tree, and waits until it has ended. `keep` are the processes below this one that live on.
    pub fn kill(&mut self, keep: &[u32]) {
        self.order(&SitterOrder::Kill);
        let until = Instant::now() + KILL_TIMEOUT;
        while Instant::now() < until {
            match self.sitter.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Ok(Some(_)) | Err(_) => break,
            }
        }
        self.end_rest(keep);
        self.wait_for_output();
    }

    /// How the program ended; waits for the sitter if it has not. What a sitter that was killed has left is ended.
    pub fn wait(&mut self, keep: &[u32]) -> ServerEvent {
        let ended = self.end_rest(keep);
        self.wait_for_output();
        let left = self.refused.filter(|_| !self.is_tree_empty);
        if let Some(pid) = left.filter(|pid| os::sitter::refuses_signals(*pid)) {
            return ServerEvent::Refused { pid };
        }
        match (&self.exit, ended) {
            (Some(exit), _) => {
                ServerEvent::Ended { exit_code: exit.exit_code, signal: exit.signal }
            }
            (None, Some(signal)) => ServerEvent::Ended { exit_code: None, signal: Some(signal) },
            (None, None) => ServerEvent::Ended { exit_code: None, signal: None },
        }
    }

    /// Waits a moment until all that was written is passed on.
    fn wait_for_output(&self) {
        let until = Instant::now() + LAST_WORDS;
        for stream in &self.output {
            // It may go to a terminal that is held.
            let _ = stream.recv_timeout(until.saturating_duration_since(Instant::now()));
        }
    }

    /// Reaps the sitter, and ends what it has left. Returns the signal that ended it, if one did.
    fn end_rest(&mut self, keep: &[u32]) -> Option<i32> {
        self.orders = None;
        if !self.is_tree_empty && !matches!(self.sitter.try_wait(), Ok(Some(_))) {
            os::sitter::kill(&self.sitter);
        }
        let status = self.sitter.wait().ok();
        os::sitter::end_orphans(self.sitter.id(), keep);
        status.and_then(os::signal_of)
    }
}

/// Passes on what the program writes, byte for byte, from a thread of its own, and reads on when that is closed.
fn pass_on(
    mut from: impl Read + Send + 'static,
    to: Option<impl Write + Send + 'static>,
) -> io::Result<Receiver<Infallible>> {
    let (until_end, ended) = channel();
    let mut to = to;
    let pass_on = move || {
        let mut piece = vec![0; 64 << 10];
        loop {
            match from.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => {
                    let written = to
                        .as_mut()
                        .map(|to| to.write_all(&piece[..read]).and_then(|()| to.flush()));
                    if written.is_some_and(|written| written.is_err()) {
                        to = None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        drop(until_end);
    };
    thread::Builder::new().name("program's output".to_owned()).spawn(pass_on)?;
    Ok(ended)
}

/// The arguments of a sitter for a program with this command, whose output goes to this file.
pub fn sitter_arguments(output: Option<PathBuf>, command: &[OsString]) -> Vec<OsString> {
    let output = output.unwrap_or_default().into_os_string();
    let own = [OsString::from(sitter::ARGUMENT), output];
    own.into_iter().chain(command.iter().cloned()).collect()
}
