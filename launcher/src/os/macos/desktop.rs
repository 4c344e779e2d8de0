//! The desktop on macOS: a dialog by `osascript`.

use std::{env, ffi::OsStr, os::fd::BorrowedFd, process::Command};

use crate::os::unix;

/// The script that shows the dialog. The words come as arguments, so that nothing in them is read as a script.
const SCRIPT: [&str; 3] = [
    "on run argv",
    "display alert (item 1 of argv) message (item 2 of argv) as critical",
    "end run",
];

/// Whether a window could be seen: false in a session over SSH.
pub fn has_desktop() -> bool {
    env::var_os("SSH_CONNECTION").is_none()
}

/// Whether something leads from `opener` to a browser. The system brings one.
pub fn leads_to_browser(_opener: &str, _is_program: impl Fn(&OsStr) -> bool) -> bool {
    true
}

/// Shows a dialog and waits until it is closed. `false` if there is nothing to show it with.
pub fn show(title: &str, text: &str) -> bool {
    let mut script = Command::new("osascript");
    script.args(SCRIPT.iter().flat_map(|line| ["-e", line])).args(["--", title, text]);
    unix::desktop::first_shown([script])
}

/// Whether stdout or stderr reaches a reader.
pub fn output_is_read() -> bool {
    unix::desktop::output_is_read(is_log_of_session)
}

/// Whether the stream ends in the file where a session keeps the output of its programs: macOS has
/// no such file.
fn is_log_of_session(_: BorrowedFd<'_>) -> bool {
    false
}
