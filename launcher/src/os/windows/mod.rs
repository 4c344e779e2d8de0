//! Windows: one file for each part of the system.
//!
//! Each module uses only modules that are declared below it.

mod desktop;
pub mod login;
mod pipe;
pub mod sitter;

mod process;

mod console;
mod notify_socket;
mod terminal;

mod account;
mod handover;
mod job;
mod text;
mod threads;

mod handle;

use std::{env, io, path::PathBuf};

pub use self::{
    account::user,
    console::on_signal,
    desktop::{
        has_desktop, has_terminal, leads_to_browser, leave_own_console, output_is_read, show,
    },
    handle::keep_to_ourselves,
    notify_socket::NotifySocket,
    pipe::{
        ListenerCloser, check_substitute_folder, for_this_user_alone, is_connected,
        is_listening_at, make_substitute_folder, substitute_folder, substitute_socket,
        with_socket_name,
    },
    process::{SHELL, become_program, detach, kill, memory_of, signal_of, spawn, wait_for_end},
    terminal::{GIVES_TERMINALS, TerminalRelay, is_in_background, is_terminal_raw, terminal_size},
    text::part_of,
};

/// Whether `PATH` and `Path` are one variable.
pub const VARIABLES_IGNORE_CASE: bool = true;

/// What asks a program to end: there is one way, and it is no signal.
pub const STOP_SIGNAL: i32 = 0;

/// The number of the signal with this name: there are none.
pub fn signal_number(_: &str) -> Option<i32> {
    None
}

/// The file of this very program.
pub fn own_program() -> PathBuf {
    // The name by which it was started finds it as well, unless the folder has changed.
    env::current_exe().unwrap_or_else(|_| env::args_os().next().unwrap_or_default().into())
}

/// Does nothing: what a program starts stays in its job.
pub fn adopt_orphans() {}

/// Has a launcher write anew what it has lost: no signal does here.
///
/// # Errors
///
/// Always.
pub fn nudge(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether a process would write anew what it has lost: no signal does here.
pub fn takes_nudges(_: u32) -> bool {
    false
}

/// Whether a process was killed and has yet to end: nothing says so here.
pub fn is_ending(_: u32) -> bool {
    false
}

/// Does nothing: there is no service manager that expects a message when the server serves.
pub fn notify_ready(_: &str) {}

/// Does nothing: there is no service manager that expects a message when the launch ends.
pub fn notify_stopping() {}
