//! The installer for Windows, under Wine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use e2e::{Home, Invocation, Packages, Running, found, get, skip, stripped, wait_until};

/// What older versions of Wine lack.
const STAND_IN: &str = "bcryptprimitives.dll";

/// A Windows with Homeport installed in it.
struct Installed {
    home: Home,
    setup: PathBuf,
    _packages: Packages,
}

impl Installed {
    /// Installs it without a question; `None`, and the test is skipped, where that cannot be done.
    fn new() -> Option<Self> {
        if !found("makensis") {
            skip("makensis (nsis) is missing");
            return None;
        }
        let home = Home::in_wine()?;
        let programs = ["launcher", "server"].map(|name| home.program(name));
        let programs = stripped(&programs, "x86_64-w64-mingw32-strip");
        let packages = Packages::make(&["installer"], programs.path());
        let setup = packages.file("-setup.exe");
        let installed = Self { home, setup, _packages: packages };
        installed.install();
        Some(installed)
    }

    fn install(&self) {
        assert_eq!(self.launch(&self.setup).arg("/S").run().code, Some(0));
        let stand_in = self.home.program("launcher").with_file_name(STAND_IN);
        fs::copy(stand_in, self.folder().join(STAND_IN)).expect("copied");
    }

    /// A Windows program that finds the folders of this user, as if it had been clicked.
    fn launch(&self, program: &Path) -> Invocation {
        let launch = self.home.launcher().without("--no-open").without("--json");
        launch.program(program).env("HOMEPORT_HOME", "")
    }

    fn launcher(&self) -> Invocation {
        self.launch(&self.folder().join("launcher.exe"))
    }

    /// A launcher whose server answers, and where it does.
    fn start(&self) -> (Running, String) {
        let mut running = self.launcher().args(["--no-open", "--json"]).start();
        let health = format!("{}_homeport/healthz", running.ready().url);
        assert_eq!(get(&health).expect("an answer").status, 200);
        (running, health)
    }

    /// Where it has been installed.
    fn folder(&self) -> PathBuf {
        self.home.user().join("AppData/Local/Programs/Homeport")
    }

    /// Where settings and ports are kept.
    fn kept(&self) -> [PathBuf; 2] {
        ["AppData/Roaming/homeport", "AppData/Local/homeport"]
            .map(|kept| self.home.user().join(kept))
    }

    fn shortcut(&self) -> PathBuf {
        self.home.user().join("AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Homeport.lnk")
    }

    /// Uninstalls it without a question, and waits: the uninstaller goes on as a copy of itself,
    /// which could not delete the file that it runs from.
    fn uninstall(&self, how: &[&str]) {
        let uninstaller = self.folder().join("uninstall.exe");
        let mut uninstall = self.launch(&uninstaller).arg("/S");
        for word in how {
            uninstall = uninstall.arg(*word);
        }
        // What the test has put there goes first.
        fs::remove_file(self.folder().join(STAND_IN)).expect("it is there");
        assert_eq!(uninstall.run().code, Some(0));
        wait_until("it is uninstalled", || !self.folder().exists());
    }
}

/// One story, because making an installer and Wine take their time.
#[test]
fn an_install_ends_what_runs_and_an_uninstall_too_and_what_is_remembered_is_kept_until_a_purge() {
    let Some(installed) = Installed::new() else { return };
    assert!(installed.shortcut().is_file());
    let set = installed.launcher().args(["settings", "set", "start_at_login", "true"]).run();
    assert_eq!(set.code, Some(0), "{set:?}");

    let (running, health) = installed.start();
    installed.install();
    assert_stopped(running, &health);

    let (running, health) = installed.start();
    installed.uninstall(&[]);
    assert_stopped(running, &health);
    assert!(!installed.shortcut().exists());
    let checks = installed.launch(&installed.home.program("launcher")).args(["doctor", "--json"]);
    let checks = checks.run().lines();
    let login = checks.iter().find(|check| check["check"] == "start_at_login").expect("a check");
    assert_ne!(login["text"], "started at login");
    for kept in installed.kept() {
        assert!(kept.is_dir(), "{} is kept", kept.display());
    }

    installed.install();
    installed.uninstall(&["/PURGE"]);
    for kept in installed.kept() {
        assert!(!kept.exists(), "{}", kept.display());
    }
}

/// It was asked to stop: it exits with 0 and its port is closed.
fn assert_stopped(running: Running, health: &str) {
    assert_eq!(running.exit().code, Some(0));
    assert!(get(health).is_err());
}
