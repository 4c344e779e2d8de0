//! What a sitter waits for, each reported by a thread of its own.

use std::{
    collections::VecDeque,
    env,
    ffi::OsString,
    io::{self, Read, Write},
    mem,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use shared::words::OutputStream;

use super::super::{
    console,
    process::{ProgramContext, start_in, wait_for_end},
};
use super::{
    stream::{StreamReader, StreamWriter, stream},
    tree::{JobMessage, JobMessages, ProgramJob},
};
use crate::os::interface::{
    EndedProcess, EndedProcesses, KillReport, ProgramInput, SourceEvent, TerminalSize,
};

/// How many events wait until they are taken.
const BACKLOG: usize = 64;

/// How much is read of a stream at once, in bytes.
const PIECE: usize = 64 << 10;

/// How long what an ended program wrote may take to come out of its pipes, which others may have open.
const QUIET: Duration = Duration::from_millis(50);

/// What the threads report.
#[derive(Debug)]
enum ThreadEvent {
    Source(SourceEvent),
    /// What was written to the launcher is read.
    RoomMade,
    OutputClosed,
    Ended(u32),
}

/// Everything that a sitter waits for.
#[derive(Debug)]
pub struct Sources {
    program: ProgramContext,
    /// Nothing once the program has it.
    input: ProgramInput,
    sender: SyncSender<ThreadEvent>,
    events: Receiver<ThreadEvent>,
    /// Events that came while the output was waited for.
    waiting: VecDeque<SourceEvent>,
    /// To the launcher: reports, stdout, stderr.
    sinks: [StreamWriter; 3],
    tree: Arc<ProgramJob>,
    messages: JobMessages,
    main: Option<Child>,
    open_outputs: usize,
    /// Processes that have ended since they were asked for.
    ended: Vec<u32>,
}

/// The launcher's ends.
#[derive(Debug)]
pub(super) struct LauncherStreams {
    pub(super) orders: OrderWriter,
    pub(super) reports: StreamReader,
    pub(super) stdout: StreamReader,
    pub(super) stderr: StreamReader,
    pub(super) tree: Arc<ProgramJob>,
}

/// Takes the orders for a sitter.
#[derive(Debug)]
pub struct OrderWriter(SyncSender<ThreadEvent>);

impl Write for OrderWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let event = ThreadEvent::Source(SourceEvent::Orders(bytes.to_owned()));
        self.0.send(event).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OrderWriter {
    fn drop(&mut self) {
        // A sitter that has ended wants no orders.
        let _ = self.0.send(ThreadEvent::Source(SourceEvent::LauncherGone));
    }
}

impl Sources {
    /// Those of a sitter that is a process: there is none here.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Those of a sitter that is a thread of the launcher, for a program that `program` describes.
    pub(super) fn within_launcher(
        program: ProgramContext,
        input: ProgramInput,
    ) -> io::Result<(Self, LauncherStreams)> {
        let (tree, messages) = ProgramJob::new()?;
        let (sender, events) = sync_channel(BACKLOG);
        let stream = || {
            let sender = sender.clone();
            // Where the backlog is full the sitter goes on anyway.
            stream(move || drop(sender.try_send(ThreadEvent::RoomMade)))
        };
        let [(to_reports, reports), (to_stdout, stdout), (to_stderr, stderr)] =
            [stream(), stream(), stream()];
        let orders = OrderWriter(sender.clone());
        let ends = LauncherStreams { orders, reports, stdout, stderr, tree: Arc::clone(&tree) };
        let sources = Self {
            program,
            input,
            sender,
            events,
            waiting: VecDeque::new(),
            sinks: [to_reports, to_stdout, to_stderr],
            tree,
            messages,
            main: None,
            open_outputs: 0,
            ended: vec![],
        };
        Ok((sources, ends))
    }

    /// Starts main by this `command`, whose output is a source from now on, and returns its process id.
    ///
    /// # Errors
    ///
    /// Whatever starting a process fails with; also if it is to have a `terminal`, which is `Unsupported`.
    pub fn spawn(
        &mut self,
        command: &mut Command,
        terminal: Option<TerminalSize>,
    ) -> io::Result<u32> {
        if terminal.is_some() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<OsString> = words.map(OsString::from).collect();
        let mut command = self.program.command(&words);
        let stdin = match mem::replace(&mut self.input, ProgramInput::Nothing) {
            ProgramInput::Ours => Stdio::inherit(),
            ProgramInput::Nothing => Stdio::null(),
            ProgramInput::Typed(pipe) => pipe.into(),
        };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut main = start_in(&mut command, console::flags(), |main| self.tree.take_in(main))?;
        let pid = main.id();
        let (out, err) = (main.stdout.take(), main.stderr.take());
        self.main = Some(main);
        if let Some(out) = out {
            self.drain(OutputStream::Stdout, out)?;
        }
        if let Some(err) = err {
            self.drain(OutputStream::Stderr, err)?;
        }
        let (messages, sender) = (self.messages.clone(), self.sender.clone());
        report("job", move || {
            while let Some(message) = messages.next() {
                let event = match message {
                    JobMessage::Ended(pid) => ThreadEvent::Ended(pid),
                    JobMessage::Empty => ThreadEvent::Source(SourceEvent::ChildEnded),
                };
                if sender.send(event).is_err() {
                    return;
                }
            }
        })?;
        let sender = self.sender.clone();
        report("program's end", move || {
            wait_for_end(pid);
            let _ = sender.send(ThreadEvent::Source(SourceEvent::ChildEnded));
        })?;
        Ok(pid)
    }

    /// Does nothing: no program has a terminal of its own.
    pub fn resize(&self, _: TerminalSize) {}

    /// Reads a stream of the program to its end.
    fn drain(
        &mut self,
        which: OutputStream,
        mut from: impl Read + Send + 'static,
    ) -> io::Result<()> {
        let sender = self.sender.clone();
        report("program's output", move || {
            let mut piece = vec![0; PIECE];
            while let Ok(read @ 1..) = from.read(&mut piece) {
                let output = SourceEvent::Output(which, piece[..read].to_owned());
                if sender.send(ThreadEvent::Source(output)).is_err() {
                    return;
                }
            }
            let _ = sender.send(ThreadEvent::OutputClosed);
        })?;
        self.open_outputs += 1;
        Ok(())
    }

    /// Writes of each queue (reports, stdout, stderr) what is taken at once, and waits until something happens
    /// or the time is up. Returns what happened, and how much was written of each. What has no reader any more
    /// counts as written.
    ///
    /// # Errors
    ///
    /// None here.
    pub fn wait(
        &mut self,
        queues: [&[u8]; 3],
        until: Option<Instant>,
    ) -> io::Result<(Vec<SourceEvent>, [usize; 3])> {
        let mut written = [0; 3];
        for ((written, sink), queue) in written.iter_mut().zip(&self.sinks).zip(queues) {
            *written = sink.write_some(queue);
        }
        let mut events: Vec<_> = self.waiting.drain(..).collect();
        // What was written makes room: there may be more of it.
        let has_more = !events.is_empty() || written.iter().any(|written| *written > 0);
        let until = if has_more { Some(Instant::now()) } else { until };
        if let Some(event) = self.next(until) {
            events.extend(self.taken(event));
        }
        while events.len() < BACKLOG
            && let Ok(event) = self.events.try_recv()
        {
            events.extend(self.taken(event));
        }
        Ok((events, written))
    }

    fn next(&self, until: Option<Instant>) -> Option<ThreadEvent> {
        match until {
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.events.recv_timeout(left).ok()
            }
            None => self.events.recv().ok(),
        }
    }

    fn taken(&mut self, event: ThreadEvent) -> Option<SourceEvent> {
        match event {
            ThreadEvent::Source(event) => Some(event),
            ThreadEvent::RoomMade => None,
            ThreadEvent::OutputClosed => {
                self.open_outputs -= 1;
                None
            }
            ThreadEvent::Ended(pid) => {
                self.ended.push(pid);
                Some(SourceEvent::ChildEnded)
            }
        }
    }

    /// A variable of the program's environment.
    pub fn variable(&self, name: &str) -> Option<String> {
        let set = self.program.variable(name).map(|value| value.map(OsString::from));
        set.unwrap_or_else(|| env::var_os(name))?.into_string().ok()
    }

    /// What the program has written and was not read yet.
    pub fn read_output(&mut self) -> Vec<(OutputStream, Vec<u8>)> {
        let mut read = Vec::new();
        // A process that floods it is not waited for.
        while self.open_outputs > 0 && read.len() < BACKLOG {
            match self.events.recv_timeout(QUIET).map(|event| self.taken(event)) {
                Ok(Some(SourceEvent::Output(which, bytes))) => read.push((which, bytes)),
                Ok(event) => self.waiting.extend(event),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        read
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.tree.end();
        self.messages.end();
    }
}

fn report(name: &str, thread: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(thread).map(drop)
}

/// Asks the processes of main's group to end; there is one way to ask. Returns the processes that do not take it: none.
pub fn signal_tree(_: &Sources, main: u32, _: i32) -> Vec<u32> {
    console::ask_to_end(main);
    vec![]
}

/// Whether the job has no processes.
pub fn is_tree_empty(sources: &Sources) -> bool {
    sources.tree.count() == 0
}

/// Ends the whole tree.
pub fn kill_tree(sources: &Sources) -> KillReport {
    let killed = sources.tree.count();
    sources.tree.end();
    KillReport { killed, refused: vec![] }
}

/// Takes the exit codes of all that has ended. Main's alone is known.
pub fn reap(sources: &mut Sources) -> EndedProcesses {
    let mut processes = vec![];
    if let Some(main) = &mut sources.main
        && let Ok(Some(status)) = main.try_wait()
    {
        processes.push(EndedProcess { pid: main.id(), exit_code: status.code(), signal: None });
        sources.main = None;
    }
    let main = sources.main.as_ref().map(Child::id);
    let reaped = processes.first().map(|process| process.pid);
    let others = sources.ended.drain(..).filter(|pid| Some(*pid) != reaped && Some(*pid) != main);
    processes.extend(others.map(|pid| EndedProcess { pid, exit_code: None, signal: None }));
    EndedProcesses { processes, none_is_left: main.is_none() && is_tree_empty(sources) }
}
