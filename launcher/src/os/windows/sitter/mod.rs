//! The sitter on Windows: a thread of the launcher. No process can be stopped here as Ctrl-Z stops one, and the system
//! ends the tree with the launcher, so that nothing is won by a process between the two.
//!
//! Each module uses only modules that are declared below it.

mod sources;

mod stream;
mod tree;

use std::{
    ffi::OsString,
    io,
    os::windows::process::ExitStatusExt,
    process::{self, Command, ExitStatus},
    sync::Arc,
    thread::{self, JoinHandle},
};

use shared::exit::Exit;

use self::{sources::LauncherStreams, tree::ProgramJob};
pub use self::{
    sources::{OrderWriter, Sources, is_tree_empty, kill_tree, reap, signal_tree},
    stream::StreamReader,
    tree::tree_of,
};
use super::process::ProgramContext;
use crate::os::interface::ProgramInput;

/// Where the launcher reads what the program writes to stdout.
pub type OutputReader = StreamReader;

/// A sitter, and what comes from its program.
#[derive(Debug)]
pub struct StartedSitter {
    /// The sitter, which the caller must wait for: its stdin takes orders, its stdout has reports.
    pub process: SitterProcess,
    /// Reads what the program writes to stdout; the stderr of the sitter has what it writes to stderr.
    pub relayed_stdout: OutputReader,
}

/// The sitter's thread, which is used as a process is.
#[derive(Debug)]
pub struct SitterProcess {
    /// Takes orders.
    pub stdin: Option<OrderWriter>,
    /// Has reports.
    pub stdout: Option<StreamReader>,
    /// What the program writes to stderr.
    pub stderr: Option<StreamReader>,
    thread: Option<JoinHandle<Exit>>,
    tree: Arc<ProgramJob>,
}

impl SitterProcess {
    /// The process id of the launcher, whose thread it is.
    pub fn id(&self) -> u32 {
        process::id()
    }

    /// Whether it has ended.
    ///
    /// # Errors
    ///
    /// None here.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        match self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
            true => self.wait().map(Some),
            false => Ok(None),
        }
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    ///
    /// None here.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let ended = self.thread.take().map(JoinHandle::join);
        let has_panicked = ended.is_some_and(|ended| ended.is_err());
        Ok(ExitStatus::from_raw(u32::from(has_panicked)))
    }
}

/// Ends the tree of a sitter at once, and with it the sitter.
pub fn kill(sitter: &SitterProcess) {
    sitter.tree.end();
}

/// Whether a process is there and takes no signals from this one: what is in a job always ends with it.
pub fn refuses_signals(_: u32) -> bool {
    false
}

/// Starts a sitter by what `command` says of its program: its arguments, its folder and its environment; `sit` is what it
/// does. The program is to read this `input`.
///
/// # Errors
///
/// If the system has no threads or handles left.
pub fn start(
    command: &mut Command,
    input: ProgramInput,
    sit: fn(Sources, &[OsString]) -> Exit,
) -> io::Result<StartedSitter> {
    let (sources, ends) = Sources::within_launcher(ProgramContext::of(command), input)?;
    // The first argument is for a sitter that is a process.
    let arguments: Vec<_> = command.get_args().skip(1).map(OsString::from).collect();
    let thread = thread::Builder::new().name("sitter at work".to_owned());
    let thread = thread.spawn(move || sit(sources, &arguments))?;
    let LauncherStreams { orders, reports, stdout, stderr, tree } = ends;
    let process = SitterProcess {
        stdin: Some(orders),
        stdout: Some(reports),
        stderr: Some(stderr),
        thread: Some(thread),
        tree,
    };
    Ok(StartedSitter { process, relayed_stdout: stdout })
}

/// Makes this process a sitter: none is one here.
///
/// # Errors
///
/// Always.
pub fn set_up() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Does nothing: the job binds what is in it to this process.
pub fn bind_to_this_process(_: &mut Command) {}

/// Does nothing: a sitter leaves nothing.
pub fn end_orphans(_: u32, _: &[u32]) {}
