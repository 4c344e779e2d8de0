//! The sitter's view of the system: what it waits for, and the processes that it has.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd, RawFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{self, Child, ChildStdin, Command, Stdio},
    time::Instant,
};

use command_fds::{CommandFdExt, FdMapping};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open},
    io::{Errno, FdFlags, fcntl_setfd},
    process::{
        Pid, Signal, WaitOptions, ioctl_tiocsctty, kill_process_group, setsid, test_kill_process,
        wait,
    },
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use signal_hook::{
    consts::{SIGCHLD, SIGTERM},
    low_level::pipe,
};

use shared::{exit::Exit, words::OutputStream};

use super::terminal;
use crate::os::interface::{EndedProcess, EndedProcesses, ProgramInput, SourceEvent, TerminalSize};

/// The descriptor on which the launcher reads what the program writes to stdout. What it writes to stderr goes
/// to the sitter's own.
pub const RELAYED_STDOUT: RawFd = 3;

/// The descriptor of what the program reads.
pub const PROGRAM_STDIN: RawFd = 4;

/// The number of the last signal that has a name, which SIGSYS is on Linux alone.
pub(crate) const LAST_SIGNAL: i32 = 31;

/// How much is read of a stream at once, in bytes.
const PIECE: usize = 64 << 10;

/// The sitter is a process of its own.
pub type SitterProcess = Child;

/// Takes the orders for a sitter.
pub type OrderWriter = ChildStdin;

/// Where the launcher reads what the program writes to stdout.
pub type OutputReader = File;

/// A sitter, and what comes from its program.
#[derive(Debug)]
pub struct StartedSitter {
    /// The sitter, which the caller must wait for: its stdin takes orders, its stdout has reports.
    pub process: SitterProcess,
    /// Reads what the program writes to stdout; the stderr of the sitter has what it writes to stderr.
    pub relayed_stdout: OutputReader,
}

/// Everything that the sitter waits for.
#[derive(Debug)]
pub struct Sources {
    child_ended: UnixStream,
    stop_signal: UnixStream,
    is_launcher_gone: bool,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    terminal: Option<ProgramTerminal>,
}

/// The terminal of a program, and what is typed there.
#[derive(Debug)]
struct ProgramTerminal {
    /// Closed with the sitter: the end of a terminal ends its programs.
    master: OwnedFd,
    /// Where the launcher writes what is typed; `None` at its end.
    input: Option<OwnedFd>,
    /// What the terminal has not taken yet. No more is read meanwhile.
    typed: Vec<u8>,
    /// Whether the last line of the input has no end.
    has_begun_line: bool,
}

/// What Ctrl-C types.
const INTERRUPT: u8 = 3;

/// What ends the input of a terminal at the beginning of a line, and elsewhere what is typed so far: Ctrl-D.
const END_OF_INPUT: u8 = 4;

impl ProgramTerminal {
    /// A terminal of this size, and its other end for the program.
    fn open(size: TerminalSize, input: OwnedFd) -> io::Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let master = openpt(flags)?;
        fcntl_setfd(&master, FdFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(ptsname(&master, vec![])?, flags, Mode::empty())?;
        terminal::set_size(slave.as_fd(), size);
        for fd in [&master, &input] {
            never_wait(fd.as_fd())?;
        }
        let input = Some(input);
        Ok((Self { master, input, typed: vec![], has_begun_line: false }, slave))
    }

    /// What is to be waited for: room, or more input.
    fn poll_fd(&self) -> Option<PollFd<'_>> {
        match (&self.typed[..], &self.input) {
            ([], input) => input.as_ref().map(|input| PollFd::new(input, PollFlags::IN)),
            _ => Some(PollFd::new(&self.master, PollFlags::OUT)),
        }
    }

    /// Passes on what is typed as far as there is room; returns whether Ctrl-C was.
    fn pass_on(&mut self) -> bool {
        let read = match &self.input {
            Some(input) if self.typed.is_empty() => read_some(input.as_fd()),
            _ => None,
        };
        let is_interrupted = read.as_ref().is_some_and(|bytes| bytes.contains(&INTERRUPT));
        match read {
            Some(bytes) if bytes.is_empty() => {
                self.input = None;
                self.typed = vec![END_OF_INPUT; 1 + usize::from(self.has_begun_line)];
            }
            Some(bytes) => {
                self.has_begun_line = bytes.last() != Some(&b'\n');
                self.typed = bytes;
            }
            None => {}
        }
        let written = write_some(self.master.as_fd(), &self.typed);
        self.typed.drain(..written);
        is_interrupted
    }
}

