//! The desktop on macOS.

use std::{
    env,
    os::fd::BorrowedFd,
    path::{Path, PathBuf},
    process::Command,
};

use crate::os::unix;

pub(in crate::os) use crate::desktop::login::launch_agent as login_format;

/// What shows the box. The words come as arguments, so that nothing in them is read as a script.
const SCRIPT: [&str; 3] = [
    "on run argv",
    "display alert (item 1 of argv) message (item 2 of argv) as critical",
    "end run",
];

/// Whether a window could be seen: there is a desktop, but for those who come from elsewhere.
pub fn has_desktop() -> bool {
    env::var_os("SSH_CONNECTION").is_none()
}

/// Shows a box and waits until it is closed. `false` if there is nothing to show it with.
pub fn show(title: &str, text: &str) -> bool {
    let mut script = Command::new("osascript");
    script.args(SCRIPT.iter().flat_map(|line| ["-e", line])).args(["--", title, text]);
    unix::desktop::first_shown([script])
}

/// Whether this is where a session keeps what its programs say: there is no such file here.
pub(in crate::os) fn is_log_of_session(_: BorrowedFd<'_>) -> bool {
    false
}

/// The file that has launchd start something at login.
pub(in crate::os) fn login_file(name: &str) -> Option<PathBuf> {
    let home = env::home_dir()?;
    Some(home.join(Path::new("Library/LaunchAgents")).join(format!("{name}.plist")))
}
