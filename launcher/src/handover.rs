//! The hand-over, the launcher's side: which program is started, and with what (docs/handover.md).

use std::{
    env::{self, consts::EXE_SUFFIX},
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use shared::{
    app::AppName,
    checkout, environment, invoked_as, message,
    paths::{HOME_VARIABLE, LOG_DIR_VARIABLE, LogsSource},
    settings::{self, LogLevel},
};

use crate::{
    hold::Hold,
    options::CommandContext,
    os::{self, Started},
    program_file,
    readiness::StartFailure,
};

/// What programs take as a wish for colours where they see no terminal.
const COLOUR_VARIABLES: [&str; 2] = ["CLICOLOR_FORCE", "FORCE_COLOR"];

/// A server's program and the arguments that come before ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerProgram {
    path: PathBuf,
    arguments: Vec<String>,
}

/// The two files that could be the server, neither of which is there.
#[derive(Debug, thiserror::Error)]
#[error("{}", message!("failure.no_server", first = .0[0].display(), second = .0[1].display()))]
pub struct NoServer([PathBuf; 2]);

impl ServerProgram {
    /// The program of the settings, or the one beside the launcher's own.
    ///
    /// # Errors
    ///
    /// [`NoServer`] names the files one of which should be there.
    pub fn find(command: Option<&settings::ServerCommand>) -> Result<Self, NoServer> {
        if let Some(command) = command {
            let arguments = command.arguments().to_vec();
            return Ok(Self { path: PathBuf::from(command.program()), arguments });
        }
        let own = env::current_exe().unwrap_or_default();
        let named = |name| own.with_file_name(format!("{name}{EXE_SUFFIX}"));
        let files = invoked_as::SERVERS.map(named);
        let found: Vec<_> = files.iter().filter(|file| file.is_file()).collect();
        let path = match found[..] {
            // What a checkout has built, it has built from sources that may have changed since.
            [installed, built] if checkout::of(&own).is_some() => newer(installed, built),
            [first, ..] => first,
            [] => return Err(NoServer(files)),
        };
        Ok(Self { path: path.clone(), arguments: vec![] })
    }

    /// The file, or a name that is looked for on the `PATH`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts the server on the sockets of `hold`, which stay open here as well.
    ///
    /// # Errors
    ///
    /// Whatever starting a process fails with.
    pub fn start(
        &self,
        hold: &Hold,
        context: &CommandContext,
        log: LogLevel,
    ) -> Result<Started, StartFailure> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).args(arguments(hold, &context.app));
        // The launcher's options apply to the server too. A server of the
        // settings would not know the launcher's checkout.
        let logs = match context.folders.logs_source() {
            LogsSource::Checkout(_) => Some(context.folders.logs()),
            _ => context.log_dir.as_deref(),
        };
        let folders = [(HOME_VARIABLE, context.home.as_deref()), (LOG_DIR_VARIABLE, logs)];
        command.envs(folders.into_iter().filter_map(|(name, folder)| Some((name, folder?))));
        command.env(invoked_as::VARIABLE, invoked_as::launcher());
        command.env("HOMEPORT_LOG", log.to_string());
        // The launcher alone speaks to a service manager, and to the launcher before it.
        command.env_remove("NOTIFY_SOCKET").env_remove(invoked_as::DETACHED_VARIABLE);
        // Its stderr is kept in the app's output, and appears on the launcher's own all the same: in colour on a terminal.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if io::stderr().is_terminal() && !environment::is_set("NO_COLOR") {
            let unset = COLOUR_VARIABLES.into_iter().filter(|name| !environment::is_set(name));
            command.envs(unset.map(|name| (name, "1")));
        }
        let started = os::spawn(&mut command, hold.listeners());
        started.map_err(|error| {
            let why = format!("{}: {error}", self.path.display());
            let problem = || program_file::check(self.path.as_os_str()).err()?.repair();
            StartFailure { why, now: StartFailure::from(error).now.or_else(problem) }
        })
    }
}

/// Which of the two servers of a build was linked later. The installed name comes first everywhere
/// else, since a `server` in a folder of the `PATH` may be any program. A build has both, and cargo links
/// only those that it was asked for: after `cargo build -p server` a `homeport-server` of last week
/// still lies there. It has the same version, so nothing would show that it is stale.
fn newer<'a>(installed: &'a PathBuf, built: &'a PathBuf) -> &'a PathBuf {
    let linked = |file: &PathBuf| file.metadata().and_then(|about| about.modified()).ok();
    if linked(built) > linked(installed) { built } else { installed }
}

/// The arguments that every server understands.
fn arguments(hold: &Hold, app: &AppName) -> [String; 5] {
    let port = hold.port().to_string();
    ["--port".to_owned(), port, "--app".to_owned(), app.to_string(), "--hand-over".to_owned()]
}
