//! Discovery: how another program finds the running server.
//!
//! Once the server is ready, `run/<app>.json` (the *discovery file*) has its address. It may outlive a
//! crash, so it is believed only after the server on that port has [proved](crate::identity) that it
//! is ours.

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    app::AppName,
    atomic,
    launch::LaunchInfo,
    paths::{Folders, HomeId},
    port::Port,
    regular_file::{self, Links},
    words::ProgramMode,
};

/// The version of the file's format.
pub const SCHEMA: u32 = 1;

/// Where the running server or program of an app is: what its reader can use of a [`LaunchInfo`], and more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// The version of the format.
    pub schema: u32,
    /// Whose server it is; the file's name says the same.
    pub app: AppName,
    /// Its address for a browser.
    pub url: String,
    /// The port of `url`, on every loopback address of the host.
    pub port: Port,
    /// Every address it answers on; of a program, the one that the launcher covers as well.
    pub addresses: Vec<SocketAddr>,
    /// The launcher that supervises it; `null` if it was started directly.
    pub launcher_pid: Option<u32>,
    /// The server's process.
    pub server_pid: u32,
    /// Compared with the launch id that the server proves its identity with.
    pub launch_id: Uuid,
    /// The generation of the app's assignment; `null` if the port is not remembered.
    pub generation: Option<u64>,
    /// The version of the program that wrote this.
    pub version: String,
    /// When the server became ready.
    pub started_at: Timestamp,
    /// The control socket; `null` if there is none.
    pub control: Option<PathBuf>,
    /// Which folders this file belongs to; absent if it is unknown.
    #[serde(default, skip_serializing_if = "HomeId::is_unknown")]
    pub home_id: HomeId,
    /// How the program of the app gets its port; absent for our own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ProgramMode>,
    /// The process that the program's command was started as, while `server_pid` is the one that listens; absent for
    /// our own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_pid: Option<u32>,
    /// The further ports of the program by their names; absent if it has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<String, Port>,
    /// The name of the computer or the container that the processes belong to; absent for our own server, which
    /// proves itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl Discovery {
    /// The server of `launch` that has just become ready, in this version, neither remembered nor
    /// reachable through a control socket nor published in any folder.
    pub fn new(launch: &LaunchInfo, server_pid: u32, addresses: Vec<SocketAddr>) -> Self {
        Self {
            schema: SCHEMA,
            app: launch.app.clone(),
            url: launch.url(),
            port: launch.port,
            addresses,
            launcher_pid: launch.launcher_pid,
            server_pid,
            launch_id: launch.launch_id,
            generation: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Timestamp::now(),
            control: None,
            home_id: HomeId::default(),
            mode: None,
            main_pid: None,
            ports: BTreeMap::new(),
            machine: None,
        }
    }

    /// What leads to the server of `app`, alive or not; what was copied with its folder leads to another one's.
    pub fn of_app(folders: &Folders, app: &AppName) -> impl Iterator<Item = Self> {
        let here = folders.home_id();
        let found = folders.discoveries(app).filter_map(|file| Self::read(&file));
        found.filter(move |found| !found.home_id.is_other_than(&here))
    }

    /// Reads the discovery file; `None` if there is none, or none that can be read.
    pub fn read(file: &Path) -> Option<Self> {
        let found: Self =
            serde_json::from_slice(&regular_file::read(file, Links::Refused).ok()?).ok()?;
        (found.schema == SCHEMA).then_some(found)
    }

    /// The servers that are published in the folder `run`, alive or not.
    pub fn published(run: &Path) -> Vec<Self> {
        let files = fs::read_dir(run).into_iter().flatten().flatten().map(|entry| entry.path());
        let files = files.filter(|file| file.extension().is_some_and(|ending| ending == "json"));
        files.filter_map(|file| Self::read(&file)).collect()
    }

    /// Writes the discovery file of its app, whole or not at all.
    ///
    /// # Errors
    ///
    /// Whatever the disk refuses it with.
    pub fn publish(&self, folders: &Folders) -> io::Result<()> {
        let published = Self { home_id: folders.home_id(), ..self.clone() };
        let text = serde_json::to_vec_pretty(&published)?;
        atomic::replace(&folders.discovery(&self.app), |beside| fs::write(beside, &text))
    }
}

/// Removes a file of `run/` at the end of a launch; errors are ignored.
pub fn withdraw(file: &Path) {
    // Nothing depends on it: who finds the file asks the port.
    let _ = fs::remove_file(file);
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::os;

    fn of_our_server() -> Discovery {
        let port = Port::new(17342).expect("not 0");
        let launch =
            LaunchInfo { launch_id: Uuid::nil(), ..LaunchInfo::new(AppName::default(), port) };
        let published = Discovery::new(&launch, 5201, vec![([127, 0, 0, 1], 17342).into()]);
        Discovery { started_at: Timestamp::UNIX_EPOCH, ..published }
    }

    #[test]
    fn what_only_a_program_has_is_not_written_for_our_own_server_and_need_not_be_there() {
        let written = serde_json::to_value(of_our_server()).expect("JSON");
        for key in ["mode", "main_pid", "ports", "machine"] {
            assert!(written.get(key).is_none(), "{key}");
        }
        assert_eq!(serde_json::from_value::<Discovery>(written).ok(), Some(of_our_server()));
    }

    #[test]
    fn a_program_is_published_with_all_that_it_has_and_read_again() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(home.path()), None).expect("given");
        let metrics = Port::new(17343).expect("not 0");
        let program = Discovery {
            mode: Some(ProgramMode::Number),
            main_pid: Some(5300),
            ports: BTreeMap::from([("metrics".to_owned(), metrics)]),
            machine: Some(os::machine_name()),
            ..of_our_server()
        };
        crate::paths::make_parent(&folders.discovery(&program.app)).expect("a folder");
        program.publish(&folders).expect("written");
        let found = Discovery::read(&folders.discovery(&program.app)).expect("a discovery file");
        assert_eq!(Discovery { home_id: HomeId::default(), ..found }, program);
    }

    #[test]
    fn a_mode_of_a_newer_version_is_no_error() {
        let mut written = serde_json::to_value(of_our_server()).expect("JSON");
        written["mode"] = "of_next_year".into();
        let read: Discovery = serde_json::from_value(written).expect("a discovery file");
        assert_eq!(read.mode, Some(ProgramMode::Other));
    }
}
