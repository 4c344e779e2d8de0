//! `server`: serves an app on a given port. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run(std::env::args_os()).into()
}
