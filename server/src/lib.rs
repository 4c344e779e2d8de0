//! The server of Homeport: an actix-web server that adopts a claimed port, or claims the one that it
//! is told, and says what it knows of it.
//!
//! The modules stand in the order of the flow. [`mod@run`] is the program: [`args`] are what was typed,
//! [`sockets`] finds the way to sockets, by way of the [`listener`] that somebody passed in, the
//! [`control`] lines of a launcher, or a claim; [`taken`] explains why there is none. A [`launch`]
//! then makes an [`app::Application`] of them and stays with it to the end of its [`life`], which
//! the [`os`] may ask for too; [`report`] tells people and programs.
//!
//! The [`files`] of the app, the [`story`] of the launch and people's [`wishes`] are what the API
//! reads and changes.
//!
//! In front of every request stand [`metrics`], [`access_log`], [`connections`], [`guard`] and
//! [`moved`]. [`routes`] answers what keeps the [`bounds`] from [`app_state`], some of it only to whoever
//! has the [`token`] or came in with one of the [`tickets`], within so many [`attempts`], and says no
//! with an [`error`]; what is ours goes out with a [`seal`], and the pages in a language of
//! [`i18n`].

#![deny(unsafe_code)]

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
};

use shared::exit::Exit;

pub mod access_log;
pub mod app;
pub mod app_state;
pub mod args;
pub mod attempts;
pub mod bounds;
pub mod connections;
pub mod control;
pub mod error;
pub mod files;
pub mod guard;
pub mod i18n;
pub mod launch;
pub mod life;
pub mod listener;
pub mod metrics;
pub mod moved;
pub mod os;
pub mod report;
pub mod routes;
pub mod run;
pub mod seal;
pub mod sockets;
pub mod story;
pub mod taken;
pub mod tickets;
pub mod token;
pub mod wishes;

/// Runs the server with this command line; the first word is the program's own name.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> Exit {
    let argv: Vec<_> = argv.into_iter().collect();
    // The default hook has said on stderr what happened; the code says that it is our fault.
    catch_unwind(AssertUnwindSafe(|| run::run(&argv))).unwrap_or(Exit::Bug)
}