impl Sources {
    /// # Errors
    ///
    /// If the system refuses the handlers of signals.
    pub fn open() -> io::Result<Self> {
        for fd in [io::stdout().as_fd(), io::stderr().as_fd(), relayed_stdout()] {
            never_wait(fd)?;
        }
        Ok(Self {
            child_ended: signal_pipe(SIGCHLD)?,
            stop_signal: signal_pipe(SIGTERM)?,
            is_launcher_gone: false,
            stdout: None,
            stderr: None,
            terminal: None,
        })
    }

    /// Starts main by this `command`, whose output is a source from now on, and returns its process id. With a
    /// `terminal` of this size its three streams are that, and it can stop and interrupt what it starts.
    ///
    /// # Errors
    ///
    /// Whatever starting a process fails with.
    pub fn spawn(
        &mut self,
        command: &mut Command,
        terminal: Option<TerminalSize>,
    ) -> io::Result<u32> {
        // SAFETY: the launcher has opened it for us, and it is used here alone.
        let stdin = unsafe { BorrowedFd::borrow_raw(PROGRAM_STDIN) }.try_clone_to_owned()?;
        let Some(size) = terminal else { return self.spawn_with_pipes(command, stdin) };
        let (terminal, slave) = ProgramTerminal::open(size, stdin)?;
        let (out, err) = (slave.try_clone()?, slave.try_clone()?);
        command.stdin(slave).stdout(out).stderr(err);
        let take_terminal = || {
            setsid()?;
            Ok(ioctl_tiocsctty(io::stdin())?)
        };
        // SAFETY: between fork and exec the closure makes two system calls; it neither allocates nor takes a lock, in
        // success or in failure.
        unsafe { command.pre_exec(take_terminal) };
        let output = terminal.master.try_clone()?;
        let process = command.spawn()?;
        // The terminal's other end is the program's alone.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        (self.stdout, self.terminal) = (Some(output), Some(terminal));
        Ok(process.id())
    }

    fn spawn_with_pipes(&mut self, command: &mut Command, stdin: OwnedFd) -> io::Result<u32> {
        let ((out, stdout), (err, stderr)) = (io::pipe()?, io::pipe()?);
        command.stdin(Stdio::from(stdin)).stdout(stdout).stderr(stderr).process_group(0);
        let process = command.spawn()?;
        // The pipes' other ends are the program's alone.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        (self.stdout, self.stderr) = (Some(out.into()), Some(err.into()));
        Ok(process.id())
    }

    /// Gives the terminal of the program another size, if it has one.
    pub fn resize(&self, size: TerminalSize) {
        if let Some(terminal) = &self.terminal {
            terminal::set_size(terminal.master.as_fd(), size);
        }
    }

