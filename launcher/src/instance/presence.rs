//! What was found of an app.

use std::io;

use semver::Version;
use shared::{
    app::AppName,
    diagnose,
    discovery::Discovery,
    event::Relation,
    launch::UrlHost,
    message,
    os::{is_stopped, shares_network},
    port::Port,
    token::Token,
    words::{LaunchPhase, ProgramMode},
};
use uuid::Uuid;

use super::{
    problem::{InstanceProblem, now_in_phase, now_silent, program_problem, server_problem, silent},
    visibility::{is_seen, lock_holder},
};
use crate::{control::LaunchStatus, options::CommandContext, os};

/// A running app whose server or launcher has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningInstance {
    /// Where it serves.
    pub port: Port,
    /// The launch of its records.
    pub launch_id: Uuid,
    /// The version of the program that answered.
    pub version: String,
    /// `None` if the launcher has answered while there was no server.
    pub server_pid: Option<u32>,
    /// `None` if the server was started directly, or if nothing says who started it.
    pub launcher_pid: Option<u32>,
    /// Whether it is the server that names its launcher, which one of version 0.1 does not.
    pub names_launcher: bool,
    /// Whether the server has proved itself, or the launcher alone has answered.
    pub has_answered: bool,
    /// How its program is given the port; `None` for our own server.
    pub mode: Option<ProgramMode>,
    /// `localhost` for a program that has both loopback addresses.
    pub host: UrlHost,
}

impl RunningInstance {
    /// Its address for a browser, made from the proven port: a file may say anything.
    pub fn url(&self) -> String {
        self.host.url(self.port)
    }

    /// Its launcher, if that can be seen from here.
    pub fn seen_launcher(&self, context: &CommandContext) -> Option<u32> {
        self.launcher_pid.filter(|_| self.is_seen(context))
    }

    /// Its launcher, if that can be seen from here and is stopped.
    pub fn stopped_launcher(&self, context: &CommandContext) -> Option<u32> {
        self.seen_launcher(context).filter(|pid| is_stopped(*pid))
    }

    /// Its server, if that can be seen from here.
    pub fn seen_server(&self, context: &CommandContext) -> Option<u32> {
        self.server_pid.filter(|_| self.is_seen(context))
    }

    /// Whether the process ids that it names are those of processes here.
    fn is_seen(&self, context: &CommandContext) -> bool {
        let pid = self.launcher_pid.or(self.server_pid);
        pid.is_some_and(|pid| is_seen(context, pid, self.port))
    }

    /// The token of its launch.
    ///
    /// # Errors
    ///
    /// If its file cannot be read, or is that of another launch, which this one could not write anew.
    pub fn token(&self, context: &CommandContext) -> io::Result<Token> {
        let CommandContext { app, folders, .. } = context;
        let mut launches = Discovery::of_app(folders, app).map(|found| found.launch_id).peekable();
        if launches.peek().is_some() && !launches.any(|launch_id| launch_id == self.launch_id) {
            let why = message!("token.of_another_launch");
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        Token::load(&folders.token(app))
    }

    /// What is wrong with its server if that is stopped or silent, and the way out.
    pub fn problem(&self, context: &CommandContext) -> Option<InstanceProblem> {
        if self.has_answered {
            return None;
        }
        if self.is_ending(context) {
            let (app, state) = (&context.app, LaunchPhase::Stopping);
            let problem = message!("running.no_server", app, state);
            return Some(InstanceProblem { problem, now: now_in_phase(state, app) });
        }
        let server = self.seen_server(context);
        match self.mode {
            Some(_) => program_problem(&context.app, &self.url(), self.port, server),
            None => server_problem(&context.app, self.port, server),
        }
    }

    /// Whether it is a server without a launcher that takes no more requests, and finishes those that it has.
    pub fn is_ending(&self, context: &CommandContext) -> bool {
        let server = self.server_pid.filter(|_| self.launcher_pid.is_none() && !self.has_answered);
        let is_closed = |pid: u32| shares_network(pid) && !diagnose::is_listener(pid, self.port);
        lock_holder(context).filter(|pid| server == Some(*pid)).is_some_and(is_closed)
    }

    /// How its version relates to this one. A version that cannot be read is not ours to judge.
    pub fn relation(&self) -> Relation {
        relation(&self.version)
    }
}

/// Whether and where an app runs.
#[derive(Debug)]
pub enum Presence {
    /// It runs here: its server has proved itself, or its launcher has answered for it.
    Running(RunningInstance),
    /// A launcher has the app, and nothing has answered for a server of it yet.
    Unproven {
        /// The process that has the app, if the lock's file or the history names one that can be seen here.
        process: Option<u32>,
        /// What the launcher says of itself, if it answers.
        status: Option<Box<LaunchStatus>>,
    },
    /// It runs on another computer or in another container that shares these files.
    Elsewhere {
        /// The name of that computer or container.
        machine: String,
    },
    /// Nothing shows that it runs.
    Absent,
}

impl Presence {
    /// Whether a process of the app has been seen, so that a lock that could be taken proves nothing.
    pub(super) fn shows_a_process(&self) -> bool {
        match self {
            Self::Running(_) => true,
            Self::Unproven { process, status } => process.is_some() || status.is_some(),
            Self::Elsewhere { .. } | Self::Absent => false,
        }
    }

    /// A launcher that has lost its control socket, if a signal has it make another.
    pub fn lost_launcher(&self) -> Option<u32> {
        match self {
            Self::Unproven { process, status: None } => {
                process.filter(|pid| os::takes_nudges(*pid))
            }
            _ => None,
        }
    }

    /// What keeps the app from being used here, and what to do now; `None` if it runs, or if nothing does.
    pub fn problem(&self, app: &AppName) -> Option<InstanceProblem> {
        match self {
            Self::Elsewhere { machine } => Some(InstanceProblem {
                problem: message!("running.not_here", app, machine),
                now: message!("now.elsewhere", machine),
            }),
            Self::Unproven { status: Some(status), .. } => Some(InstanceProblem {
                problem: message!("running.no_server", app, state = status.state),
                now: now_in_phase(status.state, app),
            }),
            Self::Unproven { process, status: None } => {
                Some(InstanceProblem { problem: silent(*process), now: now_silent(*process) })
            }
            Self::Running(_) | Self::Absent => None,
        }
    }
}

fn relation(running: &str) -> Relation {
    let ours = Version::parse(env!("CARGO_PKG_VERSION"));
    match (Version::parse(running), ours) {
        (Ok(running), Ok(ours)) if running < ours => Relation::Older,
        (Ok(running), Ok(ours)) if running > ours => Relation::Newer,
        _ => Relation::Same,
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn versions_are_compared_as_versions() {
        assert_eq!(relation("0.0.9"), Relation::Older);
        assert_eq!(relation("10.0.0"), Relation::Newer);
        assert_eq!(relation(env!("CARGO_PKG_VERSION")), Relation::Same);
    }
}
