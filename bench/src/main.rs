//! Measures Homeport beside its peers. Every figure is a median of runs that alternate with those of
//! the peer, in the same process run, so that a ratio holds when the machine's speed drifts.
//!
//! The modules stand from the top down: [`args`] names the measurements, which build on the programs that
//! they compare and on the figures.
//!
//! ```sh
//! cargo build --release --workspace && cargo run --release -p bench -- --write README.md
//! ```

#![forbid(unsafe_code)]

mod args;

mod bare;

mod claims;
mod conflicts;
mod fan_out;
mod holders;
mod launches;
mod log_lines;
mod requests;
mod run;
mod idle;
mod restarts;

mod contenders;

mod load;
mod programs;
mod table;

mod stats;

use std::process::ExitCode;

fn main() -> ExitCode {
    args::run()
}
