//! A clock that is set forward and back: what is remembered does not depend on it.

use std::{fs, path::PathBuf};

use e2e::{Home, get, quiet_port, skip};

/// The library that gives a program another time, if it is here (the Debian package `faketime`).
fn faketime() -> Option<PathBuf> {
    let libraries = fs::read_dir("/usr/lib").ok()?.flatten();
    let library = libraries.map(|entry| entry.path().join("faketime").join("libfaketime.so.1"));
    let library = library.into_iter().find(|library| library.is_file());
    if library.is_none() {
        skip("faketime is missing");
    }
    library
}

#[test]
fn the_last_good_port_is_that_of_the_last_launch_whatever_the_clock_said() {
    let Some(faketime) = faketime() else { return };
    let (home, first, last) = (Home::new(), quiet_port(), quiet_port());
    for (clock, port) in [("+10d", Some(first)), ("-10d", Some(last)), ("+0d", None)] {
        let launch = home.launcher().env("LD_PRELOAD", &faketime).env("FAKETIME", clock);
        // Who sets the clock does not touch the one that never goes back.
        let launch = launch.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let launch = port.map_or(launch.clone(), |port| launch.port(port));
        let mut running = launch.start();
        let ready = running.ready();
        assert_eq!(ready.port, port.unwrap_or(last), "{clock}");
        let answer = get(&format!("{}_homeport/healthz", ready.url)).expect("it serves");
        assert_eq!((answer.status, running.stop().code), (200, Some(0)), "{clock}");
    }
    // The history says the same, although its times go back and forth.
    fs::remove_file(home.assignment_file("server")).expect("removed");
    let mut running = home.launcher().start();
    assert_eq!(running.ready().port, last);
    assert_eq!(home.last("state_recovered")["source"], "port_history");
    running.stop();
}
