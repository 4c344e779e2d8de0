//! `server`: serves an app on the port that it is told. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run(std::env::args_os()).into()
}
