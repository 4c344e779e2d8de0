//! A desktop that has nothing but the tools which a test gives it.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use crate::Home;

/// Writes down what it is given, and with what in hands, and then gives that its name at once.
const RECORDING: &str = "#!/bin/sh\n\
    { printf '%s\\n' \"$@\"; /usr/bin/env; /bin/ls -l /proc/self/fd; } > \"$HOME/NAME.part\"\n\
    /bin/mv \"$HOME/NAME.part\" \"$HOME/NAME\"\n";

/// One that finds no display.
const FAILING: &str = "#!/bin/sh\nexit 1\n";

/// The tools of a desktop, in a folder of the home.
#[derive(Debug)]
pub struct Tools(PathBuf);

impl Tools {
    /// None yet.
    ///
    /// # Panics
    ///
    /// If there can be no such folder.
    #[track_caller]
    pub fn of(home: &Home) -> Self {
        let folder = home.path().join("bin");
        fs::create_dir_all(&folder).expect("made");
        Self(folder)
    }

    /// What `PATH` must be, so that there are no others.
    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// One that writes down what it is given, a word a line, then its environment and its
    /// descriptors: into this file.
    #[track_caller]
    pub fn recording(&self, name: &str) -> PathBuf {
        self.install(name, RECORDING);
        self.0.with_file_name(name)
    }

    /// One that can show nothing.
    #[track_caller]
    pub fn failing(&self, name: &str) {
        self.install(name, FAILING);
    }

    #[track_caller]
    fn install(&self, name: &str, script: &str) {
        let tool = self.0.join(name);
        fs::write(&tool, script.replace("NAME", name)).expect("written");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("ours to change");
    }
}
