//! The end of a server, as records and deadlines have it.

use std::time::Duration;

use shared::event::ServerEnd;

use crate::readiness::NotReady;

/// How long a server may take to end after it was killed, before it is killed again. No process can
/// ignore the signal, but one that waits for a disk ends late.
pub(super) const KILL_INTERVAL: Duration = Duration::from_secs(12);

/// The signal of a server that we kill.
pub(super) const KILLED: Option<i32> = Some(9);

/// The exit code and the signal of a server that is not ready: it has ended, or is killed now.
pub(super) fn end_of(reason: &NotReady) -> (Option<i32>, Option<i32>) {
    if reason.is_alive() { (None, KILLED) } else { reason.end() }
}

pub(super) fn server_end(
    exit_code: Option<i32>,
    signal: Option<i32>,
    attempt: u32,
    uptime: Duration,
) -> ServerEnd {
    let uptime = Some(uptime);
    ServerEnd { exit_code, signal, uptime, attempt, ..ServerEnd::default() }
}