    /// Writes of each queue (reports, stdout, stderr) what is taken at once, and waits until something happens
    /// or the time is up. Returns what happened, and how much was written of each. What has no reader any more
    /// counts as written.
    ///
    /// # Errors
    ///
    /// If the system does not let this process wait.
    pub fn wait(
        &mut self,
        queues: [&[u8]; 3],
        until: Option<Instant>,
    ) -> io::Result<(Vec<SourceEvent>, [usize; 3])> {
        let (own_stdin, own_stdout, own_stderr) = (io::stdin(), io::stdout(), io::stderr());
        let sinks = [own_stdout.as_fd(), relayed_stdout(), own_stderr.as_fd()];
        let mut written = [0; 3];
        for (index, queue) in queues.iter().enumerate() {
            written[index] = write_some(sinks[index], queue);
        }
        let is_unwritten = |index: usize| written[index] < queues[index].len();
        let mut fds = vec![
            PollFd::new(&self.child_ended, PollFlags::IN),
            PollFd::new(&self.stop_signal, PollFlags::IN),
        ];
        let orders = (!self.is_launcher_gone).then(|| {
            fds.push(PollFd::new(&own_stdin, PollFlags::IN));
            fds.len() - 1
        });
        let mut outputs = [None; 2];
        for (place, stream) in outputs.iter_mut().zip([&self.stdout, &self.stderr]) {
            let Some(stream) = stream else { continue };
            *place = Some(fds.len());
            fds.push(PollFd::new(stream, PollFlags::IN));
        }
        let typed = self.terminal.as_ref().and_then(ProgramTerminal::poll_fd).map(|typed| {
            fds.push(typed);
            fds.len() - 1
        });
        for index in (0..3).filter(|index| is_unwritten(*index)) {
            fds.push(PollFd::from_borrowed_fd(sinks[index], PollFlags::OUT));
        }
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        // What was written makes room: there may be more of it.
        let progress = written.iter().any(|written| *written > 0);
        let timeout = if progress { Some(Timespec::default()) } else { timeout };
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok((vec![], written)),
            Err(error) => return Err(error.into()),
        }
        let is_ready = |index: Option<usize>| index.is_some_and(|at| !fds[at].revents().is_empty());
        let (ended, asked) = (is_ready(Some(0)), is_ready(Some(1)));
        let ([from_stdout, from_stderr], ordered) = (outputs.map(is_ready), is_ready(orders));
        let has_input = is_ready(typed);
        drop(fds);
        let mut events = Vec::new();
        if has_input && self.terminal.as_mut().is_some_and(ProgramTerminal::pass_on) {
            events.push(SourceEvent::InterruptTyped);
        }
        if from_stdout {
            events.extend(read_stream(&mut self.stdout, OutputStream::Stdout));
        }
        if from_stderr {
            events.extend(read_stream(&mut self.stderr, OutputStream::Stderr));
        }
        if ordered {
            match read_some(own_stdin.as_fd()) {
                Some(bytes) if !bytes.is_empty() => events.push(SourceEvent::Orders(bytes)),
                Some(_) => {
                    self.is_launcher_gone = true;
                    events.push(SourceEvent::LauncherGone);
                }
                None => {}
            }
        }
        if asked {
            drain(&self.stop_signal);
            events.push(SourceEvent::StopSignal);
        }
        if ended {
            drain(&self.child_ended);
            events.push(SourceEvent::ChildEnded);
        }
        Ok((events, written))
    }

    /// A variable of the program's environment.
    pub fn variable(&self, name: &str) -> Option<String> {
        env::var(name).ok()
    }

    /// What the program has written and was not read yet.
    pub fn read_output(&mut self) -> Vec<(OutputStream, Vec<u8>)> {
        let mut read = Vec::new();
        for (stream, which) in
            [(&mut self.stdout, OutputStream::Stdout), (&mut self.stderr, OutputStream::Stderr)]
        {
            // A process that floods it is not waited for.
            for _ in 0..16 {
                let Some(pipe) = stream.as_ref() else { break };
                let mut fds = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)];
                let is_ready =
                    poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0);
                let event = is_ready.then(|| read_stream(stream, which)).flatten();
                let Some(SourceEvent::Output(which, bytes)) = event else { break };
                read.push((which, bytes));
            }
        }
        read
    }
}

