//! The end of a server, as records and deadlines have it.

use std::time::Duration;

use shared::event::ServerEnd;

/// How long a server may take to end after it was killed, before it is killed again. No process can
/// ignore the signal, but one that waits for a disk ends late.
pub(super) const KILL_INTERVAL: Duration = Duration::from_secs(12);

/// The signal of a server that we kill.
pub(super) const KILLED: Option<i32> = Some(9);

pub(super) fn server_end(
    exit_code: Option<i32>,
    signal: Option<i32>,
    attempt: u32,
    uptime: Duration,
) -> ServerEnd {
    let uptime = Some(uptime);
    ServerEnd { exit_code, signal, uptime, attempt, ..ServerEnd::default() }
}
