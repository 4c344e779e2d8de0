//! What `/proc/PID/stat` has of a process.

use std::fs;

/// The fields of `proc_pid_stat(5)` from the state on.
pub(super) fn state_of(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which may hold anything.
    stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}
