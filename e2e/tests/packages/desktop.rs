//! The entry in the menu of a desktop: what a person clicks.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use e2e::{Home, PATIENCE, WatchedProcess, found, skip, wait_until};

use crate::debian::package;

/// A desktop's way to open an address: a real browser, whose process id is kept. It is root in many
/// a test run, which Chromium's sandbox refuses; the rest keeps it from asking the network.
const OPENER: &str = r#"#!/bin/sh
echo $$ > "$HOMEPORT_HOME/browser.pid"
exec chromium --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync \
    --disable-background-networking --disable-component-update --no-default-browser-check \
    --password-store=basic --window-position=0,0 --window-size=1280,800 \
    --user-data-dir="$HOMEPORT_HOME/browser" "$1" 2>> "$HOMEPORT_HOME/browser.log"
"#;

/// A virtual screen, and the unpacked package.
struct Desktop {
    screen: Child,
    display: String,
    home: Home,
    system: tempfile::TempDir,
}

impl Desktop {
    fn new() -> Self {
        // It would begin anew, and refuse the browser meanwhile, when the last that looks at it is gone.
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"])
            .arg("-noreset")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut display = String::new();
        let told = screen.stdout.take().expect("it was piped");
        BufReader::new(told).read_line(&mut display).expect("it prints its number");
        let system = tempfile::tempdir().expect("a folder");
        let desktop =
            Self { screen, display: format!(":{}", display.trim()), home: Home::new(), system };
        let packages = package();
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").arg(packages.file(".deb")).arg(desktop.system.path());
        assert!(unpack.status().expect("it starts").success());
        let opener = desktop.system.path().join("usr/bin/xdg-open");
        fs::write(&opener, OPENER).expect("written");
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).expect("ours to change");
        desktop
    }

    /// A program on this screen, that finds the package first.
    fn command(&self, program: &str) -> Command {
        let usr = self.system.path().join("usr");
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env("PATH", format!("{}/bin:/usr/bin:/bin", usr.display()))
            .env("XDG_DATA_DIRS", format!("{}/share:/usr/share", usr.display()))
            .env("HOME", self.home.path())
            .env("HOMEPORT_HOME", self.home.path())
            .env_remove("HOMEPORT_LOG_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn entry(&self) -> PathBuf {
        self.system.path().join("usr/share/applications/homeport.desktop")
    }

    fn click(&self) {
        assert!(self.succeeds("gio", &["launch", self.entry().to_str().expect("text")]));
    }

    /// Whether a window whose name matches `pattern` appears in time.
    fn shows(&self, pattern: &str) -> bool {
        let limit = (PATIENCE / 2).as_secs().to_string();
        let search = ["xdotool", "search", "--sync", "--onlyvisible", "--name", pattern];
        self.succeeds("timeout", &[[limit.as_str()].as_slice(), &search].concat())
    }

    /// Ends the browser by its process id, if one was started.
    fn close_browser(&self) {
        let id = self.home.path().join("browser.pid");
        let browser = fs::read_to_string(&id).unwrap_or_default();
        if let Some(browser) = browser.trim().parse().ok().and_then(WatchedProcess::of) {
            browser.kill();
            wait_until("the browser has ended", || browser.has_ended());
            fs::remove_file(&id).expect("it was there");
        }
    }

    fn succeeds(&self, program: &str, args: &[&str]) -> bool {
        self.command(program).args(args).status().expect("it starts").success()
    }
}

#[expect(clippy::print_stderr, reason = "only the macros are kept with the test they come from")]
impl Drop for Desktop {
    fn drop(&mut self) {
        if thread::panicking() {
            let said = fs::read_to_string(self.home.path().join("browser.log"));
            eprintln!("--- the browser said:\n{}", said.unwrap_or_default());
        }
        self.close_browser();
        let _ = self.command("homeport").arg("stop").status();
        let _ = self.screen.kill();
        let _ = self.screen.wait();
    }
}

/// Names the first of these tools that is not here.
fn lacks(tools: &[&str]) -> bool {
    let missing = tools.iter().find(|tool| !found(tool));
    missing.inspect(|tool| skip(&format!("{tool} is missing"))).is_some()
}

#[test]
fn the_entry_is_one_that_desktops_understand() {
    if lacks(&["desktop-file-validate"]) {
        return;
    }
    let entry = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/linux/homeport.desktop");
    let checked = Command::new("desktop-file-validate").arg(entry).output().expect("it starts");
    assert!(checked.status.success() && checked.stdout.is_empty(), "{checked:?}");
}

#[test]
fn a_click_on_the_entry_starts_the_server_and_shows_it_in_the_browser() {
    if lacks(&["Xvfb", "chromium", "gio", "xdotool", "import", "dpkg-deb"]) {
        return;
    }
    let desktop = Desktop::new();
    // Now and then a browser hangs at its start, and a person clicks again.
    let is_shown = (0..3).any(|_| {
        desktop.close_browser();
        desktop.click();
        desktop.shows("Homeport.*Chromium")
    });
    assert!(is_shown, "no browser shows it");
    assert_eq!(desktop.home.events("server_ready").len(), 1);

    // A picture to look at after the test.
    let shots = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
    fs::create_dir_all(&shots).expect("made");
    let shot = shots.join("desktop-entry.png");
    assert!(desktop.succeeds("import", &["-window", "root", shot.to_str().expect("text")]));
    assert!(desktop.succeeds("homeport", &["stop"]));
}
