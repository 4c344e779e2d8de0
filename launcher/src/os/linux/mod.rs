//! Linux: the kernel kills the server when the launcher ends (`PR_SET_PDEATHSIG`).

mod desktop;
pub mod sitter;

mod stat;

use std::{
    env, fs, io,
    net::TcpListener,
    os::{
        fd::AsRawFd,
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use interprocess::local_socket::Name;

use rustix::{
    fs::{Mode, OFlags},
    process::{
        DumpableBehavior, Signal, getpid, getppid, set_dumpable_behavior,
        set_parent_process_death_signal,
    },
};

use self::stat::state_of;
use super::{
    interface::{Signalled, Started},
    unix,
};

/// The place of the flags in `proc_pid_stat(5)`, counted from the state.
const FLAGS: usize = 6;

/// The flag of a process that is ending, `PF_EXITING` in the kernel.
const EXITING: u32 = 0x4;

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
        login_format::desktop_entry::{program_of, rendered},
        unix::login::{read, remove, write},
    };
}

/// Starts the server on these sockets, bound to this process for life and death.
///
/// Must be called from the main thread: `PR_SET_PDEATHSIG` fires when the *thread* that started the
/// child ends. The signal is SIGKILL, because a stopped or hanging server would outlive any other.
///
/// # Errors
///
/// If the program cannot be started, or the system has no descriptors left.
pub fn spawn(command: &mut Command, sockets: &[TcpListener]) -> io::Result<Started> {
    unix::pass(command, sockets)?;
    let launcher = getpid();
    let bind_to_launcher = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        let still_there = getppid() == Some(launcher);
        if still_there { Ok(()) } else { Err(io::ErrorKind::NotConnected.into()) }
    };
    // SAFETY: between fork and exec the closure makes two system calls and compares two numbers; it
    // neither allocates nor takes a lock, in success or in failure.
    unsafe { command.pre_exec(bind_to_launcher) };
    Ok(Started { process: command.spawn()?, sockets: vec![] })
}

/// Calls `handle` for every signal that has a meaning here, as on every Unix. SIGQUIT ends this process at once and
/// without a picture of its memory: what watches it waits until that is written.
///
/// # Errors
///
/// If the system refuses the handlers.
pub fn on_signal(handle: impl FnMut(Signalled) + Send + 'static) -> io::Result<()> {
    let keep_memory = || {
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    };
    unix::on_signal(keep_memory, handle)
}

/// Calls `act` with the name of a control socket at `path`. One that is too long for a socket is reached
/// through the descriptor of its folder, and is a name only while `act` runs.
///
/// # Errors
///
/// Those of `act`; also if the path cannot be a name.
pub fn with_socket_name<T>(
    path: &Path,
    act: impl FnOnce(Name<'_>) -> io::Result<T>,
) -> io::Result<T> {
    let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else {
        return unix::socket::with_name(path.as_os_str(), act);
    };
    if path.as_os_str().len() <= unix::socket::MAX_PATH {
        return unix::socket::with_name(path.as_os_str(), act);
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Mode::empty())?;
    let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(file);
    unix::socket::with_name(short.as_os_str(), act)
}

/// The file of this very program, also where it was replaced since.
pub fn own_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// Makes this process the parent of what its programs leave; without it a program's orphans are the system's.
pub fn adopt_orphans() {
    let _ = sitter::adopt_orphans();
}

/// Has a launcher of this user write anew what it has lost of `run/`, by SIGUSR1. A process that does not
/// handle the signal would be ended by it: a number that a launcher in a container gives is that of
/// another process here.
///
/// # Errors
///
/// If the process is gone, or no launcher.
pub fn nudge(launcher: u32) -> io::Result<()> {
    match takes_nudges(launcher) {
        true => unix::nudge(launcher),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Whether a process handles SIGUSR1 (`proc_pid_status(5)`), and is not ended by it.
pub fn takes_nudges(pid: u32) -> bool {
    has_signal(pid, "SigCgt:", Signal::USR1)
}

/// Whether a mask of signals in `proc_pid_status(5)` has `signal`.
fn has_signal(pid: u32, mask: &str, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}

/// Whether a process was killed and has yet to end, which takes a busy machine a while.
pub fn is_ending(pid: u32) -> bool {
    let flags = state_of(pid).split(' ').nth(FLAGS).and_then(|flags| flags.parse().ok());
    flags.is_some_and(|flags: u32| flags & EXITING != 0) || has_signal(pid, "SigPnd:", Signal::KILL)
}

/// The memory that a process occupies, in bytes, if it can be seen.
pub fn memory_of(pid: u32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Notifies systemd that the server is ready, if systemd started this process.
pub fn notify_ready(status: &str) {
    // A manager that set the variable and does not listen does not want the message.
    let _ = notify(&format!("READY=1\nSTATUS={status}\n"));
}

/// Notifies systemd that the launch is ending, if systemd started this process.
pub fn notify_stopping() {
    let _ = notify("STOPPING=1\n");
}

/// How long a manager that does not read its messages is waited for.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(1);

/// `sd_notify(3)`. A name that begins with `@` is an abstract one, which the crate sd-notify 0.5 takes for a path.
fn notify(state: &str) -> io::Result<()> {
    let Some(name) = env::var_os("NOTIFY_SOCKET") else { return Ok(()) };
    let manager = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        // Any other depends on the folder that this was started in, and is no name of a manager.
        [b'/', ..] => SocketAddr::from_pathname(name)?,
        _ => return Ok(()),
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(NOTIFY_TIMEOUT))?;
    socket.send_to_addr(state.as_bytes(), &manager).map(drop)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_process_that_is_no_launcher_is_sent_no_signal_and_is_seen_to_end_when_it_is_killed() {
        let mut stranger = Command::new("sleep").arg("60").spawn().expect("started");
        let refused = nudge(stranger.id()).expect_err("it is no launcher");
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
        assert_eq!(stranger.try_wait().expect("it is ours"), None);
        assert!(!is_ending(stranger.id()));
        stranger.kill().expect("ours");
        while !is_ending(stranger.id()) {
            std::thread::yield_now();
        }
        stranger.wait().expect("ours");
    }
}
