//! `cargo xtask gen-history`: makes a port history of years, with the generator of `shared`.

use crate::{
    cargo::{cargo, outcome, root},
    report::Outcome,
    screen,
};
use clap::Args as Arguments;
use std::{env, path::PathBuf, process::ExitCode};

/// The arguments of the generator.
#[derive(Debug, Arguments)]
pub(crate) struct GenHistoryArgs {
    /// The seed of the random numbers: the same seed gives the same history
    #[arg(long)]
    seed: u64,
    /// How many records; three years are spread over them
    #[arg(long)]
    records: u64,
    /// Damage lines and lose records; the truth goes to FILE.truth.jsonl
    #[arg(long, requires = "out")]
    faults: bool,
    /// The file to write, in place of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Builds the generator with optimisations, because years are many records, and runs it.
pub(crate) fn run(args: &GenHistoryArgs) -> ExitCode {
    let mut make = cargo(["run", "--release", "--quiet", "--manifest-path"]);
    make.arg(root().join("Cargo.toml"));
    make.args(["-p", "shared", "--features", "generate", "--bin", "gen_history", "--"]);
    make.args([&args.seed.to_string(), &args.records.to_string()]);
    make.arg(if args.faults { "faults" } else { "sound" });
    make.arg(args.out.clone().unwrap_or_else(|| "-".into()));
    // The file is named from where the person is.
    make.current_dir(env::current_dir().unwrap_or_else(|_| root()));
    match outcome(make) {
        Outcome::Failed(why) => {
            screen::say(&format!("xtask: {why}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
