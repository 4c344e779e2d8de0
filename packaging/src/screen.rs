//! The one place that prints.

use std::io::{Write, stdout};

/// Prints one line on standard output. A closed output is no reason to stop packaging.
pub(crate) fn print(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}
