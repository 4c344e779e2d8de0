//! A folder with a program that `launcher run` starts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Home, Invocation, found, quiet_range};

/// What each script begins with. `port` is that of the launch.
const BEGINNING: &str = "
import os, signal, socket, sys, threading, time
port = int(os.environ.get('PORT', 0))
def listen(ip='127.0.0.1', port=port):
    s = socket.socket(socket.AF_INET6 if ':' in ip else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((ip, port))
    s.listen(64)
    return s
def serve(s):
    while True:
        c, _ = s.accept()
        body = str(os.getpid()).encode()
        try:
            c.settimeout(2)
            c.recv(4096)
            c.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s' % (len(body), body))
        except OSError: pass
        c.close()
def until_signal():
    while True: signal.pause()
";

/// A folder, in a home and with a range of ports that no other test has. Its name is that of its app.
#[derive(Debug)]
pub struct Project {
    /// Where the launcher keeps its files.
    pub home: Home,
    name: String,
    folder: PathBuf,
    range: String,
}

impl Project {
    /// An empty folder of this name.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn new(name: &str) -> Self {
        let home = Home::new();
        let folder = home.path().join("projects").join(name);
        fs::create_dir_all(&folder).expect("made");
        Self { home, name: name.to_owned(), folder, range: quiet_range() }
    }

    /// The name of the folder and of the app.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its program is started.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Another port of its range than this one.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn port_beside(&self, port: u16) -> u16 {
        let (first, _) = self.range.split_once('-').expect("a range");
        let first: u16 = first.parse().expect("a port");
        if port == first { first + 1 } else { first }
    }

    /// Writes a file of it.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.join(file), text).expect("written");
    }

    /// `run` in the folder, with `--json`. Its options follow, and then [its command](Invocation::runs).
    pub fn run(&self) -> Invocation {
        self.run_in(&self.folder)
    }

    /// The same in another folder.
    pub fn run_in(&self, folder: &Path) -> Invocation {
        self.home.run().cwd(folder).env("HOMEPORT_RANGE", &self.range)
    }
}

/// The words that run a script in Python with `listen`, `serve` and `until_signal`; see the beginning of each script
/// in the source of this function.
pub fn script(text: &str) -> Vec<String> {
    let words = [python(), "-c".to_owned(), format!("{BEGINNING}{text}")];
    words.into()
}

/// The Python of the system: one that a person has installed may be a script, which takes a while.
pub fn python() -> String {
    let of_system = "/usr/bin/python3";
    let is_there = Path::new(of_system).is_file() || !found("python3");
    if is_there { of_system } else { "python3" }.to_owned()
}