/// Starts this very program as a sitter by `command`, in a session of its own, in which it runs by itself. The program
/// that it starts is to read this `input`.
///
/// # Errors
///
/// If it cannot be started, or the system has no descriptors left.
pub fn start(
    command: &mut Command,
    input: ProgramInput,
    _: fn(Sources, &[OsString]) -> Exit,
) -> io::Result<StartedSitter> {
    let (relayed_stdout, to_relay) = io::pipe()?;
    let stdin = match input {
        ProgramInput::Ours => io::stdin().as_fd().try_clone_to_owned()?,
        ProgramInput::Nothing => File::open("/dev/null")?.into(),
        ProgramInput::Typed(pipe) => pipe.into(),
    };
    let mappings = [(to_relay.into(), RELAYED_STDOUT), (stdin, PROGRAM_STDIN)];
    let mappings = mappings.map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd });
    command.fd_mappings(mappings.into()).map_err(io::Error::other)?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let leave = || setsid().map(drop).map_err(io::Error::from);
    // SAFETY: between fork and exec the closure makes one system call; it neither allocates nor
    // takes a lock, in success or in failure.
    unsafe { command.pre_exec(leave) };
    let process = command.spawn()?;
    Ok(StartedSitter { process, relayed_stdout: OwnedFd::from(relayed_stdout).into() })
}

/// Has reads and writes return at once.
fn never_wait(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?)
}

/// A stream that can be read after each of these signals.
fn signal_pipe(signal: i32) -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    pipe::register(signal, writer)?;
    Ok(reader)
}

fn drain(signals: &UnixStream) {
    while read_some(signals.as_fd()).is_some_and(|bytes| !bytes.is_empty()) {}
}

fn relayed_stdout() -> BorrowedFd<'static> {
    // SAFETY: the launcher has opened it for us, and it is never closed.
    unsafe { BorrowedFd::borrow_raw(RELAYED_STDOUT) }
}

/// Writes what is taken without waiting.
fn write_some(to: BorrowedFd<'_>, bytes: &[u8]) -> usize {
    match bytes.is_empty() {
        true => 0,
        false => match rustix::io::write(to, bytes) {
            Ok(written) => written,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            // Its reader is gone.
            Err(_) => bytes.len(),
        },
    }
}

/// Reads what is there; nothing at the end. `None` if there is nothing yet.
fn read_some(from: BorrowedFd<'_>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; PIECE];
    match rustix::io::read(from, &mut bytes) {
        Ok(read) => {
            bytes.truncate(read);
            Some(bytes)
        }
        Err(Errno::AGAIN | Errno::INTR) => None,
        Err(_) => Some(vec![]),
    }
}

/// Reads what the program has written; at the end the stream is no source any more.
fn read_stream(stream: &mut Option<OwnedFd>, which: OutputStream) -> Option<SourceEvent> {
    match read_some(stream.as_ref()?.as_fd())? {
        bytes if bytes.is_empty() => {
            *stream = None;
            None
        }
        bytes => Some(SourceEvent::Output(which, bytes)),
    }
}

/// Takes the exit codes of all children that have ended.
pub(crate) fn reap_children() -> EndedProcesses {
    let mut ended = EndedProcesses::default();
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => ended.processes.push(EndedProcess {
                pid: pid.as_raw_nonzero().get().cast_unsigned(),
                exit_code: status.exit_status(),
                signal: status.terminating_signal(),
            }),
            Ok(None) => return ended,
            Err(Errno::INTR) => {}
            Err(_) => {
                ended.none_is_left = true;
                return ended;
            }
        }
    }
}

/// Gives a process the signals that a terminal would give it; to be called between fork and exec.
pub(crate) fn reset_signals() {
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: no function is set that could be called.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Sends a signal to the process group of `main`, and to those of the processes of its tree that have left it.
pub(crate) fn signal_groups(main: u32, others: impl Iterator<Item = u32>, signal: i32) {
    let Some(signal) = Signal::from_named_raw(signal) else { return };
    let mut groups: Vec<_> = others.chain([main]).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups.into_iter().filter(|group| *group != process::id()).filter_map(pid_of) {
        // One that is gone by now is what was wanted.
        let _ = kill_process_group(group, signal);
    }
}

/// Whether a process is there and takes no signals from this one: another user's, as one that has changed its user.
pub fn refuses_signals(pid: u32) -> bool {
    pid_of(pid).is_some_and(|pid| test_kill_process(pid) == Err(Errno::PERM))
}

/// The id of a process, as the system has it.
pub(crate) fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(pid.cast_signed())
}
