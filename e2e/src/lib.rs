//! End-to-end tests: real launchers, real servers, real conflicts.
//!
//! A test makes a [`Home`] of its own, starts programs in it with a [`Invocation`], and reads back what
//! they told: on stdout, in their exit code, and in the port history, every line of which is held to
//! the schema when the home is dropped. Whatever a test starts ends with its guard, by its process
//! id: a [`Running`] program, a [`Stranger`] that holds a port, a [`Netns`] to be alone in.
//!
//! Nothing sleeps but [`wait_until`] and its kin. Ports come from [`quiet_port`] or from the system.
//! What this machine refuses is [skipped](skip()) with its reason.
//!
//! These tests stand on Linux: on its namespaces, on `/proc`, on handles of processes. The Windows
//! programs are run here too, under [`Wine`]: a home knows whose programs it runs, so that a test that
//! holds for every system is written once (`tests/portable`).

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

mod browser;
mod captured_output;
mod chromedriver;
mod debian;
mod desktop;
mod home;
mod http;
mod invocation;
mod load;
mod lock;
mod netns;
mod packages;
mod ports;
mod process;
mod programs;
mod records;
mod run_context;
mod running;
mod skip;
pub mod soak;
mod stranger;
mod wait;
mod wine;

pub use browser::{Browser, Look, axe};
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
pub use process::Watched;
pub use programs::{found, installed, program};
pub use run_context::{NOBODY, RunContext};
pub use running::{Ended, ReadyMessage, Running};
pub use skip::skip;
pub use stranger::Stranger;
pub use wait::{PATIENCE, wait_for, wait_until};
pub use wine::{HeldFile, Wine};
