//! `cargo xtask schemathesis`: the test of the API against its own description, for longer. The
//! test itself, and which version asks, is in `e2e/tests/linux/openapi.rs`.

use crate::{
    cargo::{cargo, exit_code, outcome_of_all},
    report::Outcome,
};
use std::process::ExitCode;

/// The variable with the number of requests that the test generates per operation.
const VARIABLE: &str = "HOMEPORT_EXAMPLES";

/// Builds the programs, and runs the test with so many examples.
pub(crate) fn run(examples: u32) -> ExitCode {
    exit_code(stage(examples))
}

/// The same, as a stage of a longer run.
pub(crate) fn stage(examples: u32) -> Outcome {
    let build = cargo(["build", "-p", "launcher", "-p", "server", "-p", "e2e"]);
    let mut test =
        cargo(["test", "-p", "e2e", "--test", "linux", "openapi::", "--", "--nocapture"]);
    test.env(VARIABLE, examples.to_string());
    outcome_of_all([build, test])
}
