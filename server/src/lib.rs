//! The server of Homeport: an actix-web server that serves on a claimed port, or claims the port
//! that it is given, and reports what it knows of it.
//!
//! The modules are floors, from the top down: each uses only itself and the floors declared below
//! it, and within a floor each module uses only modules declared below it.
//!
//! - [`process`]: the program, from the command line to the exit code.
//! - [`web`]: the application, what stands in front of every request, and the routes.
//! - [`auth`]: tokens, tickets and the limit on wrong credentials.
//! - [`problem`]: why a request was refused.
//! - `json_body`: JSON as the body of a response.
//! - [`os`]: what depends on the operating system.

#![deny(unsafe_code)]

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
};

use shared::exit::Exit;

pub mod process;
pub mod web;
pub mod auth;
pub mod problem;
mod json_body;
pub mod os;

/// Runs the server with this command line; the first word is the program's own name.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> Exit {
    let argv: Vec<_> = argv.into_iter().collect();
    // The default hook has printed what happened on stderr; the exit code marks it as a bug.
    catch_unwind(AssertUnwindSafe(|| process::run::run(&argv))).unwrap_or(Exit::Bug)
}
