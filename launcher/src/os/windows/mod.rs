//! Windows: one file for each thing that is asked of it.

mod account;
mod console;
mod desktop;
mod handle;
mod handover;
mod job;
pub mod login;
mod pipe;
mod process;
mod threads;

pub use self::{
    account::user,
    console::on_signal,
    desktop::{has_desktop, has_terminal, leave_own_console, output_is_read, show},
    handle::keep_to_ourselves,
    pipe::{for_this_user_alone, socket_name},
    process::{detach, kill, memory_of, signal_of, spawn, wait_for_end},
};

/// Tells a service manager that the server serves: there is none to tell.
pub fn notify_ready(_: &str) {}

/// Tells a service manager that the launch is ending: there is none to tell.
pub fn notify_stopping() {}
