//! Developer commands of Homeport: `cargo xtask start`, `cargo xtask test`, `cargo xtask soak`,
//! `cargo xtask fuzz`, `cargo xtask gen-history`, `cargo xtask schemathesis`, `cargo xtask windows`,
//! `cargo xtask package`, `cargo xtask commit-msg`, `cargo xtask floors` and `cargo xtask workflows`.
//!
//! Whatever a developer or an automatic check needs beyond plain cargo is here, in Rust, so that one
//! command means the same on every machine.

#![forbid(unsafe_code)]

mod apt;
mod args;
mod axe;
mod cargo;
mod commit_msg;
mod counts;
mod deny;
mod fuzz;
mod gen_history;
mod needs;
mod package;
mod report;
mod schemathesis;
mod screen;
mod skips;
mod soak;
mod stages;
mod start;
mod structure;
mod tests;
mod windows;
mod windows_toolchain;
mod workflows;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    args::XtaskArgs::parse().run()
}
