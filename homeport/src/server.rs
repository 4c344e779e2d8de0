//! `homeport-server`: the server, under the name that it is installed with.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run(std::env::args_os()).into()
}
