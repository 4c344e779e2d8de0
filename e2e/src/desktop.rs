//! A desktop with only the tools that a test installs.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use crate::Home;

/// Writes its arguments, environment and descriptors to a file, which gets its name when it is
/// whole.
const RECORDING: &str = "#!/bin/sh\n\
    { printf '%s\\n' \"$@\"; /usr/bin/env; /bin/ls -l /proc/self/fd; } > \"$HOME/NAME.part\"\n\
    /bin/mv \"$HOME/NAME.part\" \"$HOME/NAME\"\n";

/// A tool that fails as one without a display does.
const FAILING: &str = "#!/bin/sh\nexit 1\n";

/// The tools of a desktop, in a folder of the home.
#[derive(Debug)]
pub struct Tools(PathBuf);

impl Tools {
    /// An empty folder for tools.
    ///
    /// # Panics
    ///
    /// If the folder cannot be made.
    #[track_caller]
    pub fn of(home: &Home) -> Self {
        let folder = home.path().join("bin");
        fs::create_dir_all(&folder).expect("made");
        Self(folder)
    }

    /// The value of `PATH` with which programs find these tools only.
    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// Installs a tool that writes its arguments, one a line, its environment and its descriptors
    /// to the returned file.
    #[track_caller]
    pub fn recording(&self, name: &str) -> PathBuf {
        self.install(name, RECORDING);
        self.0.with_file_name(name)
    }

    /// Installs a tool that always fails.
    #[track_caller]
    pub fn failing(&self, name: &str) {
        self.install(name, FAILING);
    }

    /// Installs a tool that fails with `code`, as one that has looked for another tool for a second.
    #[track_caller]
    pub fn failing_late(&self, name: &str, code: u8) {
        self.install(name, &format!("#!/bin/sh\n/bin/sleep 1\nexit {code}\n"));
    }

    #[track_caller]
    fn install(&self, name: &str, script: &str) {
        let tool = self.0.join(name);
        fs::write(&tool, script.replace("NAME", name)).expect("written");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("ours to change");
    }
}
