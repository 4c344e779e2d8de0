//! The launcher of Homeport.
//!
//! The modules are declared from the top floor down: a module uses only modules that are declared
//! below it, and modules of one group do not use each other. `cargo xtask floors` shows the order.
//!
//! [`commands`] is one file for each command. A start resolves [`args`] to [`options`] and opens a
//! [`launch`]. [`candidates`] orders the ports to try and [`choose`] claims one of them. [`handover`]
//! starts the server on it, [`readiness`] asks the server for its identity, and [`supervisor`] watches it.
//! [`render`] and [`error`] are what a person sees; [`desktop`] is the browser and what is done without a
//! terminal. The operating system sits behind [`os`], and `unsafe` is allowed there alone.
//!
//! One thread for each source of events feeds one channel. There is no async runtime but that of a [`forwarder`], while
//! one is open.

#![deny(unsafe_code)]

use std::{ffi::OsString, panic};

use shared::{clock, exit::Exit, invoked_as, message, words::Process};

use self::desktop::{message::Message, opener};

pub mod commands;

pub mod home_port;

pub mod supervisor;

pub mod further_ports;

pub mod launch_state;

pub mod allotment;
pub mod run_files;

pub mod launch;

pub mod render;

pub mod desktop;

pub mod error;

pub mod choose;
pub mod handover;
pub mod instance;

pub mod candidates;
pub mod control;
pub mod hold;
pub mod readiness;

pub mod forwarder;
pub mod program;
pub mod sitter;

pub mod program_file;

pub mod options;

pub mod args;
pub mod os;

pub mod markup;

/// Runs the launcher with this command line; the first argument is the program's own name.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> Exit {
    os::leave_own_console();
    shared::os::reset_inherited();
    os::keep_to_ourselves();
    let argv: Vec<_> = argv.into_iter().collect();
    invoked_as::keep(Process::Launcher, &argv);
    if let Some(exit) = internal_role(&argv) {
        return exit;
    }
    panic::catch_unwind(|| {
        // A time of the command line may be counted from now.
        if let Err(wrong) = clock::check() {
            render::error(&wrong);
            desktop::show_error(&Message::without_advice(&wrong.to_string()), None);
            return Exit::NotReady;
        }
        match args::parse(&argv) {
            Ok(typed) => commands::run(typed, &argv),
            Err(text) => commands::print_usage(&text),
        }
    })
    .unwrap_or_else(|_| {
        desktop::show_error(&Message::without_advice(&message!("failure.bug")), None);
        Exit::Bug
    })
}

/// Runs the process as what a launcher has started it for. No person types these words.
fn internal_role(argv: &[OsString]) -> Option<Exit> {
    let [_, role, rest @ ..] = argv else { return None };
    let opened = match role.to_str()? {
        sitter::ARGUMENT => return Some(sitter::run(rest)),
        opener::FORK_ARGUMENT => opener::fork(),
        opener::ARGUMENT => opener::open_address(),
        _ => return None,
    };
    Some(opened.map_or_else(
        |error| {
            render::warning(message!("warning.no_browser_why", error));
            Exit::NotReady
        },
        |()| Exit::Done,
    ))
}
