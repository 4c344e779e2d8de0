//! A long test: one app, two clients, and faults of every kind, again and again.
//!
//! `soak [--seed N] [--minutes M]`: `cargo xtask soak` builds everything and runs this. The faults
//! come from a seeded generator, so the same seed brings the same sequence.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match e2e::soak::Plan::of(std::env::args().skip(1)) {
        Ok(plan) => e2e::soak::run(&plan),
        Err(why) => {
            e2e::soak::say(&format!("soak: {why}\nusage: soak [--seed N] [--minutes M]"));
            ExitCode::from(2)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
