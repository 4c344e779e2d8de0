//! Why a launch failed: what happened, why, what to do now, and with which code to end.

use shared::{
    claim::ClaimError,
    conflict::Conflict,
    environment::VariableError,
    event::{EndReason, ServerEnd},
    exit::{self, Exit},
    port::Port,
    settings::Restart,
};

use crate::{
    choose::ChoiceError, handover::NoServer, instance::Unresponsive, options::OptionsError,
    readiness::NotReady,
};

/// Why a launch failed, one variant for each stage that can fail.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The command line, the environment or the settings make no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// Another launcher of the app is there and its server does not answer.
    #[error(transparent)]
    Unresponsive(#[from] Unresponsive),
    /// An explicit port, or every candidate, was refused.
    #[error("{}", headline(.0))]
    NoPort(Vec<Conflict>),
    /// The remembered port was refused, and the person wants no other.
    #[error("{}", headline(.0))]
    MustNotMove(Vec<Conflict>),
    /// No socket could be had at all.
    #[error("no port could be claimed")]
    Claim(#[source] ClaimError),
    /// There is no server to start.
    #[error(transparent)]
    NoServer(#[from] NoServer),
    /// The server did not become ready.
    #[error("the server did not start")]
    NotReady(NotReady),
    /// It failed, and is not started again.
    #[error("the server failed, and was not started again")]
    GaveUp {
        /// Its last end.
        end: ServerEnd,
        /// What the person said about starting it again.
        rule: Restart,
    },
    /// It ended in a way that the next one would share.
    #[error("the server ended with exit code {0}")]
    Final(i32),
}

fn headline(conflicts: &[Conflict]) -> String {
    conflicts.first().map_or_else(
        || "every port of the range is taken".to_owned(),
        |conflict| format!("port {} is not available", conflict.port),
    )
}

fn given_up(end: &ServerEnd, rule: Restart) -> String {
    let how = match (end.signal, end.exit_code) {
        (Some(signal), _) => format!("signal {signal} ended it"),
        (None, Some(code)) => format!("it exited with code {}", exit::told(code)),
        (None, None) => "it ended".to_owned(),
    };
    match rule {
        Restart::OnFailure => format!("{how}, the last of five failures within a minute"),
        Restart::Never => format!("{how}, and the settings say `restart = \"never\"`"),
    }
}

impl LaunchError {
    /// The exit code that says so.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Options(OptionsError::Variable(_)) => Exit::Usage,
            Self::Options(OptionsError::Settings(_) | OptionsError::NoHome(_)) => Exit::BadSettings,
            Self::NoPort(_) | Self::MustNotMove(_) | Self::Claim(_) => Exit::PortUnavailable,
            Self::NoServer(_) | Self::NotReady(_) | Self::GaveUp { .. } | Self::Unresponsive(_) => {
                Exit::NotReady
            }
            Self::Final(code) => match Exit::from_code(*code) {
                Some(exit @ (Exit::PortUnavailable | Exit::BadSettings)) => exit,
                _ => Exit::NotReady,
            },
        }
    }

    /// One word for records.
    pub fn reason(&self) -> EndReason {
        match self {
            Self::Options(OptionsError::Variable(_)) => EndReason::Usage,
            Self::Options(OptionsError::Settings(_)) => EndReason::Settings,
            Self::Options(OptionsError::NoHome(_)) => EndReason::NoHome,
            Self::Unresponsive(_) => EndReason::UnresponsiveInstance,
            Self::NoPort(_) | Self::Claim(_) => EndReason::NoPort,
            Self::MustNotMove(_) => EndReason::MustNotMove,
            Self::NoServer(_) => EndReason::NoServer,
            Self::NotReady(NotReady::NotStarted(_)) => EndReason::NotStarted,
            Self::NotReady(NotReady::Exited(_)) => EndReason::Exited,
            Self::NotReady(NotReady::Signalled(_)) => EndReason::Signalled,
            Self::NotReady(NotReady::TimedOut { .. }) => EndReason::TimedOut,
            Self::NotReady(NotReady::WrongAnswer(_)) => EndReason::WrongAnswer,
            Self::GaveUp { .. } => EndReason::GaveUp,
            Self::Final(_) => EndReason::ServerFailed,
        }
    }

    /// The conflicts that led to it, for those who want each.
    pub fn conflicts(&self) -> &[Conflict] {
        match self {
            Self::NoPort(conflicts) | Self::MustNotMove(conflicts) => conflicts,
            _ => &[],
        }
    }

    /// The port it is about, if it is about one.
    pub fn port(&self) -> Option<Port> {
        self.conflicts().first().map(|conflict| conflict.port)
    }

    /// Why it happened, one sentence for each reason, as far as known.
    pub fn why(&self) -> Vec<String> {
        match self {
            Self::NoPort(conflicts) | Self::MustNotMove(conflicts) => {
                conflicts.iter().map(Conflict::sentence).collect()
            }
            Self::Claim(error) => vec![format!("{error}: {}", error.source)],
            Self::NotReady(reason) => vec![reason.to_string()],
            Self::GaveUp { end, rule } => vec![given_up(end, *rule)],
            Self::Final(_) => vec!["the next start would end in the same way".to_owned()],
            Self::Options(_) | Self::Unresponsive(_) | Self::NoServer(_) => vec![],
        }
    }

    /// What to do now, one sentence for each way.
    pub fn now(&self) -> Vec<String> {
        let say = |text: &str| vec![text.to_owned()];
        match self {
            Self::NoPort(conflicts) => {
                let anyway =
                    "start without --port to get a free port that is remembered".to_owned();
                conflicts.iter().filter_map(Conflict::advice).chain([anyway]).collect()
            }
            Self::MustNotMove(conflicts) => {
                let anyway =
                    "start with --on-conflict move to get another port this time".to_owned();
                conflicts.iter().filter_map(Conflict::advice).chain([anyway]).collect()
            }
            Self::Options(OptionsError::Settings(_)) => {
                say("correct the file, or remove it to get the defaults; it was left as it is")
            }
            Self::Options(OptionsError::Variable(VariableError { variable, .. })) => {
                vec![format!("correct {variable}, or unset it")]
            }
            Self::Options(OptionsError::NoHome(_)) => vec![],
            Self::Unresponsive(_) => {
                say("end that launcher, or give this one another name with --app")
            }
            Self::NoServer(_) => say(
                "put the server's program there, or name one in the settings: command = [\"/path/to/server\"]",
            ),
            Self::NotReady(NotReady::TimedOut { .. }) => {
                say("give it more time with --ready-timeout, or look into the log")
            }
            Self::Claim(_) | Self::NotReady(_) | Self::GaveUp { .. } | Self::Final(_) => {
                say("look into the log")
            }
        }
    }
}

impl From<ChoiceError> for LaunchError {
    fn from(error: ChoiceError) -> Self {
        match error {
            ChoiceError::Refused(conflicts) => Self::NoPort(conflicts),
            ChoiceError::MustNotMove(conflicts) => Self::MustNotMove(conflicts),
            ChoiceError::Claim(error) => Self::Claim(error),
        }
    }
}
