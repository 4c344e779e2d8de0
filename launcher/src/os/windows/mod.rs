//! Windows: one file for each part of the system.
//!
//! Each module uses only modules that are declared below it.

mod console;
mod desktop;
pub mod login;
mod pipe;
mod process;

mod account;
mod handover;
mod job;
mod threads;

mod handle;

pub use self::{
    account::user,
    console::on_signal,
    desktop::{has_desktop, has_terminal, leave_own_console, output_is_read, show},
    handle::keep_to_ourselves,
    pipe::{for_this_user_alone, socket_name},
    process::{detach, kill, memory_of, signal_of, spawn, wait_for_end},
};

/// Does nothing: there is no service manager that expects a message when the server serves.
pub fn notify_ready(_: &str) {}

/// Does nothing: there is no service manager that expects a message when the launch ends.
pub fn notify_stopping() {}
