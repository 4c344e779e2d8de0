//! The hand-over: how claimed sockets reach the server (docs/handover.md).
//!
//! On Unix they are open file descriptors from [`FIRST_FD`] up, announced by `LISTEN_FDS` and
//! `LISTEN_FDNAMES` as systemd announces them (`sd_listen_fds(3)`). `LISTEN_PID` is left out,
//! because the child's process id is not known before it exists; who passes sockets to a process
//! he has not started himself sets it.

/// The name of our own server's program, without an ending.
pub const SERVER: &str = "server";

/// The first descriptor that carries a socket, after stdin, stdout and stderr.
pub const FIRST_FD: i32 = 3;

/// How many sockets are passed.
pub const LISTEN_FDS: &str = "LISTEN_FDS";

/// Whom they are for; a wrong one means "not for you".
pub const LISTEN_PID: &str = "LISTEN_PID";

/// Their names, joined by colons: [`FD_NAME`] for each.
pub const LISTEN_FDNAMES: &str = "LISTEN_FDNAMES";

/// The name that every socket of ours is passed under.
pub const FD_NAME: &str = "http";

/// The value of [`LISTEN_FDNAMES`] for this many sockets.
#[must_use]
pub fn fd_names(sockets: usize) -> String {
    vec![FD_NAME; sockets].join(":")
}
