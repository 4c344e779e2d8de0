//! The user, the namespaces and the limits that a program runs with: a command line before its own.
//!
//! Each of these tools changes something of itself and then becomes the program, so the process id
//! stays the one that we started.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::{Command, Stdio},
};

use crate::{found, skip};

/// The id of the user `nobody` and of its group.
pub const NOBODY: u32 = 65_534;

/// The tools that a program is started through; none of them for a plain start.
#[derive(Debug, Clone, Default)]
pub struct RunContext {
    before: Vec<OsString>,
}

impl RunContext {
    /// No tool: as this user, in the namespaces of this process.
    pub fn direct() -> Self {
        Self::default()
    }

    /// With no signal that is ignored: the tests may be run by `nohup`, or by a shell in the background, and what
    /// they start inherits that.
    pub fn with_default_signals() -> Self {
        Self::direct().through(["env", "--default-signal"])
    }

    /// Adds a tool: `words` are its command line, which the program's own follows.
    #[must_use]
    pub fn through<S: Into<OsString>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.before.extend(words.into_iter().map(Into::into));
        self
    }

    /// Adds the tools of another one, which start the program last.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.before.extend(other.before);
        self
    }

    /// As a user that is not root: the current user, or [`NOBODY`] for root. Files that such a
    /// program writes must [belong](crate::Home::give_to_plain_user) to that user.
    pub fn as_plain_user(program: &Path) -> Option<Self> {
        if is_root() { Self::as_nobody(program) } else { Some(Self::direct()) }
    }

    /// As [`NOBODY`]; see [`as_user`](Self::as_user).
    pub fn as_nobody(program: &Path) -> Option<Self> {
        Self::as_user(NOBODY, program)
    }

    /// As the user and the group of that id; `None`, and the test is skipped, unless the test runs as root and other
    /// users can run `program`.
    pub fn as_user(id: u32, program: &Path) -> Option<Self> {
        if !is_root() {
            skip("only root can start a program as another user");
            return None;
        }
        if !found("setpriv") {
            skip("setpriv (util-linux) is missing");
            return None;
        }
        let (user, group) = (format!("--reuid={id}"), format!("--regid={id}"));
        let as_user = Self::direct().through(["setpriv", &user, &group, "--clear-groups", "--"]);
        let reached = as_user.command("test").arg("-x").arg(program).status();
        if reached.is_ok_and(|status| status.success()) {
            return Some(as_user);
        }
        skip(&format!("{} cannot be reached by another user", program.display()));
        None
    }

    /// Without the right to listen on ports that the system keeps for its administrator.
    #[must_use]
    pub fn without_low_ports(self) -> Self {
        self.through([
            "setpriv",
            "--bounding-set=-net_bind_service",
            "--inh-caps=-net_bind_service",
            "--ambient-caps=-all",
            "--",
        ])
    }

    /// The command that runs `program` there.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some((first, rest)) = self.before.split_first() else { return Command::new(program) };
        let mut command = Command::new(first);
        command.args(rest).arg(program);
        command
    }

    /// Runs a command that does nothing there.
    ///
    /// # Errors
    ///
    /// The error output of the tool, if the command cannot be run.
    pub fn try_out(&self) -> Result<(), String> {
        let tried = self.command("true").stdin(Stdio::null()).output();
        match tried {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
