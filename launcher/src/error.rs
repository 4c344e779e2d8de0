//! Why a launch failed: what happened, why, what to do now, and with which code to end.

use std::{io, path::PathBuf};

use shared::{
    claim::ClaimError,
    conflict::{Conflict, Origin},
    environment::{Environment, PORT_VARIABLE, VariableError},
    event::{EndReason, ServerEnd},
    exit::Exit,
    message,
    messages::Language,
    next_command, one_line,
    os::is_out_of_files,
    port::Port,
    sentences,
    settings::{Restart, SettingSource},
};

use crate::{
    choose::ChoiceError,
    handover::NoServer,
    instance::{self, Occupied},
    options::OptionsError,
    program::{environment::VariableNameError, template::TemplateError},
    readiness::{NotReady, StartFailure},
};

/// How many of the last lines of a server a failure shows: a panic has two or three.
const LAST_LINES: usize = 5;

/// Why a launch failed, one variant for each stage that can fail.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The command line, the environment or the settings make no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A word in braces of a program's command is wrong.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What is to be set for a program is no variable.
    #[error(transparent)]
    Variable(#[from] VariableNameError),
    /// The folder that a program is to run in cannot be told.
    #[error("{}", message!("failure.no_folder"))]
    NoFolder(#[source] io::Error),
    /// What a program is to run in is no folder.
    #[error("{}", message!("failure.not_a_folder", folder = .0.display()))]
    NotAFolder(PathBuf),
    /// A program could not take the place of this process.
    #[error("{}", message!("failure.not_ready"))]
    NotReplaced(#[source] io::Error),
    /// Another launcher has the app, here without an answer or elsewhere.
    #[error(transparent)]
    Occupied(#[from] Occupied),
    /// An explicit port, or every candidate, was refused.
    #[error("{}", headline(.0))]
    NoPort(Vec<Conflict>),
    /// The remembered port was refused, and the person wants no other.
    #[error("{}", headline(.0))]
    MustNotMove(Vec<Conflict>),
    /// No socket could be had at all.
    #[error("{}", message!("failure.no_port"))]
    Claim(#[source] ClaimError),
    /// Neither of the files that could be the server is there.
    #[error(transparent)]
    NoServer(#[from] NoServer),
    /// The server did not become ready.
    #[error("{}", message!("failure.not_ready"))]
    NotReady {
        /// The port that was claimed for it.
        port: Port,
        /// What kept it from becoming ready.
        reason: NotReady,
        /// What names the program, if it is not ours.
        command: Option<SettingSource>,
        /// What it wrote last to stderr, without secrets.
        last_lines: Vec<String>,
    },
    /// It failed, and is not started again.
    #[error("{}", message!("failure.gave_up"))]
    GaveUp {
        /// The port that it had.
        port: Port,
        /// How its last process ended.
        end: ServerEnd,
        /// The setting that decides whether another is started.
        rule: Restart,
        /// What it wrote last to stderr, without secrets.
        last_lines: Vec<String>,
    },
    /// A process of the program does not take signals from here, and lives on.
    #[error("{}", message!("failure.not_ended"))]
    NotEnded {
        /// The port that it had, and may still have.
        port: Port,
        /// Its process id.
        pid: u32,
    },
    /// It exited with this code, with which the next one would exit too.
    #[error("{}", message!("failure.final", code))]
    Final {
        /// The port that it had.
        port: Port,
        /// Its exit code.
        code: i32,
        /// What it wrote last to stderr, without secrets.
        last_lines: Vec<String>,
    },
}

fn headline(conflicts: &[Conflict]) -> String {
    conflicts.first().map_or_else(
        || message!("failure.range_taken"),
        |conflict| message!("failure.port_taken", port = conflict.port),
    )
}

fn given_up(end: &ServerEnd, rule: Restart) -> String {
    let ServerEnd { exit_code, signal, error, .. } = end;
    let messages = Language::English.messages();
    let how = sentences::end(messages, *exit_code, *signal, error.as_deref());
    match rule {
        Restart::OnFailure => message!("failure.five_times", how),
        Restart::Never => message!("failure.never", how),
    }
}

impl LaunchError {
    /// A final code of the server is passed on if it says that the port or the settings are to blame.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Options(OptionsError::Variable(_) | OptionsError::NoHome(_)) => Exit::Usage,
            Self::Template(_) | Self::Variable(_) => Exit::Usage,
            Self::Options(OptionsError::Settings(_) | OptionsError::Untrusted(_)) => {
                Exit::BadSettings
            }
            Self::Claim(error) if is_out_of_files(&error.source) => Exit::NotReady,
            Self::NoPort(_) | Self::MustNotMove(_) | Self::Claim(_) => Exit::PortUnavailable,
            Self::NotAFolder(_) => Exit::Usage,
            Self::NoFolder(_) | Self::NotReplaced(_) => Exit::NotReady,
            Self::NoServer(_) | Self::NotReady { .. } | Self::GaveUp { .. } | Self::Occupied(_) => {
                Exit::NotReady
            }
            Self::NotEnded { .. } => Exit::NotReady,
            Self::Final { code, .. } => match Exit::from_code(*code) {
                Some(exit @ (Exit::PortUnavailable | Exit::BadSettings)) => exit,
                _ => Exit::NotReady,
            },
        }
    }

    /// The `reason` in the record of the end.
    pub fn reason(&self) -> EndReason {
        match self {
            Self::Options(OptionsError::Variable(_)) => EndReason::Usage,
            Self::Template(_) | Self::Variable(_) => EndReason::Usage,
            Self::NotAFolder(_) => EndReason::Usage,
            Self::NoFolder(_) | Self::NotReplaced(_) => EndReason::NotStarted,
            Self::Options(OptionsError::Settings(_) | OptionsError::Untrusted(_)) => {
                EndReason::Settings
            }
            Self::Options(OptionsError::NoHome(_)) => EndReason::NoHome,
            Self::Occupied(_) => EndReason::UnresponsiveInstance,
            Self::NoPort(conflicts) => {
                let is_explicit = |conflict: &Conflict| conflict.origin == Origin::Explicit;
                match conflicts.iter().any(is_explicit) {
                    true => EndReason::PortUnavailable,
                    false => EndReason::NoPort,
                }
            }
            Self::Claim(_) => EndReason::ClaimFailed,
            Self::MustNotMove(_) => EndReason::MustNotMove,
            Self::NoServer(_) => EndReason::NoServer,
            Self::NotReady { reason: NotReady::NotStarted(_), .. } => EndReason::NotStarted,
            Self::NotReady { reason: NotReady::Exited(_), .. } => EndReason::Exited,
            Self::NotReady { reason: NotReady::Signalled(_), .. } => EndReason::Signalled,
            Self::NotReady { reason: NotReady::TimedOut { .. }, .. } => EndReason::TimedOut,
            Self::NotReady { reason: NotReady::NoListener { .. }, .. } => EndReason::TimedOut,
            Self::NotReady { reason: NotReady::Elsewhere { .. }, .. } => EndReason::Elsewhere,
            Self::NotReady { reason: NotReady::Exposed(_), .. } => EndReason::Exposed,
            Self::NotReady { reason: NotReady::WrongAnswer(_), .. } => EndReason::WrongAnswer,
            Self::NotReady { reason: NotReady::NoLoopback, .. } => EndReason::NoLoopback,
            Self::NotEnded { .. } => EndReason::NotEnded,
            Self::GaveUp { .. } => EndReason::GaveUp,
            Self::Final { .. } => EndReason::ServerFailed,
        }
    }

    /// Empty unless refused ports are the reason.
    pub fn conflicts(&self) -> &[Conflict] {
        match self {
            Self::NoPort(conflicts) | Self::MustNotMove(conflicts) => conflicts,
            _ => &[],
        }
    }

    /// The port it is about, if it is about one.
    pub fn port(&self) -> Option<Port> {
        match self {
            Self::NotReady { port, .. } | Self::GaveUp { port, .. } | Self::Final { port, .. } => {
                Some(*port)
            }
            Self::NotEnded { port, .. } => Some(*port),
            _ => self.conflicts().first().map(|conflict| conflict.port),
        }
    }

    /// What happened and why, for records. A refused port is named by its reason.
    pub fn in_one_line(&self) -> String {
        match self.conflicts() {
            [] => [vec![self.to_string()], self.why()].concat().join(": "),
            _ => self.why().join("; "),
        }
    }

    /// The same with the last lines of the server, for diagnostics. The port history may be shown to others, and has none.
    pub fn with_last_lines_in_one_line(&self) -> String {
        match self.last_lines() {
            [] => self.in_one_line(),
            lines => {
                message!(
                    "failure.with_last_lines",
                    text = self.in_one_line(),
                    lines = lines.join(" | ")
                )
            }
        }
    }

    /// What the server wrote last to stderr, if it is why the launch failed.
    pub fn last_lines(&self) -> &[String] {
        match self {
            Self::NotReady { last_lines, .. }
            | Self::GaveUp { last_lines, .. }
            | Self::Final { last_lines, .. } => last_lines,
            _ => &[],
        }
    }

    /// Why it happened, one sentence for each reason, as far as known: for records.
    pub fn why(&self) -> Vec<String> {
        self.reasons(Conflict::sentence)
    }

    /// Why it happened, with times in the zone of this computer.
    pub fn why_here(&self) -> Vec<String> {
        self.reasons(Conflict::sentence_here)
    }

    fn reasons(&self, of_conflict: fn(&Conflict) -> String) -> Vec<String> {
        match self {
            Self::NoPort(conflicts) | Self::MustNotMove(conflicts) => {
                conflicts.iter().map(of_conflict).collect()
            }
            Self::Claim(error) => vec![format!("{error}: {}", error.source)],
            Self::NotReady { reason, .. } => vec![reason.to_string()],
            Self::GaveUp { end, rule, .. } => vec![given_up(end, *rule)],
            Self::NotEnded { pid, .. } => vec![message!("program.refuses_signals", pid)],
            Self::Final { .. } => vec![message!("failure.final_why")],
            Self::NoFolder(error) | Self::NotReplaced(error) => vec![error.to_string()],
            Self::Options(_) | Self::Occupied(_) | Self::NoServer(_) => vec![],
            Self::Template(_) | Self::Variable(_) | Self::NotAFolder(_) => vec![],
        }
    }

    /// What to do now, one sentence for each way.
    pub fn now(&self) -> Vec<String> {
        match self {
            Self::NoPort(conflicts) => {
                let anyway = match Environment::of_process().sets(PORT_VARIABLE) {
                    true => message!("now.without_variable", variable = PORT_VARIABLE),
                    false => message!("now.without_port"),
                };
                conflicts.iter().filter_map(Conflict::advice).chain([anyway]).collect()
            }
            Self::MustNotMove(conflicts) => {
                let anyway = message!("now.move");
                conflicts.iter().filter_map(Conflict::advice).chain([anyway]).collect()
            }
            Self::Options(OptionsError::Untrusted(untrusted)) => vec![untrusted.repair()],
            Self::Options(OptionsError::Settings(error)) => vec![error.repair()],
            Self::Options(OptionsError::Variable(VariableError { variable, .. })) => {
                vec![message!("now.variable", variable)]
            }
            Self::Options(OptionsError::NoHome(_)) => vec![],
            Self::Template(_) | Self::Variable(_) | Self::NoFolder(_) => vec![],
            Self::NotAFolder(_) | Self::NotReplaced(_) => vec![],
            Self::Occupied(Occupied::Unresponsive(launcher)) => {
                vec![instance::now_silent(*launcher)]
            }
            Self::Occupied(Occupied::Elsewhere(machine)) => {
                vec![message!("now.elsewhere", machine)]
            }
            Self::NoServer(_) => vec![message!("now.program")],
            Self::NotReady { reason: NotReady::TimedOut { .. }, .. } => {
                vec![message!("now.more_time")]
            }
            Self::NotReady { reason: NotReady::NoLoopback, .. } => vec![message!("now.loopback")],
            Self::NotReady {
                reason: NotReady::Elsewhere { instead: Some(command), .. }, ..
            } => vec![message!("now.with_port", command = next_command::run(command))],
            Self::NotReady { reason: NotReady::Elsewhere { .. }, .. } => {
                vec![message!("now.template", word = "{port}")]
            }
            Self::Claim(error) if is_out_of_files(&error.source) => {
                vec![message!("now.more_files")]
            }
            Self::NotReady {
                reason: NotReady::NotStarted(StartFailure { now: Some(now), .. }),
                ..
            } => vec![now.clone()],
            Self::NotReady { command: Some(source), .. } => {
                vec![message!("now.command", file = source)]
            }
            Self::NotEnded { pid, .. } => vec![message!("now.end_as_owner", pid)],
            Self::Claim(_) | Self::NotReady { .. } | Self::GaveUp { .. } | Self::Final { .. } => {
                vec![message!("now.log")]
            }
        }
    }
}

impl LaunchError {
    /// Adds the place that sets the server's program; `None` for our own server.
    #[must_use]
    pub fn of_command(self, command: Option<SettingSource>) -> Self {
        match self {
            Self::NotReady { port, reason, last_lines, .. } => {
                Self::NotReady { port, reason, command, last_lines }
            }
            other => other,
        }
    }

    /// Adds the last of the lines that the server wrote to stderr.
    #[must_use]
    pub fn with_output(mut self, lines: &[String]) -> Self {
        if let Self::NotReady { last_lines, .. }
        | Self::GaveUp { last_lines, .. }
        | Self::Final { last_lines, .. } = &mut self
        {
            let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
            *last_lines = last.iter().map(|line| one_line::of(line)).collect();
        }
        self
    }
}

impl From<ChoiceError> for LaunchError {
    fn from(error: ChoiceError) -> Self {
        match error {
            ChoiceError::Refused(conflicts) => Self::NoPort(conflicts),
            ChoiceError::MustNotMove(conflicts) => Self::MustNotMove(conflicts),
            ChoiceError::OwnInstance(conflict) => Self::NoPort(vec![*conflict]),
            ChoiceError::Claim(error) => Self::Claim(error),
        }
    }
}

#[cfg(test)]
mod test {
    use std::time::Duration;

    use shared::conflict::Class;

    use super::*;

    #[test]
    fn the_last_lines_of_a_server_are_told_by_what_is_no_port_history() {
        let reason = NotReady::Exited(Some(101));
        let port = Port::new(3030).expect("not 0");
        let failure = LaunchError::NotReady { port, reason, command: None, last_lines: vec![] };
        let lines: Vec<_> = (1..8).map(|n| format!("line {n}")).collect();
        let failure = failure.with_output(&lines).of_command(None);
        assert_eq!(failure.last_lines(), &lines[2..]);
        let told = failure.with_last_lines_in_one_line();
        let wanted = "its last lines: line 3 | line 4 | line 5 | line 6 | line 7";
        assert!(told.starts_with(&failure.in_one_line()) && told.ends_with(wanted), "{told}");
        assert!(!failure.in_one_line().contains("line"), "{failure}");
    }

    #[test]
    fn a_port_that_was_asked_for_is_told_apart_from_candidates_and_from_the_system() {
        let conflict = |origin| Conflict {
            port: Port::new(3030).expect("not 0"),
            origin,
            class: Class::InUse,
            os_error: None,
            holder: None,
            last_good: false,
            elapsed: Duration::ZERO,
        };
        let refused = |origin| LaunchError::NoPort(vec![conflict(origin)]).reason();
        assert_eq!(refused(Origin::Explicit), EndReason::PortUnavailable);
        assert_eq!(refused(Origin::LastGood), EndReason::NoPort);
        assert_eq!(LaunchError::NoPort(vec![]).reason(), EndReason::NoPort);
    }
}
