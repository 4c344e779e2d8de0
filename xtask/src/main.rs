//! Developer commands of Homeport: `cargo xtask start`, `cargo xtask test`, `cargo xtask soak`,
//! `cargo xtask fuzz`, `cargo xtask gen-history`, `cargo xtask schemathesis`,
//! `cargo xtask windows`, `cargo xtask version-0-1`, `cargo xtask package`,
//! `cargo xtask commit-msg`, `cargo xtask floors`, `cargo xtask names` and
//! `cargo xtask workflows`.
//!
//! They are everything that a developer or an automatic check needs beyond plain cargo, written in
//! Rust, so that one command does the same on every machine.
//!
//! The modules stand from the top floor down, and each names only modules below its own floor: the
//! command line, the commands, the tools that they need, then running programs and reporting.

#![forbid(unsafe_code)]

mod args;
mod stages;

mod commit_msg;
mod deny;
mod fuzz;
mod gen_history;
mod package;
mod schemathesis;
mod soak;
mod start;
mod structure;
mod tests;
mod workflows;

mod version_0_1;
mod windows;
mod windows_node;

mod needs;

mod apt;
mod axe;
mod windows_toolchain;

mod cargo;

mod report;

mod counts;

mod screen;
mod skips;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    args::XtaskArgs::parse().run()
}
