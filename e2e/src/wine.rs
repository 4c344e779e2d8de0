//! The Windows programs, run here by Wine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Home, Launch, Place, found, programs, skip, wait_for};

/// The variable that names the folder of the Windows programs.
const VARIABLE: &str = "HOMEPORT_WINDOWS_PROGRAMS";

/// One prefix serves all tests, because making one takes seconds; so they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A Windows of our own, which ends when this is dropped.
#[derive(Debug)]
pub struct Wine {
    programs: PathBuf,
    prefix: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Wine {
    /// Starts one; `None`, and the test is skipped, where there is no Wine or nothing to run in it.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn new() -> Option<Self> {
        let Some(programs) = env::var_os(VARIABLE).map(PathBuf::from) else {
            skip(&format!("{VARIABLE} is not set: `cargo xtask test` builds the Windows programs"));
            return None;
        };
        if let Some(missing) = ["wine", "wineserver"].into_iter().find(|tool| !found(tool)) {
            skip(&format!("{missing} is missing"));
            return None;
        }
        // A test that has failed leaves nothing that the next one could not start from.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let prefix = programs::target().join("wine-prefix");
        let wine = Self { programs, prefix, _turn: turn };
        let made = wine.command("wineboot").arg("--init").status().expect("wineboot is there");
        assert!(made.success(), "wineboot: {made}");
        Some(wine)
    }

    /// A Windows program, about to be started in `home`.
    #[must_use]
    pub fn launch(&self, home: &Home, program: &str) -> Launch {
        let wine = Place::here().through(["wine"]);
        let mut launch = Launch::new(home, self.programs.join(program)).at(&wine);
        for (name, value) in self.environment() {
            launch = launch.env(name, value);
        }
        launch.env("HOMEPORT_HOME", windows_path(home.path()))
    }

    /// A file beside the Windows programs, or one of them.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The folder of the Windows user that programs run as.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn user(&self) -> PathBuf {
        let users = fs::read_dir(self.prefix.join("drive_c/users")).expect("a folder");
        let mut users = users.map(|user| user.expect("a user").path());
        users.find(|user| !user.ends_with("Public")).expect("somebody")
    }

    fn environment(&self) -> [(&'static str, String); 3] {
        let prefix = self.prefix.to_str().expect("a path of text");
        // The two overrides keep a new prefix from asking for things to download.
        let overrides = "mscoree=;mshtml=";
        [
            ("WINEPREFIX", prefix.to_owned()),
            ("WINEDEBUG", "-all".to_owned()),
            ("WINEDLLOVERRIDES", overrides.to_owned()),
        ]
    }

    /// Whether a process lives in this prefix.
    fn is_inhabited(&self) -> bool {
        let prefix = format!("WINEPREFIX={}\0", self.prefix.display());
        let lives_here = |process: fs::DirEntry| {
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            environment.windows(prefix.len()).any(|part| part == prefix.as_bytes())
        };
        fs::read_dir("/proc").into_iter().flatten().flatten().any(lives_here)
    }

    fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(tool);
        command.envs(self.environment()).env_remove("DISPLAY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Of this prefix alone; a prefix that nobody uses has no server to end.
        for request in ["-k", "-w"] {
            let _ = self.command("wineserver").arg(request).status();
        }
        // The server is gone; Windows' own services notice that and follow.
        let _ = wait_for(|| (!self.is_inhabited()).then_some(()));
    }
}

/// A path as Windows programs see it: Wine shows the whole of this machine as drive Z.
fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.to_str().expect("a path of text").replace('/', "\\"))
}
