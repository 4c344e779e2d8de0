//! The end of a server, as records and deadlines have it.

use std::time::Duration;

use shared::event::{ServerEnd, masked_text};

use crate::readiness::NotReady;

/// How long a server may take to end after it was killed, before it is killed again. No process can
/// ignore the signal, but one that waits for a disk ends late.
pub(super) const KILL_INTERVAL: Duration = Duration::from_secs(12);

/// The signal of a server that we kill.
pub(super) const KILLED: Option<i32> = Some(9);

/// The end of a server that is not ready: it has ended, is killed now, or was not started.
pub(super) fn end_of(reason: &NotReady, attempt: u32, uptime: Duration) -> ServerEnd {
    let (exit_code, signal) = if reason.is_alive() { (None, KILLED) } else { reason.end() };
    let error = match reason {
        NotReady::NotStarted(failure) => Some(masked_text(&failure.why)),
        _ => None,
    };
    ServerEnd { error, ..server_end(exit_code, signal, attempt, uptime) }
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
