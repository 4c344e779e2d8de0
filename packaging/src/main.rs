//! From programs to packages. `cargo xtask package` builds the programs and then runs this.
//!
//! A [`tree`] is what a package contains: paths, bytes, and who may run them. [`linux`], [`windows`]
//! and [`macos`] list what belongs into theirs; [`deb`], [`archive`] and [`installer`] make one file
//! of it. [`manual`], [`completions`] and [`icons`] are drawn from the programs' own definitions and
//! from the one drawing; [`sbom`] and [`checksums`] list the contents.
//!
//! The modules stand from the top down: each names only those below it.
//!
//! Nothing here looks at the clock, at the user or at the order of a folder: the same programs give
//! the same bytes, and [`date`] is the only time there is.

#![forbid(unsafe_code)]

mod args;

mod installer;

mod linux;
mod macos;
mod windows;

mod archive;
mod completions;
mod deb;

mod checksums;
mod icons;
mod libraries;
mod manual;
mod sbom;

mod date;
mod tree;

mod problem;
mod screen;
mod version;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match args::PackagingArgs::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            screen::print(&format!("packaging: {problem}"));
            ExitCode::FAILURE
        }
    }
}
