//! What Linux and macOS have in common.

pub(super) mod desktop;
pub(super) mod login;
pub(super) mod notify_socket;
pub(super) mod sitter;
pub(super) mod socket;
pub(super) mod terminal;

use std::{
    env,
    ffi::OsStr,
    ffi::OsString,
    fs, io,
    net::TcpListener,
    ops::Range,
    os::{
        fd::{BorrowedFd, OwnedFd, RawFd},
        unix::{
            ffi::OsStrExt,
            process::{CommandExt, ExitStatusExt},
        },
    },
    process::{Child, Command, ExitStatus},
    thread,
};

use command_fds::{CommandFdExt, FdMapping};
use rustix::{
    io::{Errno, FdFlags, fcntl_setfd},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid},
};
use shared::{
    event::RequestedBy,
    handover::{FIRST_FD, LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID, fd_names},
    invoked_as,
    os::is_ignored,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2},
    iterator::Signals,
    low_level,
};

use super::interface::Signalled;

pub use shared::os::has_terminal;

pub use self::{
    desktop::leave_own_console,
    notify_socket::NotifySocket,
    socket::{
        ListenerCloser, check_substitute_folder, for_this_user_alone, is_connected,
        is_listening_at, make_substitute_folder, substitute_folder, substitute_socket,
    },
    terminal::{TerminalRelay, is_in_background, is_raw as is_terminal_raw, terminal_size},
};

/// Whether a program can be given a terminal of its own.
pub const GIVES_TERMINALS: bool = true;

/// Whether `PATH` and `Path` are one variable.
pub const VARIABLES_IGNORE_CASE: bool = false;

/// A part of `text`, by its [encoded bytes](OsStr::as_encoded_bytes).
///
/// # Panics
///
/// If the text has no such part.
pub fn part_of(text: &OsStr, part: Range<usize>) -> &OsStr {
    OsStr::from_bytes(&text.as_bytes()[part])
}

/// Passes `sockets` to the process that `command` will start, as descriptors from 3 up, and puts it
/// into a process group of its own, so that the terminal's Ctrl-C reaches the launcher alone.
pub(super) fn pass(command: &mut Command, sockets: &[TcpListener]) -> io::Result<()> {
    let mapping = |(child_fd, socket): (i32, &TcpListener)| {
        Ok(FdMapping { parent_fd: OwnedFd::from(socket.try_clone()?), child_fd })
    };
    let mappings = (FIRST_FD..).zip(sockets).map(mapping).collect::<io::Result<_>>()?;
    command.fd_mappings(mappings).map_err(io::Error::other)?;
    command
        .env(LISTEN_FDS, sockets.len().to_string())
        .env(LISTEN_FDNAMES, fd_names(sockets.len()))
        .env_remove(LISTEN_PID)
        .process_group(0);
    Ok(())
}

/// Nothing to do: every descriptor that we open is closed in whom we start, and the three streams
/// are given to it one by one.
pub fn keep_to_ourselves() {}

/// Waits until the process has ended, and leaves it to be reaped: until then its number cannot pass
/// to another process, so that [`kill`] never hits another process.
pub fn wait_for_end(pid: u32) {
    let Some(pid) = Pid::from_raw(pid.cast_signed()) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
}

/// Ends a child that has not been reaped, at once.
pub fn kill(child: &Child) {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // It fails only if the child has ended already, which is what was wanted.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Sends a launcher SIGUSR1.
pub(super) fn nudge(launcher: u32) -> io::Result<()> {
    let pid = Pid::from_raw(launcher.cast_signed()).ok_or(io::ErrorKind::NotFound)?;
    Ok(kill_process(pid, Signal::USR1)?)
}

/// The signal that ended a process, if one did.
pub fn signal_of(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Calls `handle` for every signal that has a meaning here, on a thread of its own: SIGTERM and SIGINT
/// to end, SIGHUP to read the settings again, or to end if the terminal that this was started from is
/// gone, SIGUSR1 and SIGUSR2 to write anew what is lost. Programs that rotate logs send the last three. A
/// SIGHUP that the parent process has set to be ignored, as `nohup` does, stays ignored. SIGQUIT ends this process when
/// its terminal is restored and `before_quit` is done.
///
/// # Errors
///
/// If the system refuses the handlers.
pub(super) fn on_signal(
    before_quit: impl Fn() + Send + 'static,
    mut handle: impl FnMut(Signalled) + Send + 'static,
) -> io::Result<()> {
    let had_terminal = has_terminal();
    let may_be_ignored = [SIGHUP, SIGQUIT].into_iter().filter(|signal| !is_ignored(*signal));
    let others = [SIGINT, SIGTERM, SIGUSR1, SIGUSR2];
    let mut signals = Signals::new(others.into_iter().chain(may_be_ignored))?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            handle(match signal {
                SIGQUIT => {
                    terminal::restore();
                    before_quit();
                    let _ = low_level::emulate_default_handler(SIGQUIT);
                    continue;
                }
                SIGUSR1 | SIGUSR2 => Signalled::Restore,
                SIGINT => Signalled::Interrupt,
                SIGHUP if !had_terminal || has_terminal() => Signalled::Reread,
                _ => Signalled::Stop(RequestedBy::Signal),
            });
        }
    })?;
    Ok(())
}

/// The name of the user who runs this, for the first choice of a port.
pub fn user() -> String {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(|name| env::var(name).ok());
    let named = named.into_iter().find(|name| !name.is_empty());
    named.unwrap_or_else(|| rustix::process::getuid().as_raw().to_string())
}

/// What runs a command that is one line for a shell.
pub const SHELL: [&str; 2] = ["sh", "-c"];

/// What asks a program to end, unless it is known to want another signal: SIGTERM.
pub const STOP_SIGNAL: i32 = SIGTERM;

/// The number of the signal with this name, such as `SIGINT`; `None` if this system has none.
pub fn signal_number(name: &str) -> Option<i32> {
    (1..=sitter::LAST_SIGNAL).find(|number| low_level::signal_name(*number) == Some(name))
}

/// Has a program take the place of this process; returns only if that fails.
pub fn become_program(command: &[OsString]) -> io::Error {
    match command {
        [program, arguments @ ..] => Command::new(program).args(arguments).exec(),
        [] => io::ErrorKind::InvalidInput.into(),
    }
}

/// Makes the process that `command` will start outlive the terminal: it gets a session of its own, and none of the
/// files that this process has inherited besides its standard streams.
pub fn detach(command: &mut Command) {
    close_at_exec();
    let leave = || rustix::process::setsid().map(drop).map_err(io::Error::from);
    // SAFETY: between fork and exec the closure makes one system call; it neither allocates nor
    // takes a lock, in success or in failure.
    unsafe { command.pre_exec(leave) };
    command.arg0(invoked_as::launcher()); // the file may have another name than the person typed
}

/// Has the system close what is open but the standard streams when this process, or one that it starts, becomes
/// another program.
pub(super) fn close_at_exec() {
    let entries = fs::read_dir("/dev/fd").into_iter().flatten().flatten();
    let open = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<RawFd>().ok());
    for fd in open.filter(|fd| *fd > 2).collect::<Vec<_>>() {
        // SAFETY: it was open a moment ago. If it is not any more, as that of the folder, this is refused.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let _ = fcntl_setfd(fd, FdFlags::CLOEXEC);
    }
}
