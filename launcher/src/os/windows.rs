//! Windows. The hand-over is not there yet, and starting a server says so.

use std::{
    env, io,
    net::TcpListener,
    process::{Child, Command, ExitStatus},
};

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

/// Calls `stop` for Ctrl-C, Ctrl-Break and the closing of the console.
///
/// # Errors
///
/// If the system refuses the handler.
pub fn on_stop(stop: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(stop).map_err(io::Error::other)
}

/// The name of the user who runs this, for the first choice of a port.
#[must_use]
pub fn user() -> String {
    env::var("USERNAME").unwrap_or_default()
}
