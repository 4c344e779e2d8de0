//! `homeport`: the launcher, under the name that it is installed with.

use std::process::ExitCode;

fn main() -> ExitCode {
    launcher::run(std::env::args_os()).into()
}
