//! The launcher: claims a free port, remembers it, starts a server on it and watches over it.

use std::process::ExitCode;

fn main() -> ExitCode {
    launcher::run(std::env::args_os()).into()
}
