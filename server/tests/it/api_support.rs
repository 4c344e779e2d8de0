//! An application with files of its own, asked with its token.

use std::{fs, io::Write, path::PathBuf};

use server::web::{application::ApplicationSettings, storage::AppFiles};
use shared::{
    app::AppName,
    event::{Event, Process},
    history::{Author, Writer},
    paths::Folders,
    token::Token,
};
use tempfile::TempDir;

use crate::{
    description::assert_described,
    support::{Answer, Running, read, serve, settings},
};

/// Where the API lives.
pub(crate) const V1: &str = "/_homeport/api/v1";

/// A running application whose files are in a folder of its own.
pub(crate) struct Api {
    pub(crate) running: Running,
    pub(crate) folders: Folders,
    pub(crate) app: AppName,
    pub(crate) history: Writer,
    token: String,
    _home: TempDir,
}

impl Api {
    /// One that was started by itself.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// One that believes that a launcher has started it.
    pub(crate) fn supervised() -> Self {
        Self::with(|settings| settings.launch.launcher_pid = Some(std::process::id()))
    }

    pub(crate) fn with(change: impl FnOnce(&mut ApplicationSettings)) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let mut settings = settings();
        let app = settings.launch.app.clone();
        let author =
            Author { app: &app, process: Process::Server, launch_id: settings.launch.launch_id };
        let history = Writer::new(&folders, &author);
        settings.token = Token::load_or_create(&folders.token(&app)).expect("made");
        settings.files = Some(AppFiles { folders: folders.clone(), history: history.clone() });
        change(&mut settings);
        let token = fs::read_to_string(folders.token(&app)).expect("there").trim().to_owned();
        Self { running: serve(settings, |_| {}), folders, app, history, token, _home: home }
    }

    /// The header that lets one in.
    pub(crate) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    /// Asks for `path`. Every answer is held to the description of the API.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        let answer = self.running.ask("GET", path, &[&self.bearer()]);
        assert_described("GET", path, &answer);
        answer
    }

    /// Sends a body as JSON.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let kind = ["Content-Type: application/json"];
        self.send_as(method, path, &[&kind[..], headers].concat(), body)
    }

    /// Sends a body with these headers alone.
    #[track_caller]
    pub(crate) fn send_as(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Answer {
        let mut stream = self.running.connect();
        let more: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let (port, length, bearer) = (self.running.port, body.len(), self.bearer());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{bearer}\r\nContent-Length: {length}\r\n{more}\r\n"
        );
        // A server that has seen enough may close before it has read everything.
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        let answer = read(&mut stream);
        assert_described(method, path, &answer);
        answer
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.folders.settings(&self.app)
    }

    pub(crate) fn write_settings(&self, text: &str) {
        let file = self.settings_file();
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    }

    /// Appends lines to the history as they are.
    pub(crate) fn append(&self, lines: &[u8]) {
        fs::create_dir_all(self.folders.logs()).expect("made");
        let file = fs::File::options().create(true).append(true).open(self.folders.history());
        file.and_then(|mut file| file.write_all(lines)).expect("written");
    }

    /// Records that a setting has changed, a record like any other.
    pub(crate) fn record(&self, key: &str) {
        self.history.record(&Event::SettingsChanged { key: key.to_owned(), from: None, to: None });
    }
}
