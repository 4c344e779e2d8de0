//! End-to-end tests: real launchers, real servers, real conflicts.
//!
//! A test makes a [`Home`] of its own, starts programs in it with an [`Invocation`], and checks
//! their output: on stdout, in their exit code, and in the port history, every line of which is
//! held to the schema when the home is dropped. Whatever a test starts ends with its guard, by its
//! process id: a [`Running`] program, a [`Stranger`] that holds a port, a [`Netns`] to be alone in.
//!
//! Nothing sleeps but [`wait_until`] and its kin. Ports come from [`quiet_port`] or from the
//! system. What this machine refuses is [skipped](skip()) with its reason.
//!
//! These tests need Linux: its namespaces, `/proc`, handles of processes. Wine runs the Windows
//! programs here too, in a home [for them](Home::in_wine), so that a test for every system is
//! written once (`tests/portable`).
//!
//! The modules stand from the top floor down, and each names only modules below its own floor: the
//! long test, what surrounds a home, the home, how a program is started and runs, then tools.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

pub mod soak;

mod browser;
mod desktop;

mod project;

mod home;

mod pty;

mod invocation;

mod program_tree;

mod running;

mod captured_output;
mod chromedriver;
mod debian;
mod load;
mod netns;
mod packages;
mod stranger;
mod wine;

mod run_context;

mod http;
mod lock;
mod ports;
mod process;
mod programs;
mod records;
mod skip;
mod wait;

pub use browser::{Browser, Viewport, axe};
pub use debian::Debian;
pub use desktop::Tools;
pub use home::Home;
pub use http::{Answer, get, send};
pub use invocation::Invocation;
pub use load::{Load, LoadCounts};
pub use lock::lock;
pub use netns::Netns;
pub use packages::{Packages, stripped};
pub use ports::{is_free, quiet_port, quiet_range};
pub use process::WatchedProcess;
pub use program_tree::{ProgramTree, listeners_on};
pub use programs::{copy_program, found, installed, program};
pub use project::{Project, python, script};
pub use pty::{PseudoTerminal, TerminalMode};
pub use run_context::{NOBODY, RunContext};
pub use running::{Ended, ReadyMessage, Running};
pub use skip::skip;
pub use stranger::Stranger;
pub use wait::{PATIENCE, wait_for, wait_until};
pub use wine::{HeldFile, node_for_windows};
