//! Windows. The hand-over is not there yet, and starting a server says so.

use std::{
    env, io,
    net::TcpListener,
    os::windows::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus},
};

use super::Signalled;

use interprocess::local_socket::{GenericNamespaced, ListenerOptions, Name, prelude::*};

/// The name of the server's program.
pub const SERVER_PROGRAM: &str = "server.exe";

/// Refuses: the sockets cannot be handed over yet.
///
/// # Errors
///
/// Always [`io::ErrorKind::Unsupported`], with what to do instead.
pub fn spawn(_: &mut Command, _: &[TcpListener]) -> io::Result<Child> {
    let reason =
        "the launcher cannot hand a port over on Windows yet; run `server --port N` instead";
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}

/// Waits for a process that [`spawn`] started: there is none.
pub fn wait_for_end(_: u32) {}

/// Ends a process that [`spawn`] started.
pub fn kill(_: &Child) {}

/// Windows has no signals.
#[must_use]
pub fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Calls `tell` for Ctrl-C, Ctrl-Break and the closing of the console.
///
/// # Errors
///
/// If the system refuses the handler.
pub fn on_signal(mut tell: impl FnMut(Signalled) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || tell(Signalled::Stop)).map_err(io::Error::other)
}

/// Makes the process that `command` will start outlive the console: it gets none.
pub fn detach(command: &mut Command) {
    const DETACHED_PROCESS: u32 = 0x8;
    command.creation_flags(DETACHED_PROCESS);
}

/// Tells a service manager that the server serves: there is none to tell.
pub fn notify_ready(_: &str) {}

/// Tells a service manager that the launch is ending: there is none to tell.
pub fn notify_stopping() {}

/// The name of the user who runs this, for the first choice of a port.
#[must_use]
pub fn user() -> String {
    env::var("USERNAME").unwrap_or_default()
}

/// The name of the pipe that stands for a control socket at `path`.
///
/// # Errors
///
/// If the path cannot be one.
pub fn socket_name(path: &Path) -> io::Result<Name<'_>> {
    let name = path.to_string_lossy().replace(['\\', '/', ':'], "-");
    format!("homeport{name}").to_ns_name::<GenericNamespaced>()
}

/// A listener for this user: the default of a pipe lets others read, but not write.
#[must_use]
pub fn for_this_user_alone(options: ListenerOptions<'_>) -> ListenerOptions<'_> {
    options
}

/// The memory that a process occupies: not asked here yet.
#[must_use]
pub fn memory_of(_: u32) -> Option<u64> {
    None
}
