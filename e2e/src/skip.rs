//! Recording why a test cannot run here.

use std::{env, fs::OpenOptions, io::Write, thread};

/// The file that `cargo xtask test` reads the skipped tests from.
const VARIABLE: &str = "HOMEPORT_SKIPS";

/// Records why the test of this thread does not run, or not in full. The caller returns after it.
///
/// # Panics
///
/// If the file that was asked for cannot be written: a silent skip would count as a pass.
pub fn skip(reason: &str) {
    let thread = thread::current();
    // libtest names the thread of a test after the test.
    let name = thread.name().unwrap_or("a test without a name");
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    show(&format!("{name} is skipped: {reason}"));
    let Some(file) = env::var_os(VARIABLE) else { return };
    let line = format!("{name}\t{reason}\n");
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.and_then(|mut file| file.write_all(line.as_bytes())).expect("a skip must be told");
}

#[expect(clippy::print_stderr, reason = "only the macros are kept with the test they come from")]
fn show(text: &str) {
    eprintln!("{text}");
}
