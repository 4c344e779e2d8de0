//! Measures Homeport beside its peers. Every figure is a median of runs that alternate with those of
//! the peer, in the same process run, so that a ratio holds when the machine's speed drifts.
//!
//! ```sh
//! cargo build --release --workspace && cargo run --release -p bench -- --write README.md
//! ```

#![forbid(unsafe_code)]

mod args;
mod bare;
mod claims;
mod conflicts;
mod contenders;
mod fan_out;
mod holders;
mod launches;
mod load;
mod programs;
mod requests;
mod rest;
mod restarts;
mod stats;
mod table;

use std::process::ExitCode;

fn main() -> ExitCode {
    args::run()
}
