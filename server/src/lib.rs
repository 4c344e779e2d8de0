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
//! - [`os`]: what depends on the operating system.

#![deny(unsafe_code)]

pub mod process;
pub mod web;
pub mod auth;
pub mod problem;
pub mod os;
