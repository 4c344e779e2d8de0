//! An end that was asked for, the server's own, or a failure.

use shared::{
    conflict::Conflict,
    event::{EndReason, Ending, RequestedBy, ServerEnd},
    port::Port,
    settings::Restart,
};

use crate::{error::LaunchError, readiness::NotReady};

/// How a launch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchOutcome {
    /// A person or the system asked for the end.
    Stopped {
        /// Who asked first; `None` if the request has none.
        by: Option<RequestedBy>,
    },
    /// The server ended by itself with exit code 0.
    Finished,
    /// The first server did not become ready.
    NotReady(NotReady),
    /// Other programs have the ports that it was to bind.
    NoPort(Vec<Conflict>),
    /// The server ended with an exit code that the next start would repeat.
    Final(i32),
    /// A process of the program does not take our signals, and lives on.
    NotEnded {
        /// Its process id.
        pid: u32,
    },
    /// The server failed, and is not started again.
    GaveUp {
        /// Its last end.
        end: ServerEnd,
        /// The setting `restart`.
        rule: Restart,
    },
}

impl LaunchOutcome {
    /// Whether it is neither an end that was asked for nor the server's own.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Stopped { .. } | Self::Finished)
    }

    /// The end of a launch on `port`.
    ///
    /// # Errors
    ///
    /// If it failed.
    pub fn into_result(self, port: Port) -> Result<Ending, LaunchError> {
        match self {
            Self::Stopped { by } => Ok(Ending::of(port, EndReason::Asked).asked(by)),
            Self::Finished => Ok(Ending::of(port, EndReason::ServerFinished)),
            Self::NoPort(conflicts) => Err(LaunchError::NoPort(conflicts)),
            Self::NotReady(reason) => {
                Err(LaunchError::NotReady { port, reason, command: None, last_lines: vec![] })
            }
            Self::NotEnded { pid } => Err(LaunchError::NotEnded { port, pid }),
            Self::Final(code) => Err(LaunchError::Final { port, code, last_lines: vec![] }),
            Self::GaveUp { end, rule } => {
                Err(LaunchError::GaveUp { port, end, rule, last_lines: vec![] })
            }
        }
    }
}
