//! The launcher of Homeport, in the order in which a launch passes through it.
//!
//! [`args`] is what was typed and [`options`] what is meant; a [`launch`] is one
//! run. [`candidates`] orders the ports worth
//! trying and [`choose`] claims one of them. [`handover`] starts the server on it, [`readiness`]
//! asks it who it is, and [`supervisor`] watches over it. [`render`] and [`error`] are what a person
//! sees, [`desktop`] the browser and what is done without a terminal; [`commands`] is one file for each
//! command. The operating system sits behind [`os`], and
//! `unsafe` lives there alone.
//!
//! There is no async runtime: one thread for each source of news feeds one channel.

#![deny(unsafe_code)]

use std::{ffi::OsString, panic};

use shared::{exit::Exit, invoked_as};

use self::desktop::message::Message;

pub mod args;
pub mod candidates;
pub mod choose;
pub mod commands;
pub mod control;
pub mod desktop;
pub mod error;
pub mod handover;
pub mod home;
pub mod instance;
pub mod keeper;
pub mod launch;
pub mod markup;
pub mod options;
pub mod os;
pub mod readiness;
pub mod render;
pub mod supervisor;

/// Runs the launcher with this command line; the first word is the program's own name.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> Exit {
    os::leave_own_console();
    shared::os::survive_file_size_limit();
    os::keep_to_ourselves();
    let argv: Vec<_> = argv.into_iter().collect();
    invoked_as::keep(&argv);
    panic::catch_unwind(|| match args::parse(&argv) {
        Ok(typed) => commands::run(typed, &argv),
        Err(exit) => exit,
    })
    .unwrap_or_else(|_| {
        desktop::tell(&Message::said("the launcher has ended because of a bug in it"), None);
        Exit::Bug
    })
}
