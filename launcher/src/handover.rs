//! The hand-over, the launcher's side: which program is started, and with what (docs/handover.md).

use std::{
    env, io,
    path::PathBuf,
    process::{Command, Stdio},
};

use shared::{
    app::AppName,
    claim::Claim,
    paths::{HOME_VARIABLE, LOG_DIR_VARIABLE},
    settings::{self, LogLevel},
};

use crate::{
    options::Basics,
    os::{self, Started},
};

/// A server's program and the arguments that come before ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerProgram {
    path: PathBuf,
    arguments: Vec<String>,
}

/// There is no server to start.
#[derive(Debug, thiserror::Error)]
#[error("there is no server to start: {} does not exist", .0.display())]
pub struct NoServer(pub PathBuf);

impl ServerProgram {
    /// The program of the settings, or the one beside the launcher's own.
    ///
    /// # Errors
    ///
    /// [`NoServer`] names the file that should be there.
    pub fn find(command: Option<&settings::ServerCommand>) -> Result<Self, NoServer> {
        if let Some(command) = command {
            let arguments = command.arguments().to_vec();
            return Ok(Self { path: PathBuf::from(command.program()), arguments });
        }
        let own = env::current_exe().unwrap_or_default();
        let path = own.with_file_name(os::SERVER_PROGRAM);
        if path.is_file() { Ok(Self { path, arguments: vec![] }) } else { Err(NoServer(path)) }
    }

    /// Starts the server on the sockets of `claim`, which stay open here as well.
    ///
    /// # Errors
    ///
    /// Whatever starting a process fails with.
    pub fn start(&self, claim: &Claim, basics: &Basics, log: LogLevel) -> io::Result<Started> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).args(arguments(claim, &basics.app));
        // The folders of the launcher's command line hold for the server too.
        let folders = [(HOME_VARIABLE, &basics.home), (LOG_DIR_VARIABLE, &basics.log_dir)];
        command
            .envs(folders.into_iter().filter_map(|(name, folder)| Some((name, folder.as_ref()?))));
        command.env("HOMEPORT_LOG", log.to_string());
        // The launcher alone speaks to a service manager.
        command.env_remove("NOTIFY_SOCKET");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        os::spawn(&mut command, claim.listeners()).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }
}

/// The arguments that every server understands.
fn arguments(claim: &Claim, app: &AppName) -> [String; 5] {
    let port = claim.port().to_string();
    ["--port".to_owned(), port, "--app".to_owned(), app.to_string(), "--hand-over".to_owned()]
}
