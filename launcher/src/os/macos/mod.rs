//! macOS. There is no death signal here: the server watches its stdin for the end of the launcher.

mod desktop;
pub mod sitter;

use std::{
    env,
    ffi::c_int,
    io,
    mem::{MaybeUninit, size_of},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use interprocess::local_socket::Name;
use libc::{PROC_PIDTASKINFO, proc_pidinfo, proc_taskinfo};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{
    interface::{Signalled, Started},
    unix,
};

pub use self::desktop::{has_desktop, leads_to_browser, output_is_read, show};
pub use super::unix::{
    GIVES_TERMINALS, ListenerCloser, NotifySocket, SHELL, STOP_SIGNAL, TerminalRelay,
    VARIABLES_IGNORE_CASE, become_program, check_substitute_folder, detach, for_this_user_alone,
    has_terminal, is_connected, is_in_background, is_listening_at, is_terminal_raw,
    keep_to_ourselves, kill, leave_own_console, make_substitute_folder, part_of, signal_number,
    signal_of, substitute_folder, substitute_socket, terminal_size, user, wait_for_end,
};

/// What is started at login.
pub mod login {
    pub use crate::os::{
        login_format::launch_agent::{program_of, rendered},
        unix::login::{read, remove, write},
    };
}

/// Starts the server on these sockets.
///
/// # Errors
///
/// If the program cannot be started, or the system has no descriptors left.
pub fn spawn(command: &mut Command, sockets: &[TcpListener]) -> io::Result<Started> {
    unix::pass(command, sockets)?;
    Ok(Started { process: command.spawn()?, sockets: vec![] })
}

/// Calls `handle` for every signal that has a meaning here, as on every Unix. SIGQUIT ends this process at once and
/// without a picture of its memory.
///
/// # Errors
///
/// If the system refuses the handlers.
pub fn on_signal(handle: impl FnMut(Signalled) + Send + 'static) -> io::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let keep_memory = move || {
        let _ = setrlimit(Resource::Core, none.clone());
    };
    unix::on_signal(keep_memory, handle)
}

/// Calls `act` with the name of a control socket at `path`.
///
/// # Errors
///
/// Those of `act`; also if the path cannot be a name, because it is too long.
pub fn with_socket_name<T>(
    path: &Path,
    act: impl FnOnce(Name<'_>) -> io::Result<T>,
) -> io::Result<T> {
    match path.as_os_str().len() <= unix::socket::MAX_PATH {
        true => unix::socket::with_name(path.as_os_str(), act),
        false => Err(io::ErrorKind::InvalidFilename.into()),
    }
}

/// The file of this very program.
pub fn own_program() -> PathBuf {
    // The name by which it was started finds it as well, unless the folder has changed.
    env::current_exe().unwrap_or_else(|_| env::args_os().next().unwrap_or_default().into())
}

/// Does nothing: launchd alone adopts orphans here.
pub fn adopt_orphans() {}

/// Has a launcher of this user write anew what it has lost of `run/`, by SIGUSR1.
///
/// # Errors
///
/// If the process is gone.
pub fn nudge(launcher: u32) -> io::Result<()> {
    unix::nudge(launcher)
}

/// Whether a process is known to handle SIGUSR1, and not to be ended by it: no table says so here.
pub fn takes_nudges(_: u32) -> bool {
    false
}

/// Whether a process was killed and has yet to end: nothing says so here.
pub fn is_ending(_: u32) -> bool {
    false
}

/// The memory that a process occupies, in bytes, if it can be seen.
pub fn memory_of(pid: u32) -> Option<u64> {
    let mut info = MaybeUninit::<proc_taskinfo>::zeroed();
    let (pid, length) = (pid.try_into().ok()?, size_of::<proc_taskinfo>() as c_int);
    let into = info.as_mut_ptr().cast();
    // SAFETY: `into` is writable for `length` bytes until the call returns.
    let filled = unsafe { proc_pidinfo(pid, PROC_PIDTASKINFO, 0, into, length) };
    if filled != length {
        return None;
    }
    // SAFETY: the call has filled in all of it; it is made of numbers.
    let info = unsafe { info.assume_init() };
    Some(info.pti_resident_size)
}

/// Does nothing: launchd expects no message when the server serves.
pub fn notify_ready(_: &str) {}

/// Does nothing: launchd expects no message when the launch ends.
pub fn notify_stopping() {}
