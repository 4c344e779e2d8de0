//! The installer for Windows, under Wine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use e2e::{Home, Launch, Packages, Wine, found, get, quiet_port, skip, stripped, wait_until};

/// A Windows with Homeport installed in it.
struct Installed {
    wine: Wine,
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
        let wine = Wine::new()?;
        let programs = ["launcher.exe", "server.exe"].map(|name| wine.program(name));
        let programs = stripped(&programs, "x86_64-w64-mingw32-strip");
        let packages = Packages::make(&["installer"], programs.path());
        let setup = packages.file("-setup.exe");
        // Wine's own stand-in for a system library; Windows has the real one.
        let installed = Self { wine, home: Home::new(), setup, _packages: packages };
        installed.install();
        Some(installed)
    }

    fn install(&self) {
        assert_eq!(self.launch(&self.setup).arg("/S").run().code, Some(0));
        fs::copy(self.wine.program(STAND_IN), self.folder().join(STAND_IN)).expect("copied");
    }

    /// A Windows program that finds the folders of this user, as if it had been clicked.
    fn launch(&self, program: &Path) -> Launch {
        self.wine.launch(&self.home, "").program(program).env("HOMEPORT_HOME", "")
    }

    /// Where it has been installed.
    fn folder(&self) -> PathBuf {
        self.wine.user().join("AppData/Local/Programs/Homeport")
    }

    /// Where ports and logs are kept.
    fn kept(&self) -> PathBuf {
        self.wine.user().join("AppData/Local/homeport")
    }

    fn shortcut(&self) -> PathBuf {
        self.wine.user().join("AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Homeport.lnk")
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

/// What older versions of Wine lack.
const STAND_IN: &str = "bcryptprimitives.dll";

#[test]
fn an_uninstall_ends_what_runs_and_keeps_what_is_remembered_unless_told_to_purge() {
    let Some(installed) = Installed::new() else { return };
    assert!(installed.shortcut().is_file());
    let port = quiet_port();
    let server = installed.launch(&installed.folder().join("server.exe")).arg("--json").port(port);
    let mut running = server.start();
    running.ready();
    assert_eq!(get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).unwrap().status, 200);

    installed.uninstall(&[]);
    // Nobody is left to answer, and the process is gone.
    running.exit();
    assert!(get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).is_err());
    assert!(!installed.shortcut().exists());
    assert!(installed.kept().is_dir(), "ports and logs are kept");

    installed.install();
    installed.uninstall(&["/PURGE"]);
    assert!(!installed.kept().exists());
}

#[test]
fn an_install_over_a_running_one_ends_it_first() {
    let Some(installed) = Installed::new() else { return };
    let server = installed.launch(&installed.folder().join("server.exe")).arg("--json");
    let mut running = server.port(quiet_port()).start();
    running.ready();
    installed.install();
    running.exit();
    installed.uninstall(&["/PURGE"]);
}
