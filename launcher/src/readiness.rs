//! Readiness: the server's own word, checked once through `127.0.0.1`.
//!
//! The word alone would be believed of a server that listens on the wrong sockets; an answer on the
//! port alone would be believed of a stranger. Together they say that whoever opens the URL meets
//! the server we started.

use std::{fmt, time::Duration};

use shared::{app::AppName, identity::Secret, port::Port};
use uuid::Uuid;

/// How long the server may take for one identity request.
const PROOF_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a server did not become ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReady {
    /// Its process could not be started.
    NotStarted(String),
    /// It exited, with this code.
    Exited(Option<i32>),
    /// This signal ended it.
    Signalled(i32),
    /// It took too long.
    TimedOut {
        /// How long it was given.
        after: Duration,
        /// Whether it had said that it serves.
        said_ready: bool,
    },
    /// What it said, or what answered on its port, was wrong.
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
        match self {
            Self::NotStarted(why) => write!(f, "it could not be started: {why}"),
            Self::Exited(Some(code)) => write!(f, "it exited with code {code} before it was ready"),
            Self::Exited(None) => write!(f, "it exited before it was ready"),
            Self::Signalled(signal) => write!(f, "signal {signal} ended it before it was ready"),
            Self::TimedOut { after, said_ready: false } => {
                write!(f, "it did not say within {after:?} that it serves")
            }
            Self::TimedOut { after, said_ready: true } => {
                write!(f, "it said that it serves, but did not answer within {after:?}")
            }
            Self::WrongAnswer(what) => write!(f, "it gave a wrong answer: {what}"),
        }
    }
}

/// Asks whoever answers on `port` whether it is the server of this launch.
///
/// # Errors
///
/// What was wrong with the answer.
pub fn prove(secret: &Secret, app: &AppName, launch_id: Uuid, port: Port) -> Result<(), String> {
    let identity = secret.probe(port, PROOF_TIMEOUT).map_err(|error| error.to_string())?;
    if (&identity.app, identity.launch_id) == (app, launch_id) {
        Ok(())
    } else {
        Err(format!(
            "a server of the app {} answered, of launch {}",
            identity.app, identity.launch_id
        ))
    }
}
