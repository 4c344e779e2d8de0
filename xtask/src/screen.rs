//! The one place that prints.

use std::io::{self, Write};

/// Prints one line on standard output. A closed output does not stop the checks: the exit code
/// has the result.
pub(crate) fn say(line: &str) {
    bytes(format!("{line}\n").as_bytes());
}

/// Passes another program's output on, unchanged and at once.
pub(crate) fn bytes(output: &[u8]) {
    let mut screen = io::stdout().lock();
    let _ = screen.write_all(output).and_then(|()| screen.flush());
}
