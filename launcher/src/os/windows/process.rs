//! The life and death of the server's process.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    mem::size_of,
    net::TcpListener,
    os::windows::{
        io::{AsRawHandle, OwnedHandle},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitStatus},
};

use windows_sys::Win32::{
    Foundation::FILETIME,
    System::{
        ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS},
        Threading::{
            CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED, DETACHED_PROCESS,
            GetProcessTimes, INFINITE, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_CREATION_FLAGS,
            PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, TerminateProcess,
            WaitForSingleObject,
        },
    },
};

use super::{
    console,
    handle::{done, owned},
    handover, job, threads,
};
use crate::os::{command_finder::CommandFinder, interface::Started};

/// The exit code of a process that [`kill`] has ended: there are no signals here.
pub(super) const KILLED: u32 = 1;

/// Starts the server on these sockets, bound to this process for life and death.
///
/// It has no window, and Ctrl-C in ours reaches the launcher alone. It does nothing before it is in
/// the job, so that nothing that it starts is left out, and before the sockets are copied for it, so
/// that it cannot be gone by then.
///
/// # Errors
///
/// If the program cannot be started or not be bound to this process, or the system has no handles
/// left.
pub fn spawn(command: &mut Command, sockets: &[TcpListener]) -> io::Result<Started> {
    let mut passed = vec![];
    let process = start_in(command, CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP, |process| {
        job::take_in(process)?;
        passed = handover::pass(process.id(), sockets)?;
        Ok(())
    })?;
    Ok(Started { process, sockets: passed })
}

/// Starts a process that does nothing before `take_in` has put it where it belongs.
pub(super) fn start_in(
    command: &mut Command,
    flags: PROCESS_CREATION_FLAGS,
    take_in: impl FnOnce(&Child) -> io::Result<()>,
) -> io::Result<Child> {
    let mut process = command.creation_flags(flags | CREATE_SUSPENDED).spawn()?;
    match take_in(&process).and_then(|()| threads::resume(process.id())) {
        Ok(()) => Ok(process),
        Err(error) => {
            // It has not run yet; a child that cannot be ended has ended.
            let _ = process.kill();
            let _ = process.wait();
            Err(error)
        }
    }
}

/// What a program is started with, besides its command line.
#[derive(Debug, Clone, Default)]
pub(super) struct ProgramContext {
    variables: Vec<(OsString, Option<OsString>)>,
    cwd: Option<PathBuf>,
}

impl ProgramContext {
    /// The environment and the folder of `command`.
    pub(super) fn of(command: &Command) -> Self {
        let variables = command.get_envs();
        let variables = variables.map(|(name, value)| (name.into(), value.map(OsString::from)));
        Self { variables: variables.collect(), cwd: command.get_current_dir().map(Path::to_owned) }
    }

    /// What a variable is set to, and whether it is; `None` if it is as in this process.
    pub(super) fn variable(&self, name: &str) -> Option<Option<&OsStr>> {
        let is_it = |set: &OsStr| set.eq_ignore_ascii_case(name);
        let set = self.variables.iter().rev().find(|(set, _)| is_it(set));
        set.map(|(_, value)| value.as_deref())
    }

    /// What starts a program with these words, the first of which names it.
    pub(super) fn command(&self, words: &[OsString]) -> Command {
        let (name, arguments) = match words {
            [name, arguments @ ..] => (name.as_os_str(), arguments),
            [] => (OsStr::new(""), words),
        };
        let value = |name| {
            self.variable(name).map_or_else(|| env::var_os(name), |set| set.map(OsString::from))
        };
        let here = env::current_dir().unwrap_or_default();
        let extensions = value("PATHEXT");
        let search = CommandFinder {
            folders: value("PATH").iter().flat_map(env::split_paths).collect(),
            extensions: extensions.as_ref().and_then(|all| all.to_str()),
            cwd: self.cwd.as_ref().unwrap_or(&here),
        };
        // What is not found there may be a program of the system.
        let file = search.find(name, Path::is_file).unwrap_or_else(|| name.into());
        let mut command = Command::new(file);
        match arguments {
            // The shell takes the rest as it stands, between the first quotation mark and the last.
            [.., line] if words.starts_with(&SHELL.map(OsString::from)) => {
                let mut quoted = OsString::from("\"");
                quoted.push(line);
                quoted.push("\"");
                command.args(&arguments[..arguments.len() - 1]).raw_arg(quoted);
            }
            arguments => _ = command.args(arguments),
        }
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command
    }
}

/// What runs a command that is one line for a shell.
pub const SHELL: [&str; 4] = ["cmd.exe", "/D", "/S", "/C"];

/// Has a program take the place of this process, as far as that goes here: it is started and waited for, and this process
/// ends with its exit code. Returns only if it cannot be started.
pub fn become_program(command: &[OsString]) -> io::Error {
    let mut started = ProgramContext::default().command(command);
    match start_in(&mut started, 0, job::take_in) {
        Ok(mut program) => {
            console::leave_interrupts_to_others();
            let code = program.wait().ok().and_then(|status| status.code());
            process::exit(code.unwrap_or(1));
        }
        Err(error) => error,
    }
}

/// Waits until the process has ended. Its number cannot pass to another process for as long as
/// a handle of it is open, as its [`Child`] does.
pub fn wait_for_end(pid: u32) {
    let Ok(process) = open(pid, PROCESS_SYNCHRONIZE) else { return };
    // SAFETY: the handle is open, with the right that this needs.
    let _ = unsafe { WaitForSingleObject(process.as_raw_handle(), INFINITE) };
}

/// Ends a child at once.
pub fn kill(child: &Child) {
    // SAFETY: the handle is open while the child is borrowed. The call fails only if the process has
    // ended already, which is what was wanted.
    let _ = unsafe { TerminateProcess(child.as_raw_handle(), KILLED) };
}

/// The signal that ended a process: there are none, and a crash is an exit code.
pub fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Makes the process that `command` will start outlive the console: it gets none.
pub fn detach(command: &mut Command) {
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

/// When a process started, in ticks of 100 ns since 1601; `None` if it is not ours to ask.
pub(super) fn started_ticks(pid: u32) -> Option<u64> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
    let process = process.as_raw_handle();
    let into = (&raw mut created, &raw mut exited, &raw mut kernel, &raw mut user);
    // SAFETY: the handle is open, with the right that this needs, and the four times may be written to until the call
    // returns.
    done(unsafe { GetProcessTimes(process, into.0, into.1, into.2, into.3) }).ok()?;
    Some(u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime))
}

/// The memory that a process occupies, in bytes, if it can be seen.
pub fn memory_of(pid: u32) -> Option<u64> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    let mut counters = PROCESS_MEMORY_COUNTERS::default();
    let length = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    // SAFETY: the handle is open, with the right that this needs, and `counters` is writable for
    // `length` bytes until the call returns.
    let read =
        unsafe { K32GetProcessMemoryInfo(process.as_raw_handle(), &raw mut counters, length) };
    done(read).ok().map(|()| counters.WorkingSetSize as u64)
}

fn open(pid: u32, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<OwnedHandle> {
    // SAFETY: the call takes numbers and touches no memory of ours.
    owned(unsafe { OpenProcess(rights, 0, pid) })
}
