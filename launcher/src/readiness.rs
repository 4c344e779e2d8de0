//! Readiness: the server's `ready`, checked once by an identity request through `127.0.0.1`.
//!
//! A server that listens on the wrong sockets could send `ready`, and another program could answer on
//! the port. Both together prove that a client that opens the URL reaches the server we started.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use shared::{
    exit,
    identity::{Identity, ProbeError, Secret},
    launch::LaunchInfo,
    message,
};

/// The limit for one identity request, and for the whole proof.
const PROOF_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause between two requests: every second connection reaches the new server on average.
const PAUSE: Duration = Duration::from_millis(5);

/// Why a server did not become ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReady {
    /// Its process could not be started.
    NotStarted(String),
    /// With this code; `None` if the system does not tell it.
    Exited(Option<i32>),
    /// This signal ended it.
    Signalled(i32),
    /// It was not ready in time.
    TimedOut {
        /// The limit.
        after: Duration,
        /// Whether it had sent `ready`.
        said_ready: bool,
    },
    /// A line that it wrote, or an answer on its port, was wrong.
    WrongAnswer(String),
}

impl NotReady {
    /// The exit code and the signal, if the process has ended.
    pub(crate) fn end(&self) -> (Option<i32>, Option<i32>) {
        match self {
            Self::Exited(code) => (*code, None),
            Self::Signalled(signal) => (None, Some(*signal)),
            Self::NotStarted(_) | Self::TimedOut { .. } | Self::WrongAnswer(_) => (None, None),
        }
    }

    /// Whether the process may still be there.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::WrongAnswer(_))
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::NotStarted(why) => message!("readiness.not_started", why),
            Self::Exited(Some(code)) => {
                message!("readiness.exited_with", code = exit::in_words(*code))
            }
            Self::Exited(None) => message!("readiness.exited"),
            Self::Signalled(signal) => message!("readiness.signalled", signal),
            Self::TimedOut { after, said_ready: false } => {
                message!("readiness.no_ready", after = format_args!("{after:?}"))
            }
            Self::TimedOut { after, said_ready: true } => {
                message!("readiness.no_answer", after = format_args!("{after:?}"))
            }
            Self::WrongAnswer(what) => message!("readiness.wrong_answer", what),
        };
        f.write_str(&sentence)
    }
}

/// Asks for the identity on the port of `launch` until the launch's server `pid` answers.
///
/// During a restart the old server answers on the same sockets, and the kernel decides which of the
/// two accepts a connection; so the request is repeated.
///
/// # Errors
///
/// What was wrong with the last answer.
pub fn prove(secret: &Secret, launch: &LaunchInfo, pid: u32) -> Result<(), String> {
    let until = Instant::now() + PROOF_TIMEOUT;
    loop {
        let in_time = Instant::now() < until;
        let identity = match secret.probe(launch.port, PROOF_TIMEOUT) {
            Ok(identity) => identity,
            // The old server may have taken the connection with it as it went.
            Err(ProbeError::NoAnswer(_)) if in_time => {
                thread::sleep(PAUSE);
                continue;
            }
            Err(error) => return Err(error.to_string()),
        };
        if (&identity.app, identity.launch_id) != (&launch.app, launch.launch_id) {
            let Identity { app, launch_id, .. } = identity;
            return Err(message!("readiness.other_launch", app, launch = launch_id));
        }
        if identity.pid == pid {
            return Ok(());
        }
        if !in_time {
            return Err(message!("readiness.other_server", pid = identity.pid));
        }
        thread::sleep(PAUSE);
    }
}
