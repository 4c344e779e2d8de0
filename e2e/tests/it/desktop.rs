//! The browser, and what it must not get.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use e2e::{Home, Launch, quiet_port, wait_until};

/// A desktop whose way to open something is to write down what, and with what in hands.
const OPENER: &str = "#!/bin/sh\n\
    { echo \"$1\"; /usr/bin/env; /bin/ls -l /proc/self/fd; } > \"$HOME/opened.part\"\n\
    /bin/mv \"$HOME/opened.part\" \"$HOME/opened\"\n";

fn with_desktop(home: &Home) -> (Launch, PathBuf) {
    let opener = home.path().join("bin").join("xdg-open");
    fs::create_dir_all(opener.parent().expect("a folder")).expect("made");
    fs::write(&opener, OPENER).expect("written");
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).expect("ours to change");
    let path = format!("{}:/usr/bin:/bin", opener.parent().expect("a folder").display());
    let launch = home.launcher().without("--no-open").env("PATH", path);
    (launch, home.path().join("opened"))
}

/// What a browser is opened on leads in once, and is not what is printed.
#[track_caller]
fn assert_opened_once(address: &str, url: &str) {
    assert!(address.starts_with(&format!("{url}_homeport/enter?ticket=")), "{address}");
    assert_eq!(e2e::get(address).expect("an answer").status, 303);
    assert_eq!(e2e::get(address).expect("an answer").status, 401);
}

#[test]
fn the_browser_is_opened_on_the_server_and_gets_none_of_its_sockets() {
    let home = Home::new();
    let (launch, opened) = with_desktop(&home);
    let mut running = launch.port(quiet_port()).start();
    let ready = running.ready();
    wait_until("the browser is opened", || opened.exists());
    let told = fs::read_to_string(&opened).expect("written");
    assert_opened_once(told.lines().next().unwrap_or_default(), &ready.url);
    // A browser that holds the listener would keep the port when everybody else is gone.
    assert!(!told.contains("socket:"), "{told}");
    assert!(!told.contains("LISTEN_"), "{told}");
    assert!(!told.contains("port-history.jsonl"), "{told}");

    // A second start opens the same.
    fs::remove_file(&opened).expect("it was there");
    let (launch, _) = with_desktop(&home);
    assert_eq!(launch.run().code, Some(0));
    wait_until("the browser is opened again", || opened.exists());
    let told = fs::read_to_string(&opened).expect("written");
    assert_opened_once(told.lines().next().unwrap_or_default(), &ready.url);
}

#[test]
fn the_browser_stays_closed_when_it_is_not_wanted() {
    for setting in ["open_browser = false", "# nothing"] {
        let home = Home::new();
        let (launch, opened) = with_desktop(&home);
        let launch = launch.setting(setting);
        let launch = match setting {
            "# nothing" => launch.env("HOMEPORT_OPEN_BROWSER", "false"),
            _ => launch,
        };
        let mut running = launch.start();
        running.ready();
        assert_eq!(running.stop().code, Some(0));
        assert!(!opened.exists(), "{setting}");
    }
}

/// It is a convenience, and its absence no failure.
#[test]
fn a_machine_without_a_browser_serves_all_the_same() {
    let home = Home::new();
    let nothing = home.path().to_str().expect("text").to_owned();
    let mut running = home.launcher().without("--no-open").env("PATH", nothing).start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
}
