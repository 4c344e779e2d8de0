//! The port domain of Homeport: what its two programs must do or write in the same way.
//!
//! The modules are floors, from the top down: each uses only modules declared below it, and so does
//! each module within its folder.
//!
//! - [`explain`], [`recorded_instance`]: what is known of a port, now and before, and the processes that have an app.
//! - [`diagnose`]: why a port could not be claimed, and who holds it.
//! - [`assignment`], [`app_folder`], [`handover`], [`token`]: remembered ports and folders, the server's sockets and messages,
//!   the credentials of browsers and scripts.
//! - [`settings`], [`allotted_ports`], [`app_lock`], [`discovery`], [`identity`], [`logging`], [`program_log`], [`ready_line`]: what is kept in
//!   files or printed for programs.
//! - `rotation`: logs that are renamed when they grow.
//! - [`history`], [`launch`], [`environment`], [`atomic`]: records of what happened, and safe files.
//! - `log_file`, [`regular_file`]: a file that several processes append to, and one that may be
//!   something else.
//! - [`trust`], [`folder_links`]: which files are believed, and which links root writes through.
//! - [`claim`], [`policy`], [`paths`]: sockets on a port, the choice of a port, and folders.
//! - [`sentences`]: conflicts and records in words.
//! - [`os`], [`event`], [`advice`]: the operating system, the table of events, and advice. `unsafe`
//!   code lives in [`os`] alone.
//! - [`conflict`], [`next_command`]: a port that could not be claimed, and a command to type next.
//! - [`wire`]: messages on a pipe or a socket.
//! - the ground: [`app`], [`port`], [`words`], [`keys`], [`milliseconds`], [`exit`],
//!   [`invoked_as`], [`checkout`], [`clock`], [`printable`], [`value_error`], and [`messages`], the sentences for people.

#![deny(unsafe_code)]

pub mod explain;
pub mod recorded_instance;

pub mod diagnose;

pub mod app_folder;
pub mod assignment;
pub mod handover;
pub mod token;

pub mod allotted_ports;
pub mod app_lock;
pub mod discovery;
pub mod identity;
pub mod logging;
pub mod program_log;
pub mod ready_line;
pub mod settings;

mod rotation;

pub mod atomic;
pub mod environment;
pub mod history;
pub mod launch;

mod log_file;

pub mod regular_file;

pub mod folder_links;
pub mod trust;
pub mod access;

pub mod claim;
pub mod paths;
pub mod policy;

pub mod sentences;

pub mod event;
pub mod os;
pub mod advice;

pub mod conflict;
pub mod next_command;

pub mod wire;

pub mod app;
pub mod checkout;
pub mod clock;
pub mod exit;
pub mod invoked_as;
pub mod keys;
pub mod milliseconds;
pub mod one_line;
pub mod port;
pub mod printable;
pub mod value_error;
pub mod words;
pub mod messages;
