//! Who is put under load: our server with the access log and without it, a bare actix-web server
//! with the same responses, and miniserve, each in a home of its own.

use std::{fs, io, path::Path, process::Command};

use serde_json::json;
use shared::{app::AppName, claim, paths::Folders, port::Port};
use tempfile::TempDir;

use crate::{
    load::answer,
    programs::{StartedProgram, beside, settings},
};

/// The folder of a home that is served as the site.
pub(crate) const SITE: &str = "site";

/// The file of that folder, and its length: a page or a script of a small site.
pub(crate) const FILE: &str = "file.txt";
const FILE_LENGTH: usize = 10 * 1024;

/// The file of its home with the bare server's response to [`STATUS`].
pub(crate) const STATUS_FILE: &str = "status.json";

/// The path of our server's status.
pub(crate) const STATUS: &str = "/_homeport/api/v1/status";

/// A running server.
pub(crate) struct Contender {
    pub(crate) port: Port,
    pub(crate) folders: Folders,
    token: String,
    _program: StartedProgram,
    _home: TempDir,
}

pub(crate) struct Contenders {
    /// Our server with the access log, which is the default.
    pub(crate) logging: Contender,
    /// Our server without the access log.
    pub(crate) silent: Contender,
    /// An actix-web server with the same responses and nothing around them.
    pub(crate) bare: Contender,
    /// A peer that serves files, if it is installed.
    pub(crate) miniserve: io::Result<Contender>,
}

impl Contenders {
    pub(crate) fn start() -> io::Result<Self> {
        let (logging, silent) = (ours("info")?, ours("error")?);
        let status = answer(logging.port, &logging.request(STATUS))?;
        let bare = Contender::start(&logging.token, |home, port| {
            fs::write(home.join(STATUS_FILE), &status)?;
            StartedProgram::start(
                "bench",
                &["bare", &port.to_string(), &home.to_string_lossy()],
                home,
            )
        })?;
        let miniserve = Contender::start(&logging.token, |home, port| {
            let mut command = Command::new("miniserve");
            command.args(["--interfaces", "127.0.0.1", "--port", &port.to_string()]);
            command.arg(home.join(SITE));
            StartedProgram::spawn(command, home)
        });
        Ok(Self { logging, silent, bare, miniserve })
    }
}

/// Our launcher and server, with this log level.
fn ours(level: &str) -> io::Result<Contender> {
    let mut contender = Contender::start("", |home, port| {
        let command = json!([beside("server")?, "--root", home.join(SITE)]);
        settings(home, &format!("log = \"{level}\"\ncommand = {command}\n"))?;
        let port = port.to_string();
        let mut program =
            StartedProgram::start("launcher", &["--no-open", "--json", "--port", &port], home)?;
        program.ready()?;
        Ok(program)
    })?;
    let token = contender.folders.token(&AppName::default());
    contender.token = fs::read_to_string(token)?.trim().to_owned();
    Ok(contender)
}

impl Contender {
    fn start(
        token: &str,
        program: impl FnOnce(&Path, Port) -> io::Result<StartedProgram>,
    ) -> io::Result<Self> {
        let home = tempfile::tempdir()?;
        let folders = Folders::locate(Some(home.path()), None).map_err(io::Error::other)?;
        let site = home.path().join(SITE);
        fs::create_dir(&site)?;
        fs::write(site.join(FILE), "a".repeat(FILE_LENGTH))?;
        let port = claim::any().map_err(io::Error::other)?.port();
        let program = program(home.path(), port)?;
        Ok(Self { port, folders, token: token.to_owned(), _program: program, _home: home })
    }

    /// A request for `path`. Each carries a token, also where the server needs none, so that all
    /// have the same length.
    pub(crate) fn request(&self, path: &str) -> String {
        let (port, token) = (self.port, &self.token);
        format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
    }
}
