//! From programs to packages. `cargo xtask package` builds the programs and then runs this.
//!
//! A [`tree`] is what a package contains: paths, bytes, and who may run them. [`linux`], [`windows`]
//! and [`macos`] say what belongs into theirs; [`deb`], [`archive`] and [`installer`] make one file
//! of it. [`manual`], [`completions`] and [`icons`] are drawn from the programs' own definitions and
//! from the one drawing; [`sbom`] and [`checksums`] tell what is in it all.
//!
//! Nothing here looks at the clock, at the user or at the order of a folder: the same programs give
//! the same bytes, and [`date`] is the only time there is.

#![forbid(unsafe_code)]

mod archive;
mod args;
mod checksums;
mod completions;
mod date;
mod deb;
mod icons;
mod installer;
mod libraries;
mod linux;
mod macos;
mod manual;
mod problem;
mod sbom;
mod tree;
mod windows;

use clap::Parser;
use std::process::ExitCode;

/// The version of everything in a package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    match args::Args::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            screen(&format!("packaging: {problem}"));
            ExitCode::FAILURE
        }
    }
}

/// Says one line; whoever has closed the output does not want it.
fn screen(line: &str) {
    use std::io::{Write, stdout};
    let _ = writeln!(stdout(), "{line}");
}
